import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { resolve } from 'node:path';
import { names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { Member, PairComponent } from '../../../src/api/names.ts';
import { api, paths } from '../api.ts';
import { afterSilence, LEASE_DURATION } from '../bounds.ts';
import { now, seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { hasCondition } from '../cluster-status.ts';
import { Missing, missing, until } from '../conditions.ts';
import { NAMESPACE, REPOSITORY } from '../environment.ts';
import { killNode, startNode } from '../faults/node-faults.ts';
import { undoFaults } from '../faults/undo.ts';
import { smallCluster } from '../manifests.ts';
import { record } from '../measurements.ts';
import { Observer } from '../observer.ts';
import type { DaemonProcess } from '../observer.ts';
import { holderOf, pairOf } from '../pair.ts';
import type { Active, Pair } from '../pair.ts';
import { program, testOnTestCluster } from '../test-cluster.ts';

const NAME = 'orphaned';
const path = paths.clusters(NAMESPACE, NAME);
/** The shortest there may be. */
const MAX_OUTAGE = seconds(60);
/** By as much may two clocks differ. */
const SLOWEST_CLOCK = 1.05;
/** Made, scheduled, started and signed in. */
const NEW_POD = seconds(10);

/**
 * The active's node is lost, and the other member's pod is gone: whoever comes after them was never asked for a promise,
 * and the active may live on promises for all it knows.
 */
describe('a pair of which nobody is left who has promised', () => {
  let observer: Observer;
  let begin: Instant;

  beforeAll(async () => {
    observer = await Observer.start();
    const short = { highAvailability: { maxOutageSeconds: MAX_OUTAGE / 1000 } };
    await api.apply(path, smallCluster(NAME, { statestore: short }));
    await until('a whole cluster', whole, seconds(90));
    begin = now();
  });
  afterAll(async () => {
    observer.stop();
    await undoFaults();
    await api.delete(path);
  });

  const whole = async (): Promise<Pair[] | Missing> => {
    const settled = await hasCondition(path, 'Progressing', 'False', 'Complete');
    if (settled instanceof Missing) return settled;
    const found = PAIR_COMPONENTS.map((component) => pairOf(observer, component, NAME));
    return found.find((pair) => pair instanceof Missing) ?? (found as Pair[]);
  };
  const nodeOf = ({ spec }: Pair['active']): string => spec.nodeName ?? '';
  const daemonsOf = (component: PairComponent) => observer.running(`${names.pair(NAME, component)}-`);

  /** Makes the member active that runs on a node. */
  async function bringTo(node: string, { component, active, standby }: Pair): Promise<void> {
    if (nodeOf(active) === node) return;
    const member: Member = standby.metadata.name.endsWith('-a-0') ? 'a' : 'b';
    await api.patch(path, { spec: { [component]: { preferredActive: member } } });
    await until(
      `the ${component} active on ${node}`,
      () => {
        const found = pairOf(observer, component, NAME);
        if (found instanceof Missing) return found;
        return nodeOf(found.active) === node ? true : missing(`it is on ${nodeOf(found.active)}`);
      },
      seconds(30),
    );
    await api.patch(path, { spec: { [component]: { preferredActive: null } } });
  }

  /** Waits until another claim has started its daemon: without a statestored no catalogd gets further. */
  const newHolder = (before: Pair, deadline: number): Promise<Active & { process: DaemonProcess }> =>
    until(
      `a new holder of the ${before.component}`,
      () => {
        const found = holderOf(observer, before.component, NAME);
        if (found instanceof Missing) return found;
        const { process } = found;
        if (process === undefined) return missing('its daemon does not run');
        return found.identity === before.identity ? missing('the old claim') : { ...found, process };
      },
      deadline,
    );

  testOnTestCluster(
    'waits until the outage must be over, or an administrator knows better',
    async () => {
      const [statestore, catalog] = await until('a whole cluster', whole, seconds(30));
      if (statestore === undefined || catalog === undefined) throw new Error('a pair is missing');
      const node = [statestore.active, statestore.standby]
        .map(nodeOf)
        .find((one) => [catalog.active, catalog.standby].map(nodeOf).includes(one));
      if (node === undefined) throw new Error('the pairs have no node in common: there must be three nodes');
      await bringTo(node, statestore);
      await bringTo(node, catalog);
      const before = await until('a whole cluster', whole, seconds(30));

      const lost = await killNode(node);
      await Promise.all(before.map(({ standby }) => api.delete(paths.pods(NAMESPACE, standby.metadata.name))));
      await until(
        'the lease to be over',
        () => (now() - lost > afterSilence('catalog') + NEW_POD ? true : missing('not yet')),
        seconds(40),
      );
      for (const component of PAIR_COMPONENTS) expect([component, daemonsOf(component)]).toEqual([component, []]);

      const [ofStatestore, ofCatalog] = before;
      if (ofStatestore === undefined || ofCatalog === undefined) throw new Error('a pair is missing');
      const asked = now();
      const plugin = resolve(REPOSITORY, 'src/cli/main.ts');
      const printed = await program('node', plugin, 'force-takeover', NAME, 'catalog', '--yes', '-n', NAMESPACE);
      expect(printed).toContain(`said that ${ofCatalog.active.metadata.name} is dead`);
      const forced = await newHolder(ofCatalog, seconds(10));
      expect(forced.term).toBe(ofCatalog.term + 1);
      tell('catalog', 'force-takeover', forced.process.started - asked, LEASE_DURATION.catalog + seconds(5));

      const bound = MAX_OUTAGE * SLOWEST_CLOCK + afterSilence('statestore') + NEW_POD;
      const waited = await newHolder(ofStatestore, bound - (now() - lost) + seconds(10));
      expect(waited.term).toBe(ofStatestore.term + 1);
      const after = waited.process.started - lost;
      expect(after).toBeGreaterThan(MAX_OUTAGE);
      tell('statestore', 'nobody has promised', after, bound);

      await startNode(node);
      const restored = await until('a whole cluster', whole, seconds(120));
      expect(restored.map(({ identity }) => identity)).toEqual([waited.identity, forced.identity]);
      expect(await observer.violations(begin)).toEqual([]);
    },
    seconds(300),
  );

  function tell(subject: PairComponent, fault: string, value: number, bound: number): void {
    record({ subject, fault, moment: 'daemon started', value, unit: 'ms', bound });
    expect(value).toBeLessThanOrEqual(bound);
  }
});
