import { describe, expect, test } from '@jest/globals';
import type { SwitchoverStatus } from '../../../../src/api/status.ts';
import { decideSwitchover, HAND_OVER_LIMIT } from '../../../../src/controllers/switchover/switchover.ts';
import type { SwitchoverView } from '../../../../src/controllers/switchover/switchover.ts';

const ASKED_AT = new Date('2026-01-01T00:00:00.000Z');
const NOW = new Date('2026-01-01T00:00:02.500Z');
const b = { member: 'b', request: 'r1' } as const;
const status = (outcome: SwitchoverStatus['outcome'], change: Partial<SwitchoverStatus> = {}): SwitchoverStatus => ({
  ...b,
  outcome,
  message: 'as it was',
  time: ASKED_AT.toISOString(),
  ...(outcome === 'Requested' && { from: 'claim-of-a' }),
  ...change,
});

/** Member a is active and serves, b is ready. */
const view = (change: Partial<SwitchoverView>): SwitchoverView => ({
  component: 'statestore',
  cluster: 'sales',
  wanted: b,
  previous: undefined,
  claim: 'claim-of-a',
  holder: 'a',
  serving: true,
  unready: undefined,
  preference: undefined,
  now: NOW,
  ...change,
});

type Row = [string, Partial<SwitchoverView>, SwitchoverStatus['outcome'] | undefined, 'none' | 'prefer' | 'withdraw'];

const decided = (change: Partial<SwitchoverView>) => {
  const decision = decideSwitchover(view(change));
  return [decision.status?.outcome, decision.effect];
};

describe('a new request', () => {
  test.each<Row>([
    ['is none when nothing is asked for', { wanted: undefined }, undefined, 'none'],
    ['is put to the holder', {}, 'Requested', 'prefer'],
    ['is refused when the wanted member is not ready', { unready: 'it is not ready' }, 'Refused', 'none'],
    ['is done when the wanted member is active already', { holder: 'b', claim: 'claim-of-b' }, 'Completed', 'none'],
    ['waits while nobody is active', { holder: undefined, claim: '' }, 'Waiting', 'none'],
    ['waits while the active does not serve yet', { serving: false }, 'Waiting', 'none'],
    [
      'takes the place of one that was left behind',
      { preference: { member: 'b', request: 'r0' } },
      'Requested',
      'prefer',
    ],
    ['is another member than before', { previous: status('Completed', { member: 'a' }) }, 'Requested', 'prefer'],
    ['is the same member asked for again', { previous: status('Completed', { request: 'r0' }) }, 'Requested', 'prefer'],
    ['is asked again after a refusal', { previous: status('Refused', { request: 'r0' }) }, 'Requested', 'prefer'],
  ])('%s', (_name, change, outcome, effect) => {
    expect(decided(change)).toEqual([outcome, effect]);
  });

  test('says why it is refused, in words', () => {
    const { status: refused } = decideSwitchover(view({ unready: 'sales-statestore-b-0 is not ready' }));
    expect(refused?.message).toBe('the statestore stays on sales-statestore-a-0: sales-statestore-b-0 is not ready');
  });
});

describe('a request that was served', () => {
  const gone = { holder: 'a', previous: status('Completed') } as const;
  test.each<Row>([
    ['is not served again when the active has moved since', gone, 'Completed', 'none'],
    ['is taken off the Lease', { ...gone, preference: b }, 'Completed', 'withdraw'],
    [
      'leaves none behind of an earlier one',
      { ...gone, preference: { member: 'b', request: 'r0' } },
      'Completed',
      'withdraw',
    ],
    [
      'is not there, and what was left behind is taken off',
      { wanted: undefined, preference: b },
      undefined,
      'withdraw',
    ],
    ['stays refused when the member becomes ready', { previous: status('Refused') }, 'Refused', 'none'],
    ['stays failed', { previous: status('Failed') }, 'Failed', 'none'],
    ['is forgotten when it is taken back', { ...gone, wanted: undefined }, undefined, 'none'],
    [
      'is taken off the Lease when it is taken back',
      { wanted: undefined, previous: status('Requested'), preference: b },
      undefined,
      'withdraw',
    ],
  ])('%s', (_name, change, outcome, effect) => {
    expect(decided(change)).toEqual([outcome, effect]);
  });
});

describe('a request that waits', () => {
  const previous = status('Waiting');
  test.each<Row>([
    ['goes on waiting while nobody serves', { previous, holder: undefined, claim: '' }, 'Waiting', 'none'],
    ['waits for the wanted member, too', { previous, unready: 'not yet' }, 'Waiting', 'none'],
    ['is put to the holder when both are there', { previous }, 'Requested', 'prefer'],
    ['is done when the wanted member has become active', { previous, holder: 'b' }, 'Completed', 'none'],
  ])('%s', (_name, change, outcome, effect) => {
    expect(decided(change)).toEqual([outcome, effect]);
  });
});

describe('a request that was put to the holder', () => {
  const previous = status('Requested');
  const taken = { previous, holder: 'b', claim: 'claim-of-b' } as const;
  const late = new Date(ASKED_AT.getTime() + HAND_OVER_LIMIT + 1);
  test.each<Row>([
    ['stands while the holder stops', { previous, preference: b, serving: false }, 'Requested', 'none'],
    ['is written again when its annotation is not there', { previous }, 'Requested', 'prefer'],
    ['stands while the Lease is free', { previous, preference: b, holder: undefined, claim: '' }, 'Requested', 'none'],
    [
      'is taken off the Lease when the other has claimed',
      { ...taken, preference: b, serving: false },
      'Requested',
      'withdraw',
    ],
    ['is not done before the new active serves', { ...taken, serving: false }, 'Requested', 'none'],
    ['is done when it serves', { ...taken }, 'Completed', 'none'],
    ['is done and taken off the Lease', { ...taken, preference: b }, 'Completed', 'withdraw'],
    [
      'has failed when another claim was made',
      { previous, preference: b, claim: 'another-of-a' },
      'Failed',
      'withdraw',
    ],
    ['has failed when the new one did not stay', { previous, claim: 'another-of-a' }, 'Failed', 'none'],
    ['has failed when nothing came of it in time', { previous, preference: b, now: late }, 'Failed', 'withdraw'],
  ])('%s', (_name, change, outcome, effect) => {
    expect(decided(change)).toEqual([outcome, effect]);
  });

  test('says how long it took', () => {
    expect(decideSwitchover(view(taken)).status?.message).toBe(
      'the statestore is active on sales-statestore-b-0: it took 2.5 s',
    );
  });
});
