import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../../src/api/names.ts';
import {
  isOutage,
  livesOnPromises,
  nextRoundAt,
  peersWith,
  rosterToWrite,
} from '../../../../src/agent/promise/asking.ts';
import type { Lease } from '../../../../src/kube/kubernetes-object.ts';

const rules = { renewDeadline: 6_000, retryPeriod: 3_000, retryDelay: 500 };
const cluster = { cluster: 'impala', component: 'statestore' } as const;
const never = Number.NEGATIVE_INFINITY;

const signedIn = (members: Partial<Record<'a' | 'b', object>>): Lease => ({
  metadata: {
    name: 'pair',
    annotations: Object.fromEntries(
      Object.entries(members).map(([name, says]) => [annotations.signIn(name as 'a' | 'b'), JSON.stringify(says)]),
    ),
  },
});

describe('the next round of asking begins', () => {
  test.each<[string, number, number | undefined, number, number]>([
    ['two thirds of the deadline after the last renewal', 10_000, undefined, never, 14_000],
    ['two thirds of the deadline after a renewal newer than the promises', 10_000, 9_000, 9_000, 14_000],
    ['a retry period after the last promises', 10_000, 14_000, 14_000, 17_000],
    ['a pause after one that failed', 10_000, undefined, 14_200, 14_700],
    ['a pause after one that failed while there are promises', 10_000, 14_000, 17_100, 17_600],
  ])('%s', (_, confirmedSentAt, promisedAt, lastRoundAt, at) => {
    expect(nextRoundAt({ confirmedSentAt, promisedAt }, lastRoundAt, rules)).toBe(at);
  });

  test('twice within the renew deadline, whatever the retry period', () => {
    const slow = { ...rules, retryPeriod: 4_900 };
    expect(nextRoundAt({ confirmedSentAt: 0, promisedAt: 4_000 }, 4_000, slow)).toBe(7_000);
  });
});

test('promises count when they are newer than the last renewal', () => {
  expect(livesOnPromises({ confirmedSentAt: 5, promisedAt: 6 })).toBe(true);
  expect(livesOnPromises({ confirmedSentAt: 6, promisedAt: 5 })).toBe(false);
  expect(livesOnPromises({ confirmedSentAt: 6, promisedAt: undefined })).toBe(false);
});

test('it is an outage when no write has succeeded for two thirds of the deadline', () => {
  expect(isOutage({ confirmedSentAt: 0, promisedAt: 3_900 }, rules, 3_999)).toBe(false);
  expect(isOutage({ confirmedSentAt: 0, promisedAt: 3_900 }, rules, 4_000)).toBe(true);
});

test('it is none before the next renewal has come and gone, however rare renewals are', () => {
  for (const retryPeriod of [3_000, 4_000, 4_999]) {
    const rare = { ...rules, retryPeriod };
    expect([retryPeriod, isOutage({ confirmedSentAt: 0, promisedAt: undefined }, rare, retryPeriod + 300)]).toEqual([
      retryPeriod,
      false,
    ]);
    expect([retryPeriod, isOutage({ confirmedSentAt: 0, promisedAt: undefined }, rare, 5_400)]).toEqual([
      retryPeriod,
      true,
    ]);
  }
});

describe('the roster', () => {
  const self = { pod: 'impala-statestore-a-0', uid: 'a1' };

  test.each<[string, Lease | undefined, string[]]>([
    ['is the holder alone before anybody has signed in', undefined, ['a1']],
    ['has everybody who has', signedIn({ a: { uid: 'a1' }, b: { uid: 'b1' } }), ['a1', 'b1']],
    ['has the holder and its successor', signedIn({ a: { uid: 'a2' }, b: { uid: 'b1' } }), ['a1', 'a2', 'b1']],
  ])('%s', (_, lease, uids) => {
    expect(rosterToWrite(lease, self, cluster).map(({ uid }) => uid)).toEqual(uids);
  });
});

describe('where the others listen', () => {
  test('is what they sign in with, and is kept when another has signed in over it', () => {
    const first = peersWith(new Map(), signedIn({ b: { uid: 'b1', address: '10.0.0.2' } }), cluster);
    const second = peersWith(first, signedIn({ b: { uid: 'b2', address: '10.0.0.3' } }), cluster);
    expect([...second.values()]).toEqual([
      { pod: 'impala-statestore-b-0', uid: 'b1', address: '10.0.0.2' },
      { pod: 'impala-statestore-b-0', uid: 'b2', address: '10.0.0.3' },
    ]);
  });

  test('follows a pod whose address has changed', () => {
    const first = peersWith(new Map(), signedIn({ b: { uid: 'b1', address: '10.0.0.2' } }), cluster);
    expect(peersWith(first, signedIn({ b: { uid: 'b1', address: '10.0.0.9' } }), cluster).get('b1')?.address).toBe(
      '10.0.0.9',
    );
  });

  test('is not known of one that says nothing of it', () => {
    expect(peersWith(new Map(), signedIn({ b: { uid: 'b1' } }), cluster).size).toBe(0);
  });
});
