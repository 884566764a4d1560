import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { api } from '../api.ts';
import { afterSilence, RENEW_DEADLINE } from '../bounds.ts';
import { now, seconds } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { CLUSTER, NAMESPACE } from '../environment.ts';
import { beginBrownout, endBrownout } from '../faults/api-brownouts.ts';
import type { ApiBrownout } from '../faults/api-brownouts.ts';
import { endApi, restoreApi } from '../faults/api-faults.ts';
import type { ApiOutage } from '../faults/api-faults.ts';
import { cutNode, mendNode } from '../faults/node-faults.ts';
import { record } from '../measurements.ts';
import { activeOf } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { agentMetric } from '../registration.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { longTestOnTestCluster, testOnTestCluster } from '../test-cluster.ts';

/**
 * Longer than any lease. The API server that is stopped is so for longer than Kubernetes takes to give up nodes of which it
 * hears nothing; one that is killed for as long leaves kubelets in their back-off for a minute more, and is a long case.
 */
const SHORT: Readonly<Record<ApiOutage, number>> = { killed: seconds(40), stopped: seconds(62) };
/** Longer than any lease: whoever does not live on promises is stopped. */
const BROWNOUT = seconds(20);
const LONG = seconds(600);
/** The guard looks at its deadline every 100 ms, and a kill takes its time. */
const KILL = 500;

describe('the API server', () => {
  const cluster = useSharedCluster();

  for (const how of ['killed', 'stopped'] as const satisfies readonly ApiOutage[]) {
    const lastFor = async (time: number, pairs: readonly Pair[]): Promise<void> => {
      await endApi(how);
      await watchFor(time, pairs);
      await restoreApi();
    };
    testOnTestCluster(`${how} for longer than any lease: nobody stops and nothing moves`, () =>
      outlive(`API ${how}`, (pairs) => lastFor(SHORT[how], pairs)),
    );
    longTestOnTestCluster(
      `${how} for ten minutes: nobody stops and nothing moves`,
      () => outlive(`API ${how}`, (pairs) => lastFor(LONG, pairs)),
      LONG,
    );
  }

  testOnTestCluster('answering every write with 429, then with 500: nobody stops and nothing moves', () =>
    outlive('API brownout', async (pairs) => {
      for (const how of ['throttled', 'failing'] as const satisfies readonly ApiBrownout[]) {
        await beginBrownout(how);
        await watchFor(BROWNOUT, pairs);
        const outages = await Promise.all(pairs.map(({ active }) => agentMetric(active, 'impala_ha_outage_seconds')));
        // They had nothing but promises.
        for (const outage of outages) expect(outage).toBeGreaterThan(BROWNOUT / 1000 / 2);
        await endBrownout();
      }
    }),
  );

  testOnTestCluster('killed, and the members cut off from each other: the actives stop in time', async () => {
    const statestore = cluster.pair('statestore');
    const node = nodeOf(statestore.active);
    const pairs = PAIR_COMPONENTS.map((component) => cluster.pair(component));
    // Whoever is alone on the node, or alone without it, gets no promise.
    const parted = pairs.filter(({ active, standby }) => [active, standby].some((pod) => nodeOf(pod) === node));
    await endApi('killed');
    await watchFor(seconds(20), pairs);

    const cut = await cutNode(node);
    for (const { component, process } of parted) {
      if (process === undefined) throw new Error('the daemon cannot be seen');
      const end = await until('the end of the active', () => process.lastSeen ?? missing('it lives'), seconds(20));
      const bound = RENEW_DEADLINE[component] + KILL;
      record({
        subject: component,
        fault: 'API killed, pair parted',
        moment: 'daemon dead',
        value: end - cut,
        unit: 'ms',
        bound,
      });
      expect(end - cut).toBeLessThanOrEqual(bound);
    }
    // Without the API server nobody else may begin.
    await watchFor(
      afterSilence('catalog'),
      pairs.filter((pair) => !parted.includes(pair)),
    );
    for (const { name } of parted) expect(cluster.observer.running(`${name}-`)).toEqual([]);

    const back = now();
    await restoreApi();
    await until('an active statestore elsewhere', () => newActiveOf(statestore), seconds(60));
    const value = now() - back;
    record({
      subject: 'statestore',
      fault: 'API killed, pair parted',
      moment: 'active after its return',
      value,
      unit: 'ms',
    });
    await mendNode(node);
    await cluster.waitUntilWhole(seconds(120));
    expect(cluster.pair('statestore').term).toBe(statestore.term + 1);
  });

  longTestOnTestCluster(
    'killed after new keys have come: they are good for promises, and restarted nothing',
    newKeys,
    LONG,
  );

  const nodeOf = ({ spec }: Pair['active']): string => spec.nodeName ?? '';

  function newActiveOf(before: Pair) {
    const active = activeOf(cluster.observer, before.component);
    return 'term' in active && active.term === before.term ? missing('it is the old one') : active;
  }

  /** Watches for a while that these daemons, and no others of their pairs, run. */
  async function watchFor(time: number, pairs: readonly Pair[]): Promise<void> {
    for (const end = now() + time; now() < end; await pause(250)) {
      for (const { name, process } of pairs)
        expect([name, cluster.observer.running(`${name}-`)]).toEqual([name, [process]]);
    }
  }

  /** How often any container of the cluster was restarted. */
  const restarts = (): Record<string, number> =>
    Object.fromEntries(
      [...cluster.observer.livePods.values()]
        .filter(({ metadata }) => metadata.name.startsWith(`${CLUSTER}-`))
        .map(({ metadata, status }) => {
          const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
          return [`${metadata.name} ${metadata.uid}`, all.reduce((sum, { restartCount }) => sum + restartCount, 0)];
        }),
    );

  /** A deleted Secret is made anew at the operator's next look, and brought to the pods by kubelet in its own time. */
  async function newKeys(): Promise<void> {
    const { component, name, active, standby, process } = cluster.pair('statestore');
    const restarted = restarts();
    const expiries = (): Promise<number[]> =>
      Promise.all([active, standby].map((pod) => agentMetric(pod, 'impala_ha_keys_expire_timestamp_seconds')));
    const before = await expiries();
    expect(before.every((expiry) => expiry > Date.now() / 1000)).toBe(true);
    const begun = now();
    await api.delete(`/api/v1/namespaces/${NAMESPACE}/secrets/${name}`);
    await until(
      'new keys in both agents',
      async () => {
        const present = await expiries();
        return present.every((expiry, index) => expiry > (before[index] ?? NaN)) ? true : missing(present.join());
      },
      seconds(600),
      1_000,
    );
    record({ subject: component, fault: 'keys deleted', moment: 'new ones in use', value: now() - begun, unit: 'ms' });
    await endApi('killed');
    await watchFor(seconds(20), [cluster.pair(component)]);
    await restoreApi();
    await cluster.waitUntilWhole();
    expect(cluster.pair(component).process).toBe(process);
    expect(restarts()).toEqual(restarted);
  }

  async function outlive(fault: string, strike: (pairs: readonly Pair[]) => Promise<void>): Promise<void> {
    const pairs = PAIR_COMPONENTS.map((component) => cluster.pair(component));
    const restarted = restarts();
    const slices = cluster.observer.slices.length;
    const begun = now();
    await strike(pairs);
    const survived = (now() - begun) / 1000;
    // Whoever was late to see its own Lease again would lose it now.
    await watchFor(afterSilence('catalog') + seconds(5), pairs);
    await cluster.waitUntilWhole(seconds(120));
    for (const before of pairs) {
      const after = cluster.pair(before.component);
      record({ subject: before.component, fault, moment: 'outage survived', value: survived, unit: 's' });
      record({
        subject: before.component,
        fault,
        moment: 'hand-overs',
        value: after.term - before.term,
        unit: '',
        bound: 0,
      });
      expect(after).toMatchObject({ term: before.term, identity: before.identity, process: before.process });
    }
    expect(restarts()).toEqual(restarted);
    expect(cluster.observer.slices.slice(slices).filter(({ deleted }) => deleted)).toEqual([]);
  }
});
