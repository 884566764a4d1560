/**
 * What lets a holder live through an outage of the API server, as pure functions over the state of the election: who may
 * claim a record that is not renewed, what is promised, and how promises extend a deadline. P14 to P17 are rules of
 * docs/protocol.md.
 */
import type { Milliseconds } from '../clock.ts';
import type { Lease } from '../kubernetes-object.ts';
import type { Claim } from './claim.ts';
import type { ElectionRules, ElectionState } from './election.ts';
import { expiresAt, respectedDuration, type Observation } from './observation.ts';
import { isOn, rosterOf, united, type Roster, type RosterMember } from './roster.ts';
import type { Standing } from './standing.ts';

/** What an election needs that outlives the API server. One without it (nobody promises anything) is client-go's. */
export interface OutageRules {
  /** This process, as rosters name it. */
  readonly self: RosterMember;
  readonly rosterAnnotation: string;
  /** Where a record says, in whole seconds, for how long its holder may live on promises. */
  readonly maxOutageAnnotation: string;
  /** Where it is said that a holder is dead: removed by every claim and renewal. */
  readonly goneAnnotation: string;
  /** Whether the record's present holder, whole identity, is known to be dead. */
  readonly isHolderGone: (lease: Lease) => boolean;
  /** How long after the send of its last successful renewal a holder may live on promises: written in its records. */
  readonly maxOutage: Milliseconds;
  /** No record is believed to allow more. */
  readonly longestOutage: Milliseconds;
  /** By how much the rates of two clocks may differ, as a fraction. */
  readonly clockDrift: number;
}

/** A claim of which a promiser must have seen a write, and the version of the Lease that shows one. */
export interface SeenRecord {
  readonly leaseUid: string;
  readonly resourceVersion: string;
  readonly holder: string;
}

/** One round of asking: what it was for, when it began, and who has promised. */
export interface PromiseRound {
  /** The identity of the claim that was active when the round began. */
  readonly claim: string;
  /** Before the first request left. */
  readonly askedAt: Milliseconds;
  /** The uids of those who have promised in this round. */
  readonly promised: readonly string[];
}

/**
 * When a record that does not change may be claimed, if it was not released (P4, P14). A member of the roster waits for
 * the duration in the record; it has promised not to be earlier, if it was asked. Anybody else was never asked: it waits
 * until the holder may no longer live on promises, by the slowest clock, unless the holder is known to be dead.
 */
export function mayBeClaimedAt(state: ElectionState, observation: Observation, rules: ElectionRules): Milliseconds {
  const { outage } = rules;
  const expiry = expiresAt(observation, rules);
  if (outage === undefined) return expiry;
  const { lease } = observation;
  const onRoster = isOn(rosterOf(lease, outage.rosterAnnotation), outage.self.uid);
  const gone = lease !== undefined && outage.isHolderGone(lease);
  const promisedUntil = state.promisedUntil ?? Number.NEGATIVE_INFINITY;
  return Math.max(onRoster || gone ? expiry : outageEndsAt(observation, rules, outage), promisedUntil);
}

/** When a holder that nobody sees has surely stopped: maxOutage of the *record* on the slowest clock, and a lease (P17). */
function outageEndsAt(observation: Observation, rules: ElectionRules, outage: OutageRules): Milliseconds {
  const longest = respectedOutage(observation, outage) * (1 + outage.clockDrift);
  return observation.unchangedSince + longest + respectedDuration(observation, rules);
}

/** Never shorter than our own, or than in the record before: as with durations (P4). */
function respectedOutage({ lease, before }: Observation, outage: OutageRules): Milliseconds {
  const inRecords = [lease, before].map((record) => maxOutageOf(record, outage.maxOutageAnnotation));
  return Math.min(Math.max(...inRecords, outage.maxOutage), outage.longestOutage);
}

function maxOutageOf(lease: Lease | undefined, annotation: string): Milliseconds {
  const text = lease?.metadata.annotations?.[annotation] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) * 1000 : 0;
}

/** Until when a claim is active: a renew deadline after the newest send or round of promises, within maxOutage (P15, P17). */
export function claimActiveUntil(claim: Claim & { confirmedSentAt: Milliseconds }, rules: ElectionRules): Milliseconds {
  const { confirmedSentAt, promisedAt = Number.NEGATIVE_INFINITY } = claim;
  const byWrite = confirmedSentAt + rules.renewDeadline;
  const outageEnd = confirmedSentAt + (rules.outage?.maxOutage ?? 0);
  return Math.max(byWrite, Math.min(promisedAt + rules.renewDeadline, outageEnd));
}

/**
 * Who has to promise before the active's deadline is extended: every other member of the roster of its last write that is
 * known to have taken place, and of every later one that may have (P16).
 */
export function electorate(state: ElectionState, rules: ElectionRules): Roster {
  const { standing } = state;
  const { outage } = rules;
  if (outage === undefined || (standing.kind !== 'holder' && standing.kind !== 'reclaiming')) return [];
  const everybody = united(...standingRosters(standing));
  return everybody.filter(({ uid }) => uid !== outage.self.uid);
}

const standingRosters = (standing: Standing & { kind: 'holder' | 'reclaiming' }): Roster[] => [
  ...rostersInForce(standing.claim),
  ...(standing.kind === 'reclaiming' ? rostersInForce(standing.next) : []),
];

/** The roster of the last write of a claim that is known to have taken place, and of those sent after it. */
function rostersInForce({ roster, sends, confirmedSentAt = Number.NEGATIVE_INFINITY }: Claim): Roster[] {
  return [roster, ...sends.filter(({ sentAt }) => sentAt >= confirmedSentAt).map((send) => send.roster)];
}

/** The records that a promiser must have seen one of. */
export function recordsToSee(state: ElectionState): readonly [SeenRecord, SeenRecord?] | undefined {
  const { standing } = state;
  if (standing.kind !== 'holder' && standing.kind !== 'reclaiming') return undefined;
  const { claim } = standing;
  const own = { leaseUid: claim.base.uid, resourceVersion: claim.shownIn, holder: claim.identity };
  if (standing.kind === 'holder') return [own];
  const { base, identity } = standing.next;
  return [own, { leaseUid: base.uid, resourceVersion: base.resourceVersion, holder: identity }];
}

/**
 * Takes in a round of asking. Promises extend a deadline that has not passed; once it has, somebody may have waited it
 * out, and only a write that succeeds makes anybody active again (P15).
 */
export function promised(
  state: ElectionState,
  round: PromiseRound,
  rules: ElectionRules,
  now: Milliseconds,
): ElectionState {
  const { standing } = state;
  if (standing.kind !== 'holder' && standing.kind !== 'reclaiming') return state;
  const { claim } = standing;
  if (rules.outage === undefined || claim.identity !== round.claim) return state;
  if (now >= claimActiveUntil(claim, rules)) return state;
  if (!electorate(state, rules).every(({ uid }) => round.promised.includes(uid))) return state;
  const promisedAt = Math.max(claim.promisedAt ?? round.askedAt, round.askedAt);
  return { ...state, standing: { ...standing, claim: { ...claim, promisedAt } } };
}

/**
 * Asked for a promise: not to claim for as long as the record says, which the holder relies on, counted from now (P14).
 * Refused by who holds the Lease or has a claim under way, and by who has not seen the record.
 * @param records of the claim that asks
 * @param duration the lease duration that its holder writes
 */
export function askedToPromise(
  state: ElectionState,
  records: readonly (SeenRecord | undefined)[],
  duration: Milliseconds,
  rules: ElectionRules,
  now: Milliseconds,
): { readonly state: ElectionState; readonly answer: 'promised' | 'claiming' | 'unseen' } {
  if (state.standing.kind !== 'challenger') return { state, answer: 'claiming' };
  const { observation } = state;
  if (!observation || !records.some((record) => record && hasSeen(state, record))) return { state, answer: 'unseen' };
  const until = now + Math.max(respectedDuration(observation, rules), Math.min(duration, rules.longestDuration));
  return { state: { ...state, promisedUntil: Math.max(state.promisedUntil ?? until, until) }, answer: 'promised' };
}

/**
 * Whether the last holder that was seen is the record's, in whichever of its versions, and nobody has followed it. A claim's
 * identity is its own: whoever has seen any write of it knows whom it promises to, and the duration comes with the request.
 * In a brownout the active renews now and then, and not every version reaches everybody.
 */
function hasSeen({ lastHeld, observation }: ElectionState, record: SeenRecord): boolean {
  if (lastHeld?.holder !== record.holder || lastHeld.leaseUid !== record.leaseUid) return false;
  const { metadata, spec } = observation?.lease ?? {};
  // A Lease that is gone, or was made anew since, counts as an outage (P13).
  return metadata === undefined || metadata.uid !== record.leaseUid || spec?.holderIdentity === record.holder;
}
