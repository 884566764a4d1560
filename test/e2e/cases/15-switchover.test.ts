import { describe, expect, test } from '@jest/globals';
import { resolve } from 'node:path';
import { otherMember } from '../../../src/api/names.ts';
import type { Member, PairComponent } from '../../../src/api/names.ts';
import { absences } from '../absence.ts';
import { api, paths } from '../api.ts';
import { now, seconds } from '../clock.ts';
import { Missing, missing, until } from '../conditions.ts';
import { CLUSTER, NAMESPACE, onTestCluster, REPOSITORY } from '../environment.ts';
import { eventsNow, newEvents } from '../events.ts';
import { restartOperator } from '../faults/operator-faults.ts';
import { undoLater } from '../faults/undo.ts';
import { median, record } from '../measurements.ts';
import { activeOf } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { program } from '../test-cluster.ts';

const SWITCHOVERS = 10;
/** Without an active, besides the daemon's own start. */
const MEDIAN_ABSENCE = 500;

const memberOf = ({ active }: Pick<Pair, 'active'>): Member => (active.metadata.name.endsWith('-a-0') ? 'a' : 'b');
const prefer = (component: PairComponent, member: Member | null): Promise<unknown> =>
  api.patch(paths.clusters(NAMESPACE, CLUSTER), { spec: { [component]: { preferredActive: member } } });

interface Cluster {
  status?: Record<PairComponent, { switchover?: { outcome: string; message: string } }>;
}

describe('a switchover', () => {
  const cluster = useSharedCluster();

  /** Waits until another member than before is active. */
  const moved = (before: Pair) =>
    until(
      `the ${before.component} is active elsewhere`,
      () => {
        const found = activeOf(cluster.observer, before.component);
        if (found instanceof Missing) return found;
        return found.identity === before.identity ? missing('the same claim') : found;
      },
      seconds(30),
    );

  test('by the kubectl plugin: it waits until the other member serves, and there are events', async () => {
    undoLater(() => prefer('catalog', null));
    await restartOperator();
    const before = cluster.pair('catalog');
    const events = await eventsNow();
    const plugin = resolve(REPOSITORY, 'src/cli/main.ts');
    const printed = await program('node', plugin, 'switchover', CLUSTER, 'catalog', '-n', NAMESPACE);
    expect(printed).toMatch(/it took \d+\.\d s/);
    const after = await moved(before);
    expect([memberOf(after), after.term]).toEqual([otherMember(memberOf(before)), before.term + 1]);
    await until(
      'its events',
      async () => {
        const reasons = (await newEvents(events)).map(({ reason }) => reason);
        const lacking = ['SwitchoverRequested', 'SwitchoverCompleted'].filter((reason) => !reasons.includes(reason));
        return lacking.length === 0 ? true : missing(lacking.join());
      },
      seconds(15),
      200,
    );
  });

  test('to a member that is not ready: refused with an event and a condition, and not made up for', async () => {
    undoLater(() => prefer('statestore', null));
    const before = cluster.pair('statestore');
    const events = await eventsNow();
    await api.delete(paths.pods(NAMESPACE, before.standby.metadata.name));
    await prefer('statestore', otherMember(memberOf(before)));
    await until(
      'the refusal',
      async () => {
        const found = await api.get<Cluster>(paths.clusters(NAMESPACE, CLUSTER));
        const { outcome, message } = found.status?.statestore.switchover ?? {};
        return outcome === 'Refused' ? true : missing(`${outcome ?? 'no switchover'}: ${message ?? ''}`);
      },
      seconds(10),
      200,
    );
    await until(
      'its event',
      async () =>
        (await newEvents(events)).some(({ reason }) => reason === 'SwitchoverRefused') ? true : missing('none'),
      seconds(15),
      200,
    );
    await cluster.waitUntilWhole(seconds(60));
    expect(cluster.pair('statestore').identity).toBe(before.identity);
  });

  test(`of the statestore: ${SWITCHOVERS} times, one hand-over a request, and next to no time without an active`, async () => {
    undoLater(() => prefer('statestore', null));
    const began = now();
    for (let count = 1; count <= SWITCHOVERS; count++) {
      const before = cluster.pair('statestore');
      const wanted = otherMember(memberOf(before));
      await prefer('statestore', wanted);
      const after = await moved(before);
      expect([memberOf(after), after.term]).toEqual([wanted, before.term + 1]);
      await cluster.waitUntilWhole(seconds(60));
      expect(cluster.pair('statestore').term).toBe(before.term + 1);
    }
    if (onTestCluster === undefined) return;
    const times = absences(cluster.observer, 'statestore', began);
    const about = { subject: 'statestore', fault: 'switchover', moment: 'daemon started', unit: 'ms' };
    for (const value of times) record({ ...about, value, medianBound: MEDIAN_ABSENCE });
    expect(times).toHaveLength(SWITCHOVERS);
    expect(median(times)).toBeLessThanOrEqual(MEDIAN_ABSENCE);
  });
});
