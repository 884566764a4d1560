import { describe, expect } from '@jest/globals';
import { AGENT_CONTAINER, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { PairComponent } from '../../../src/api/names.ts';
import { daemonsSince } from '../absence.ts';
import { api, paths } from '../api.ts';
import { LEASE_DURATION } from '../bounds.ts';
import { now, seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { Missing, missing, until } from '../conditions.ts';
import { NAMESPACE, OPERATOR_NAMESPACE, OPERATOR_RELEASE } from '../environment.ts';
import { killNode, startNode } from '../faults/node-faults.ts';
import { undoLater } from '../faults/undo.ts';
import { record } from '../measurements.ts';
import { activeOf, pairOf } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { longTestOnTestCluster, program, testOnTestCluster } from '../test-cluster.ts';

const PATIENCE = seconds(150);

interface Scheduled {
  metadata: { name: string };
  spec: { nodeName?: string };
  status: { conditions?: { type: string; status: string }[] };
}

describe('a node that is lost', () => {
  const cluster = useSharedCluster();
  const nodesOf = ({ active, standby }: Pair): string[] => [active, standby].map(({ spec }) => spec.nodeName ?? '');
  const known = ({ identity, active, standby }: Pair): string[] => [
    identity,
    active.metadata.uid,
    standby.metadata.uid,
  ];

  function recordTime(subject: PairComponent, fault: string, moment: string, value: number, bound: number): void {
    record({ subject, fault, moment, value, unit: 'ms', bound });
    expect(value).toBeLessThanOrEqual(bound);
  }

  /** Waits until a pair is whole without a node. */
  const wholeWithout = (component: PairComponent, node: string): Promise<Instant> =>
    until(
      `the ${component} whole without ${node}`,
      () => {
        const pair = pairOf(cluster.observer, component);
        if (pair instanceof Missing) return pair;
        return nodesOf(pair).includes(node) ? missing(`one member is on ${node}`) : now();
      },
      PATIENCE,
    );

  testOnTestCluster('for good: what it had is whole on other nodes, and nothing moves when it returns', async () => {
    const node = cluster.pair('statestore').active.spec.nodeName ?? '';
    const struckPairs = PAIR_COMPONENTS.filter((component) => nodesOf(cluster.pair(component)).includes(node));
    const struck = await killNode(node);
    await Promise.all(
      struckPairs.map(async (component) => {
        const at = await wholeWithout(component, node);
        recordTime(
          component,
          'node lost for good',
          'whole again',
          at - struck,
          LEASE_DURATION[component] + seconds(60),
        );
      }),
    );

    const before = PAIR_COMPONENTS.map((component) => known(cluster.pair(component)));
    await startNode(node);
    await cluster.waitUntilWhole(seconds(90));
    const since = now();
    await until('ten seconds', () => (now() - since > seconds(10) ? true : missing('not yet')), seconds(15));
    expect(PAIR_COMPONENTS.map((component) => known(cluster.pair(component)))).toEqual(before);
  });

  testOnTestCluster('with the other member’s, and both deleted: active again on a third', async () => {
    const pair = cluster.pair('statestore');
    const lost = nodesOf(pair);
    await bringOperatorAwayFrom(lost);
    await Promise.all(lost.map((node) => killNode(node)));
    const deleted = now();
    for (const node of lost) await api.delete(`${paths.nodes}/${node}`);
    const active = await until(
      'an active statestore on another node',
      () => {
        const found = activeOf(cluster.observer, 'statestore');
        if (found instanceof Missing) return found;
        return lost.includes(found.active.spec.nodeName ?? '') ? missing('the old one') : found;
      },
      PATIENCE,
    );
    expect(active.term).toBe(pair.term + 1);
    recordTime(
      'statestore',
      'both nodes deleted',
      'daemon started',
      (active.process?.started ?? NaN) - deleted,
      seconds(30),
    );
    await Promise.all(lost.map((node) => startNode(node)));
    await cluster.waitUntilWhole(seconds(120));
  });

  // It keeps a small machine so busy that the observer may miss a moment.
  longTestOnTestCluster(
    'with all others, and back: active within a lease and five seconds of its first agent',
    async () => {
      const pair = cluster.pair('statestore');
      const nodes = (await api.list<Scheduled>(paths.nodes)).map(({ metadata }) => metadata.name);
      for (const node of nodes) await killNode(node);
      // The agents' clocks tell of their starts in whole seconds.
      const struck = Math.floor(Date.now() / 1000) * 1000;
      for (const node of nodes) await startNode(node);
      const agents = await until('the agents again', () => startsOfAgents(pair, struck), PATIENCE);
      const active = await until(
        'an active statestore',
        () => {
          const found = activeOf(cluster.observer, 'statestore');
          return found instanceof Missing || found.identity !== pair.identity ? found : missing('the old claim');
        },
        PATIENCE,
      );
      // From this process's monotonic clock to the wall clock.
      const started = (active.process?.started ?? NaN) - now() + Date.now();
      const bound = LEASE_DURATION.statestore + seconds(5) + seconds(1);
      recordTime('statestore', 'all nodes off and on', 'daemon started', started - Math.min(...agents), bound);
      await cluster.waitUntilWhole(seconds(120));
    },
    seconds(180),
  );

  /** When the pair's agents were started, by the wall clock, since a moment. */
  function startsOfAgents({ active, standby }: Pair, since: number): number[] | Missing {
    const starts = [active, standby].map(({ metadata }) => {
      const agent = cluster.observer
        .pod(metadata.name)
        ?.status.initContainerStatuses?.find(({ name }) => name === AGENT_CONTAINER);
      return Date.parse(agent?.state?.running?.startedAt ?? '');
    });
    const again = starts.filter((start) => start >= since);
    return again.length > 0 ? again : missing('none has been started');
  }

  /** An operator that is lost with the nodes comes back when its own Deployment is served: not what is measured here. */
  async function bringOperatorAwayFrom(nodes: readonly string[]): Promise<void> {
    for (const node of nodes) {
      undoLater(() => program('kubectl', 'uncordon', node).catch(() => undefined));
      await program('kubectl', 'cordon', node);
    }
    const selector = `labelSelector=app.kubernetes.io/instance=${OPERATOR_RELEASE}`;
    const operators = (): Promise<Scheduled[]> => api.list<Scheduled>(`${paths.pods(OPERATOR_NAMESPACE)}?${selector}`);
    for (const { metadata, spec } of await operators()) {
      if (nodes.includes(spec.nodeName ?? '')) await api.delete(paths.pods(OPERATOR_NAMESPACE, metadata.name));
    }
    await until(
      'the operator on other nodes',
      async () => {
        const pods = await operators();
        const ready = pods.filter(({ status }) =>
          status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
        );
        const away = ready.length > 0 && pods.every(({ spec }) => !nodes.includes(spec.nodeName ?? ''));
        return away ? true : missing('not all of its pods');
      },
      seconds(60),
    );
  }
});

describe('both pods of a pair deleted at once', () => {
  const cluster = useSharedCluster();

  testOnTestCluster('they release the Lease: whoever comes first is active, without a wait', async () => {
    const pair = cluster.pair('statestore');
    const at = now();
    const pods = [pair.active, pair.standby];
    await Promise.all(pods.map(({ metadata }) => api.delete(paths.pods(NAMESPACE, metadata.name))));
    const active = await until(
      'an active statestore',
      () => {
        const found = activeOf(cluster.observer, 'statestore');
        if (found instanceof Missing) return found;
        return pods.some(({ metadata }) => metadata.uid === found.active.metadata.uid) ? missing('the old one') : found;
      },
      PATIENCE,
    );
    const old = daemonsSince(cluster.observer, 'statestore', at)[0];
    const value = (active.process?.started ?? NaN) - (old?.lastSeen ?? NaN);
    // Longer than two pods take to start, shorter than that and a lease.
    const bound = LEASE_DURATION.statestore;
    record({ subject: 'statestore', fault: 'both pods deleted', moment: 'daemon started', value, unit: 'ms', bound });
    expect(value).toBeLessThanOrEqual(bound);
  });
});
