import { describe, expect, test } from '@jest/globals';
import { PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { AFTER_A_CRASH, AFTER_A_DELETION, afterSilence } from '../bounds.ts';
import { failOver } from '../failover.ts';
import type { Fault } from '../failover.ts';
import { deletePod, evictPod, forceDeletePod } from '../faults/pod-faults.ts';
import { killGuard, runOutOfMemory } from '../faults/process-faults.ts';
import { median, values } from '../measurements.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { testOnTestCluster } from '../test-cluster.ts';

const crash = { slice: AFTER_A_CRASH.each, median: AFTER_A_CRASH.median, kind: 'crash' } as const;
const deletion = { from: 'death', slice: AFTER_A_DELETION, kind: 'crash' } as const;

const FAULTS = {
  'out of memory': { inject: runOutOfMemory, from: 'death', ...crash },
  'guard killed': { inject: killGuard, from: 'fault', ...crash },
  'pod deleted': { inject: deletePod, ...deletion },
  'pod evicted': { inject: evictPod, ...deletion },
  'pod force-deleted': { inject: forceDeletePod, from: 'death', median: AFTER_A_DELETION, kind: 'severed' },
} as const satisfies Record<string, Omit<Fault, 'component' | 'name' | 'slice'> & { slice?: number }>;

type FaultName = keyof typeof FAULTS;
const NEED_THE_NODE: readonly FaultName[] = ['out of memory', 'guard killed'];

/**
 * Each fault three times, in an order that keeps kubelet's container back-off out: a container that ends is restarted
 * after 1 s, and again after 13 s and 28 s unless its pod was replaced in between. The active alternates between the two
 * members, so that in pairs of steps each loses at most one container before its pod is replaced.
 */
const ORDER: readonly FaultName[] = [
  ...(['out of memory', 'guard killed', 'pod deleted', 'pod evicted'] as const),
  ...(['out of memory', 'guard killed', 'pod force-deleted', 'pod deleted'] as const),
  ...(['out of memory', 'guard killed', 'pod evicted', 'pod force-deleted'] as const),
  ...(['pod deleted', 'pod evicted', 'pod force-deleted'] as const),
];

const TIMES = 3;

describe('an active that loses its container or pod', () => {
  const cluster = useSharedCluster();
  const counts = new Map<FaultName, number>();

  for (const name of ORDER) {
    const time = (counts.get(name) ?? 0) + 1;
    counts.set(name, time);
    for (const component of PAIR_COMPONENTS) {
      // A force-deleted pod's token may die before its agent can tell of the daemon's death: then the lease expires.
      const fault: Fault = { component, name, slice: afterSilence(component), ...FAULTS[name] };
      const define = NEED_THE_NODE.includes(name) ? testOnTestCluster : test;
      define(`${name}: the ${component} is handed over at once (${time} of ${TIMES})`, async () => {
        const before = cluster.pair(component);
        await failOver(cluster, fault);
        // The pod that comes back is standby, and takes nothing back.
        await cluster.waitUntilWhole();
        expect(cluster.pair(component).term).toBe(before.term + 1);
        const measured = values(component, name, 'slice');
        if (measured.length < TIMES || fault.median === undefined) return;
        expect(median(measured)).toBeLessThanOrEqual(fault.median);
      });
    }
  }
});
