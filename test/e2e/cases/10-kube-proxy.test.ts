import { describe, expect } from '@jest/globals';
import { AFTER_A_CRASH } from '../bounds.ts';
import { now, seconds } from '../clock.ts';
import { Missing, missing, until } from '../conditions.ts';
import { CLUSTER } from '../environment.ts';
import { failOver } from '../failover.ts';
import { freezeProxy, thawProxy } from '../faults/node-faults.ts';
import { killDaemon } from '../faults/process-faults.ts';
import { activeOf } from '../pair.ts';
import { impaladPods, unregistered } from '../registration.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { testOnTestCluster } from '../test-cluster.ts';

describe('a node whose kube-proxy stands still during a failover', () => {
  const cluster = useSharedCluster();

  testOnTestCluster('never leads an impalad to a statestored that does not hold the Lease', async () => {
    const { observer } = cluster;
    const node = impaladPods(observer, CLUSTER)[0]?.spec.nodeName ?? '';
    const there = impaladPods(observer, CLUSTER).filter(({ spec }) => spec.nodeName === node);
    expect(there.length).toBeGreaterThan(0);

    await freezeProxy(node);
    await failOver(cluster, {
      component: 'statestore',
      name: 'SIGKILL, kube-proxy frozen',
      inject: killDaemon,
      from: 'fault',
      slice: AFTER_A_CRASH.each,
      kind: 'crash',
      lostNodes: () => [node], // its impalads cannot follow: they must not be led astray
    });
    // They look for a statestored all the time: whatever they find in this time must be the new one.
    const since = now();
    const astray = new Set<string>();
    await until(
      'their search',
      async () => {
        const active = activeOf(observer, 'statestore');
        if (active instanceof Missing) return active;
        for (const pod of there) {
          const registered = observer.impalads.get(pod.metadata.name)?.state?.recoveryMode === false;
          const elsewhere = registered && (await unregistered(observer, [pod], active.active)).length > 0;
          // Until then it may not have noticed the death of the old one.
          if (elsewhere && now() - since > seconds(11)) astray.add(pod.metadata.name);
        }
        return now() - since > seconds(15) ? true : missing('it goes on');
      },
      seconds(30),
    );
    expect([...astray]).toEqual([]);
    await thawProxy(node);
    await cluster.waitUntilWhole(seconds(30));
  });
});
