import { describe, expect } from '@jest/globals';
import { AGENT_CONTAINER, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { PairComponent } from '../../../src/api/names.ts';
import { AFTER_A_HANG, afterSilence } from '../bounds.ts';
import { now, seconds } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { failOver } from '../failover.ts';
import { burnProcessor, freezeAgent, freezeDaemon, killAgent } from '../faults/process-faults.ts';
import { firstProcessOf } from '../faults/host-processes.ts';
import { deletePod } from '../faults/pod-faults.ts';
import { undoLater } from '../faults/undo.ts';
import { pairOf } from '../pair.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { testOnTestCluster } from '../test-cluster.ts';

describe('the agent of the active', () => {
  const cluster = useSharedCluster();

  testOnTestCluster('killed once: nothing moves', async () => {
    await freshAgents();
    const before = PAIR_COMPONENTS.map((component) => cluster.pair(component));
    const struck = now();
    for (const { active } of before) killAgent(active);
    // Nothing may move until well after the lease would have expired.
    const watched = struck + afterSilence('catalog') + seconds(1);
    await until('the time of a lease', () => (now() > watched ? true : missing('it goes on')), seconds(20));
    await cluster.waitUntilWhole(seconds(30));
    for (const [index, component] of PAIR_COMPONENTS.entries()) {
      const after = cluster.pair(component);
      expect(after.term).toBe(before[index]?.term);
      expect(after.identity).toBe(before[index]?.identity);
      expect(after.process).toBe(before[index]?.process);
    }
  });

  testOnTestCluster('killed again and again: a hand-over at worst, and one is active at the end', async () => {
    const before = PAIR_COMPONENTS.map((component) => cluster.pair(component));
    // Their containers would be in kubelet's back-off for the cases that follow.
    undoLater(() => Promise.all(before.map((pair) => deletePod(pair))));
    await Promise.all(
      before.map(async ({ active }) => {
        for (let time = 0; time < 3; time += 1) {
          const pid = await until('a running agent', () => agentIn(active.metadata.name), seconds(45));
          killAgent(cluster.observer.pod(active.metadata.name) ?? active);
          await until(
            'its end',
            () => (agentIn(active.metadata.name) === pid ? missing('it lives') : true),
            seconds(5),
          );
        }
      }),
    );
    await until(
      'one active of each pair',
      () => {
        const pairs = PAIR_COMPONENTS.map((component) => pairOf(cluster.observer, component));
        return pairs.every((pair) => 'term' in pair) ? true : missing(JSON.stringify(pairs));
      },
      seconds(90),
    );
    for (const { name, term } of before) {
      const after = cluster.observer.lease(name)?.term ?? NaN;
      expect(after - term).toBeLessThanOrEqual(1);
    }
  });

  /** Replaces actives whose agents were restarted before: kubelet restarts an agent at once only the first time. */
  async function freshAgents(): Promise<void> {
    const restarted = (component: PairComponent): boolean => {
      const statuses = cluster.pair(component).active.status.initContainerStatuses ?? [];
      return statuses.some(({ name, restartCount }) => name === AGENT_CONTAINER && restartCount > 0);
    };
    for (let attempt = 0; PAIR_COMPONENTS.some(restarted); attempt += 1) {
      if (attempt === 2) throw new Error('agents restart by themselves');
      await Promise.all(PAIR_COMPONENTS.filter(restarted).map((component) => deletePod(cluster.pair(component))));
      await cluster.waitUntilWhole();
    }
  }

  function agentIn(name: string) {
    const pod = cluster.observer.pod(name);
    if (pod === undefined) return missing(`${name} does not exist`);
    try {
      return firstProcessOf(pod, AGENT_CONTAINER).pid;
    } catch (error) {
      return missing(String(error));
    }
  }
});

describe('an active that hangs', () => {
  const cluster = useSharedCluster();

  for (const component of PAIR_COMPONENTS) {
    testOnTestCluster(`frozen agent: the other ${component} is active once the lease has expired`, () =>
      failOver(cluster, {
        component,
        name: 'agent frozen',
        inject: ({ active }) => freezeAgent(active),
        from: 'fault',
        slice: afterSilence(component),
        kind: 'loss',
      }),
    );

    testOnTestCluster(`frozen agent while the daemon burns CPU: the other ${component} is active as soon`, () =>
      failOver(cluster, {
        component,
        name: 'agent frozen, CPU burnt',
        inject: (pair) => {
          burnProcessor(pair, 40);
          return freezeAgent(pair.active);
        },
        from: 'fault',
        slice: afterSilence(component),
        kind: 'loss',
      }),
    );

    testOnTestCluster(`frozen daemon: the other ${component} is active within the health check's budget`, () =>
      failOver(cluster, {
        component,
        name: 'daemon frozen',
        inject: freezeDaemon,
        from: 'fault',
        slice: AFTER_A_HANG[component],
        kind: 'loss',
      }),
    );
  }
});
