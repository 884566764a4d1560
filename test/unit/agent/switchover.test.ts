import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import { holdBack, servedByHolding, servedByRelease, switchoverToServe } from '../../../src/agent/switchover.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';

const leaseWith = (says: Record<string, string>, holder = 'a/1'): Lease => ({
  metadata: { name: 'pair', annotations: says },
  spec: { holderIdentity: holder, leaseTransitions: 4 },
});

const preferred = JSON.stringify({ member: 'b', request: 'one' });
const ready = { [annotations.signIn('b')]: JSON.stringify({ uid: 'b1', ready: true }) };

describe('the active serves a request', () => {
  test.each<[string, Record<string, string>, boolean]>([
    ['for the other member when that is ready', { ...ready, [annotations.preferred]: preferred }, true],
    ['not when nobody asks', ready, false],
    [
      'not when it was served',
      { ...ready, [annotations.preferred]: preferred, [annotations.servedRequest]: 'one' },
      false,
    ],
    [
      'when another was served',
      { ...ready, [annotations.preferred]: preferred, [annotations.servedRequest]: 'no' },
      true,
    ],
    ['not when the other is not ready', { [annotations.preferred]: preferred }, false],
    ['not when it cannot be read', { ...ready, [annotations.preferred]: '{"member":"c","request":"one"}' }, false],
  ])('%s', (_, says, serves) => {
    expect(switchoverToServe(leaseWith(says), 'a')).toEqual(serves ? { member: 'b', request: 'one' } : undefined);
  });

  test('for itself by holding, without a hand-over', () => {
    const lease = leaseWith({ ...ready, [annotations.preferred]: preferred });
    expect(switchoverToServe(lease, 'b')).toBeUndefined();
    expect(servedByHolding(lease, 'b')).toEqual({ [annotations.servedRequest]: 'one' });
    expect(servedByHolding(lease, 'a')).toEqual({});
  });
});

test('a release names the successor and the request that it serves, any other release nobody', () => {
  expect(servedByRelease({ member: 'b', request: 'one' })).toEqual({
    [annotations.successor]: 'b',
    [annotations.servedRequest]: 'one',
  });
  expect(servedByRelease(undefined)).toEqual({ [annotations.successor]: undefined });
});

describe('a member holds back', () => {
  const released = { [annotations.released]: '4', [annotations.successor]: 'b' };

  test.each<[string, Lease | undefined, number]>([
    ['from a Lease that was released for the other', leaseWith(released, ''), 3_000],
    ['not from one that was released for itself', leaseWith({ ...released, [annotations.successor]: 'a' }, ''), 0],
    ['not from one that was released for nobody', leaseWith({ [annotations.released]: '4' }, ''), 0],
    ['not from one that was released for a stranger', leaseWith({ ...released, [annotations.successor]: 'x' }, ''), 0],
    ['not from one that has expired', leaseWith(released, 'b/1'), 0],
    ['not from one that was emptied', leaseWith({ ...released, [annotations.released]: '3' }, ''), 0],
    ['not from one that is not there', undefined, 0],
  ])('%s', (_, lease, delay) => {
    expect(holdBack(lease, 'a')).toBe(delay);
  });
});
