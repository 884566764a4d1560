import { describe, expect, test } from '@jest/globals';
import { confirmed, newClaim, withSend, type Claim } from '../../../src/kube/election/claim.ts';
import * as election from '../../../src/kube/election/election.ts';
import { nextAction } from '../../../src/kube/election/next-action.ts';
import { observe, expiresAt } from '../../../src/kube/election/observation.ts';
import * as outage from '../../../src/kube/election/outage.ts';
import { formatRoster, rosterOf, united, type Roster } from '../../../src/kube/election/roster.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';

const ROSTER = 'example.dev/roster';
const OUTAGE = 'example.dev/outage';
const GONE = 'example.dev/gone';
const RELEASED = 'example.dev/released';

const member = (uid: string) => ({ pod: `pod-${uid}`, uid });
const [a, b, c] = ['a', 'b', 'c'].map(member) as [Roster[0], Roster[0], Roster[0]];

const rulesOf = (self: Roster[0], changes: Partial<election.ElectionRules> = {}): election.ElectionRules => ({
  releasedAnnotation: RELEASED,
  leaseDuration: 9_000,
  longestDuration: 120_000,
  renewDeadline: 6_000,
  retryPeriod: 3_000,
  retryDelay: 500,
  outage: {
    self,
    rosterAnnotation: ROSTER,
    maxOutageAnnotation: OUTAGE,
    goneAnnotation: GONE,
    isHolderGone: (lease) => lease.metadata.annotations?.[GONE] === lease.spec?.holderIdentity,
    maxOutage: 100_000,
    longestOutage: 1_000_000,
    clockDrift: 0.05,
  },
  ...changes,
});

const leaseOf = (changes: {
  holder?: string;
  roster?: Roster;
  seconds?: number;
  outage?: number;
  gone?: string;
  version?: string;
  uid?: string;
  renewTime?: string;
  released?: string;
}): Lease => ({
  metadata: {
    name: 'pair',
    uid: changes.uid ?? 'l',
    resourceVersion: changes.version ?? '10',
    annotations: {
      ...(changes.roster && { [ROSTER]: formatRoster(changes.roster) }),
      ...(changes.outage !== undefined && { [OUTAGE]: String(changes.outage) }),
      ...(changes.gone !== undefined && { [GONE]: changes.gone }),
      ...(changes.released !== undefined && { [RELEASED]: changes.released }),
    },
  },
  spec: {
    holderIdentity: changes.holder ?? 'a/1',
    leaseDurationSeconds: changes.seconds ?? 9,
    leaseTransitions: 1,
    renewTime: changes.renewTime ?? 't1',
  },
});

/** What a challenger knows who has seen these Leases, one a second from 0 on. */
const having = (...seen: (Lease | undefined)[]): election.ElectionState =>
  seen.reduce((state, lease, index) => election.readAnswered(state, lease, index * 1000), election.initialElection);

const freeAt = (state: election.ElectionState, rules: election.ElectionRules): number =>
  outage.mayBeClaimedAt(state, state.observation!, rules);

describe('a roster', () => {
  test('is written the same whatever the order, and read as it was written', () => {
    expect(formatRoster([b, a, b])).toBe(formatRoster([a, b]));
    expect(rosterOf(leaseOf({ roster: [b, a] }), ROSTER)).toEqual([a, b]);
  });

  test.each([undefined, '', '{', '{}', '[1,null,{"pod":"x"}]', JSON.stringify(Array(17).fill(a))])(
    'that reads %j is empty',
    (text) => {
      const lease = { metadata: { name: 'pair', ...(text !== undefined && { annotations: { [ROSTER]: text } }) } };
      expect(rosterOf(lease, ROSTER)).toEqual([]);
    },
  );

  test('is united with another by uid', () => {
    expect(united([a, b], [b, c])).toEqual([a, b, c]);
  });
});

describe('a record that is not renewed may be claimed', () => {
  const outageEnd = 100_000 * 1.05 + 9_000;

  test.each<[string, Lease, number]>([
    ['by who is on its roster, after its lease duration', leaseOf({ roster: [a, b] }), 9_000],
    ['by who is on its roster, after the duration in it', leaseOf({ roster: [a, b], seconds: 15 }), 15_000],
    [
      'by who is not, after the longest outage and a lease, by the slowest clock',
      leaseOf({ roster: [a, c] }),
      outageEnd,
    ],
    ['by anybody as if not on it, when there is no roster', leaseOf({}), outageEnd],
    ['by who is not on it, after the outage in it', leaseOf({ roster: [a], outage: 200 }), 219_000],
    ['by who is not on it, never after less than its own', leaseOf({ roster: [a], outage: 1 }), outageEnd],
    ['by who is not on it, never after more than is believed', leaseOf({ roster: [a], outage: 99_999 }), 1_059_000],
    ['by anybody after its lease duration, when its holder is gone', leaseOf({ roster: [a], gone: 'a/1' }), 9_000],
    ['late by who is not on it, when another claim is gone', leaseOf({ roster: [a], gone: 'a/0' }), outageEnd],
  ])('%s', (_, lease, at) => {
    expect(freeAt(having(lease), rulesOf(b))).toBe(at);
  });

  test('not before the end of a promise', () => {
    const asked = outage.askedToPromise(
      having(leaseOf({ roster: [a, b] })),
      [{ leaseUid: 'l', resourceVersion: '10', holder: 'a/1' }],
      9_000,
      rulesOf(b),
      7_000,
    );
    expect(asked.answer).toBe('promised');
    expect(freeAt(asked.state, rulesOf(b))).toBe(16_000);
  });

  test('after the outage of the record before, when the Lease was made anew', () => {
    const state = having(leaseOf({ roster: [a], outage: 300 }), undefined, leaseOf({ uid: 'm', holder: '' }));
    expect(freeAt(state, rulesOf(b))).toBe(2_000 + 315_000 + 9_000);
  });

  test('without rules for an outage, by anybody after its duration', () => {
    const { outage: _, ...rules } = rulesOf(b);
    expect(freeAt(having(leaseOf({})), rules)).toBe(9_000);
  });
});

describe('what replaces a record', () => {
  const durations = { leaseDuration: 9_000, longestDuration: 120_000 };
  const after = (...leases: Lease[]) =>
    leases.reduce<ReturnType<typeof observe> | undefined>(
      (seen, lease, index) => observe(seen, lease, index * 1000),
      undefined,
    )!;

  test('is respected for as long as the record before, once', () => {
    const first = leaseOf({ seconds: 15 });
    const shorter = leaseOf({ seconds: 9, renewTime: 't2', version: '11' });
    const renewed = leaseOf({ seconds: 9, renewTime: 't3', version: '12' });
    expect(expiresAt(after(first, shorter), durations)).toBe(16_000);
    expect(expiresAt(after(first, shorter, renewed), durations)).toBe(16_000);
    const later = observe(after(first, shorter, renewed), leaseOf({ renewTime: 't4', version: '13' }), 20_000);
    expect(expiresAt(later, durations)).toBe(29_000);
  });

  test('never keeps anybody longer than the longest duration', () => {
    const edited = leaseOf({ seconds: 99_999 });
    expect(expiresAt(after(edited, leaseOf({ renewTime: 't2', version: '11' })), durations)).toBe(121_000);
  });
});

/** A holder whose claim was confirmed at `at` with this roster. */
function holding(roster: Roster, at = 0): election.ElectionState {
  const lease = leaseOf({ holder: 'a/1', roster });
  const send = { renewTime: 't1', sentAt: at, roster };
  const claim = confirmed(withSend(newClaim(0, lease, 'a/1'), send), send, lease);
  return { ...having(lease), standing: { kind: 'holder', claim } };
}

const claimOf = (state: election.ElectionState): Claim => (state.standing as { claim: Claim }).claim;

describe('the active', () => {
  const rules = rulesOf(a);
  const round = (askedAt: number, ...members: Roster): outage.PromiseRound => ({
    claim: 'a/1',
    askedAt,
    promised: members.map(({ uid }) => uid),
  });
  const until = (state: election.ElectionState): number | undefined => election.activeUntil(state, rules);

  test('asks everybody on its roster but itself', () => {
    expect(outage.electorate(holding([a, b, c]), rules)).toEqual([b, c]);
  });

  test('gets another renew deadline, from when it asked, once all have promised', () => {
    const state = outage.promised(holding([a, b, c]), round(4_000, b, c), rules, 5_000);
    expect(until(state)).toBe(10_000);
  });

  test.each<[string, outage.PromiseRound, number]>([
    ['one promise is missing', round(4_000, b), 5_000],
    ['its deadline has passed', round(4_000, b, c), 6_000],
    ['it was asked for another claim', { ...round(4_000, b, c), claim: 'a/0' }, 5_000],
  ])('gets nothing when %s', (_, asked, now) => {
    expect(until(outage.promised(holding([a, b, c]), asked, rules, now))).toBe(6_000);
  });

  test('lives on promises no longer than maxOutage since the send of its last renewal', () => {
    let state = holding([a, b], 1_000);
    for (let at = 4_000; at < 200_000; at += 3_000) state = outage.promised(state, round(at, b), rules, at + 10);
    expect(until(state)).toBe(101_000);
  });

  test('needs nobody when it is alone on the roster', () => {
    expect(until(outage.promised(holding([a]), round(4_000), rules, 4_000))).toBe(10_000);
  });

  test('asks the members of both rosters while a write that changes it is unconfirmed', () => {
    const held = holding([a, b]);
    const sent = election.sending(held, 'renew', { renewTime: 't2', roster: [a, c] }, () => claimOf(held), 3_000);
    expect(outage.electorate(sent, rules)).toEqual([b, c]);
    expect(until(outage.promised(sent, round(4_000, c), rules, 5_000))).toBe(6_000);
    const shown = election.heard(sent, leaseOf({ roster: [a, c], renewTime: 't2', version: '11' }), 5_500);
    expect(outage.electorate(shown, rules)).toEqual([c]);
  });

  test('asks the members of both rosters while the claim of a Lease that was made anew is unconfirmed', () => {
    const made = leaseOf({ uid: 'm', holder: '', version: '20' });
    const seen = election.heard(holding([a, b]), made, 2_000);
    const sent = election.sending(
      seen,
      'claim',
      { renewTime: 't9', roster: [a, c] },
      () => newClaim(1, made, 'a/2'),
      2_000,
    );
    expect(sent.standing.kind).toBe('reclaiming');
    expect(outage.electorate(sent, rules)).toEqual([b, c]);
    expect(outage.recordsToSee(sent)).toEqual([
      { leaseUid: 'l', resourceVersion: '10', holder: 'a/1' },
      { leaseUid: 'm', resourceVersion: '20', holder: 'a/2' },
    ]);
    expect(until(outage.promised(sent, round(4_000, b, c), rules, 5_000))).toBe(10_000);
  });

  test('writes its roster and the outage it may live through, and takes back that it is gone', () => {
    const wanted = { claim: 'never' as const, renew: true, release: false, annotations: {}, roster: [a, c] };
    const state = { ...holding([a, b]), lastSent: 0 };
    expect(nextAction(state, wanted, rules, 100).kind).toBe('renew');
    expect(nextAction(state, { ...wanted, roster: [b, a] }, rules, 100).kind).toBe('wait');
  });
});

describe('who is asked for a promise', () => {
  const rules = rulesOf(b);
  const record = { leaseUid: 'l', resourceVersion: '10', holder: 'a/1' };
  const ask = (state: election.ElectionState, asked = record, duration = 9_000) =>
    outage.askedToPromise(state, [asked], duration, rules, 50_000);
  const seen = leaseOf({ roster: [a, b] });

  test.each<[string, election.ElectionState, string]>([
    ['promises when it has seen the record', having(seen), 'promised'],
    ['promises when it has seen a later one of that claim', having(leaseOf({ version: '12' })), 'promised'],
    ['promises when it has seen an earlier one of that claim', having(leaseOf({ version: '9' })), 'promised'],
    ['promises when the Lease was deleted since', having(seen, undefined), 'promised'],
    ['promises when the Lease was made anew since', having(seen, leaseOf({ uid: 'm', holder: '' })), 'promised'],
    ['refuses when it has seen another claim', having(leaseOf({ holder: 'a/0', version: '9' })), 'unseen'],
    ['refuses when it has seen nothing', election.initialElection, 'unseen'],
    [
      'refuses when it has seen another holder since',
      having(seen, leaseOf({ holder: 'c/1', version: '11' })),
      'unseen',
    ],
    ['refuses when the record was emptied since', having(seen, leaseOf({ holder: '', version: '11' })), 'unseen'],
    ['refuses when it holds the Lease', holding([a, b]), 'claiming'],
    [
      'refuses when a claim of its own is under way',
      { ...having(seen), standing: { kind: 'claiming', claim: newClaim(0, seen, 'b/1') } },
      'claiming',
    ],
  ])('%s', (_, state, answer) => {
    expect(ask(state).answer).toBe(answer);
  });

  test.each<[string, number, number, number]>([
    ['the duration in the record', 15, 9_000, 65_000],
    ['the duration that the active writes', 9, 12_000, 62_000],
    ['its own duration at least', 1, 1_000, 59_000],
    ['the longest duration at most', 9, 86_400_000, 170_000],
  ])('promises for %s', (_, inRecord, asked, promisedUntil) => {
    expect(ask(having(leaseOf({ seconds: inRecord })), record, asked).state.promisedUntil).toBe(promisedUntil);
  });

  test('keeps a longer promise that it has given before', () => {
    const first = ask(having(seen), record, 60_000).state;
    expect(ask(first).state.promisedUntil).toBe(110_000);
  });

  test('may claim a Lease at once that was released since: the holder is over', () => {
    const { state } = ask(having(seen));
    const released = election.heard(state, leaseOf({ holder: '', released: '1', version: '11' }), 50_100);
    const desire = { claim: { after: 0 }, renew: true, release: false, annotations: {} };
    expect(nextAction(released, desire, rules, 50_100).kind).toBe('claim');
  });
});
