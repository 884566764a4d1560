import { expect, test } from '@jest/globals';
import { annotations } from '../../../../src/api/names.ts';
import { serves } from '../../../../src/controllers/switchover/serves.ts';
import type { Pod } from '../../../../src/controllers/kubernetes-types.ts';
import { claimOf, leaseOf, podOf, statestoreLike } from '../fixtures.ts';

const since = (pod: Pod, lastTransitionTime: string): Pod => ({
  ...pod,
  status: { ...pod.status, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] },
});
const earlier = since(podOf('a'), '2025-12-31T00:00:00Z');
const later = since(podOf('a'), '2026-01-01T00:00:02Z');

test.each<[string, { pod?: Pod; healthyStart?: number; uid?: string }, boolean]>([
  ['whose daemon became healthy in this term', { pod: earlier, healthyStart: 4 }, true],
  ['that is ready still as the standby that it was', { pod: earlier, healthyStart: 2 }, false],
  ['that never was healthy', { pod: earlier }, false],
  ['whose predecessor was', { pod: earlier, healthyStart: 4, uid: 'other' }, false],
  ['that became ready after its claim', { pod: later }, true],
  ['that is not ready', { pod: podOf('a', { ready: false }), healthyStart: 4 }, false],
  ['without a pod', { healthyStart: 4 }, false],
])('a holder %s', (_name, { pod, healthyStart, uid = 'pod-a' }, expected) => {
  const signIn = JSON.stringify({ uid, ready: true, template: 't', healthyStart });
  const lease = leaseOf(claimOf('a'), 4, { [annotations.signIn('a')]: signIn });
  expect(serves(statestoreLike({ lease, pods: { a: pod, b: undefined } }).statestore, 'a')).toBe(expected);
});
