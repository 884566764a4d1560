/**
 * The lease election, as pure functions over one state: what was heard and what was sent go in, what to do next comes
 * out. There is no clock, no network and no randomness in here, so that a table, a simulation and an exhaustive search
 * can all drive this very code. The rules are client-go's (a challenger trusts only its own clock and only a
 * compare-and-swap is a claim) with three that client-go lacks: an identity for each claim, a release that is said, and
 * deadlines that count from the moment *before* a write was sent. P1 to P18 in comments are the rules of docs/protocol.md.
 */
import type { Milliseconds } from '../clock.ts';
import type { Lease } from '../kubernetes-object.ts';
import { nothingSent, withSend, type Claim, type Send } from './claim.ts';
import { observe, type Observation } from './observation.ts';
import { claimActiveUntil, type OutageRules, type SeenRecord } from './outage.ts';
import { claimSent, settle, type ConfirmedClaim, type Standing } from './standing.ts';
import { tenancyOf, type Tenancy } from './tenancy.ts';
import { termOf } from './term.ts';

export interface ElectionRules {
  /** The annotation by which a term is said to be released. */
  readonly releasedAnnotation: string;
  /** How long others respect a record of ours that does not change. */
  readonly leaseDuration: Milliseconds;
  /** The longest duration that a configuration may ask for; no record is respected for longer. */
  readonly longestDuration: Milliseconds;
  /** How long after the send of its last successful write a holder counts as active. Below the lease duration. */
  readonly renewDeadline: Milliseconds;
  /** How often a holder renews. A challenger that has heard nothing for twice as long reads. */
  readonly retryPeriod: Milliseconds;
  /** How long after a call without success the next one is made. */
  readonly retryDelay: Milliseconds;
  /** How a holder lives through an outage of the API server; without it, it does not. */
  readonly outage?: OutageRules;
}

export interface ElectionState {
  readonly standing: Standing;
  readonly observation: Observation | undefined;
  /** The highest term seen anywhere: the next claim takes a higher one. */
  readonly highestTerm: number;
  /** The outcome of a write is unknown or was a conflict: nothing is written before the Lease has been read. */
  readonly mustRead: boolean;
  /** No call before this: the pause after one without success. */
  readonly notBefore: Milliseconds;
  /** Consecutive conflicts, for the pause between them. */
  readonly conflicts: number;
  /** When the last write of ours was sent. */
  readonly lastSent: Milliseconds | undefined;
  /** When a claim of ours was last given up by a release: others go first for a retry period. */
  readonly releasedAt: Milliseconds | undefined;
  /** Until when this process has promised not to claim (P14). */
  readonly promisedUntil: Milliseconds | undefined;
  /** The Lease as it was last seen with a holder: what a promise may be asked for. */
  readonly lastHeld: SeenRecord | undefined;
}

export const initialElection: ElectionState = {
  standing: { kind: 'challenger' },
  observation: undefined,
  highestTerm: 0,
  mustRead: true,
  notBefore: Number.NEGATIVE_INFINITY,
  conflicts: 0,
  lastSent: undefined,
  releasedAt: undefined,
  promisedUntil: undefined,
  lastHeld: undefined,
};

/** Until when the holder is active: nobody else can be before that, since a lease duration is longer. */
export function activeUntil(state: ElectionState, rules: ElectionRules): Milliseconds | undefined {
  const { standing } = state;
  if (standing.kind !== 'holder' && standing.kind !== 'reclaiming') return undefined;
  return claimActiveUntil(standing.claim, rules);
}

/** Whose the Lease is, as far as is known. */
export const tenancy = (state: ElectionState, rules: ElectionRules): Tenancy =>
  tenancyOf(state.observation?.lease, rules.releasedAnnotation, state.highestTerm);

/** Takes in what a read, a watch or the answer of a write showed of the Lease. */
export function heard(state: ElectionState, lease: Lease | undefined, now: Milliseconds): ElectionState {
  const observation = observe(state.observation, lease, now);
  if (observation === state.observation) return state;
  const standing = settle(state.standing, lease);
  const gaveUp = state.standing.kind === 'releasing' && standing.kind === 'challenger';
  return {
    ...state,
    observation,
    standing,
    highestTerm: Math.max(state.highestTerm, termOf(lease)),
    releasedAt: gaveUp ? now : state.releasedAt,
    lastHeld: heldBy(lease) ?? state.lastHeld,
  };
}

function heldBy(lease: Lease | undefined): SeenRecord | undefined {
  const holder = lease?.spec?.holderIdentity ?? '';
  const { uid: leaseUid = '', resourceVersion = '' } = lease?.metadata ?? {};
  return holder === '' ? undefined : { leaseUid, resourceVersion, holder };
}

/** Takes note of a term that was seen elsewhere than in the Lease. */
export const termSeen = (state: ElectionState, term: number): ElectionState =>
  term > state.highestTerm ? { ...state, highestTerm: term } : state;

/** The state after a read was answered. */
export function readAnswered(state: ElectionState, lease: Lease | undefined, now: Milliseconds): ElectionState {
  const next = heard(state, lease, now);
  return { ...next, mustRead: false, observation: next.observation && { ...next.observation, lastHeard: now } };
}

/** The state after a write was answered with the Lease as it now is. */
export function writeAnswered(state: ElectionState, lease: Lease, now: Milliseconds): ElectionState {
  return { ...heard(state, lease, now), conflicts: 0 };
}

/** What became of a call without success: refused for good, lost to another writer, or nobody knows. */
export type Failure = 'refused' | 'conflict' | 'unknown';

/** The state after a call failed. After a conflict or a lost answer nothing is believed but a new read (P12). */
export function callFailed(
  state: ElectionState,
  failure: Failure,
  rules: ElectionRules,
  now: Milliseconds,
): ElectionState {
  // A renewal that did not succeed is due again at once, once its pause is over.
  const failed = { ...state, lastSent: undefined };
  if (failure !== 'conflict') {
    return { ...failed, mustRead: state.mustRead || failure === 'unknown', notBefore: now + rules.retryDelay };
  }
  const pause = Math.min(state.conflicts * 20, rules.retryDelay);
  return { ...failed, mustRead: true, conflicts: state.conflicts + 1, notBefore: now + pause };
}

/**
 * A holder whose deadline has passed while its Lease is gone, or made anew, has nothing left to stand on: what it would
 * have to renew no longer exists. (One whose Lease still names it stays the holder, inactive: only a successful write
 * makes it active again.)
 */
export function expire(state: ElectionState, rules: ElectionRules, now: Milliseconds): ElectionState {
  const { standing, observation } = state;
  if (standing.kind !== 'holder' && standing.kind !== 'reclaiming') return state;
  if (now < claimActiveUntil(standing.claim, rules)) return state;
  if (standing.kind === 'reclaiming') return { ...state, standing: { kind: 'claiming', claim: standing.next } };
  if (observation?.lease?.metadata.uid === standing.claim.base.uid) return state;
  return { ...state, standing: { kind: 'challenger' } };
}

/**
 * Takes up the claim under which a predecessor of this process (the agent before it was restarted) became the holder.
 * Nothing of it is believed but its identity: the holder counts again only from a write of this process that succeeds.
 * The caller makes sure that the predecessor's deadline has not passed.
 */
export function adopt(state: ElectionState, identity: string, now: Milliseconds): ElectionState {
  const lease = state.observation?.lease;
  const { uid, resourceVersion } = lease?.metadata ?? {};
  if (state.standing.kind !== 'challenger' || lease?.spec?.holderIdentity !== identity) return state;
  if (uid === undefined || resourceVersion === undefined) return state;
  const claim: Claim = {
    identity,
    term: termOf(lease),
    base: { uid, resourceVersion },
    ...nothingSent,
  };
  return { ...state, standing: { kind: 'claiming', claim }, notBefore: now };
}

/** Gives a claim up that was sent but not confirmed. Should it take place all the same, it is a stranger's. */
export function abandon(state: ElectionState): ElectionState {
  return state.standing.kind === 'claiming' ? { ...state, standing: { kind: 'challenger' } } : state;
}

/** Raises the holder's term above one that somebody else has left in the endpoint; the next renewal writes it. */
export function raiseTerm(state: ElectionState, above: number): ElectionState {
  const { standing } = state;
  if (standing.kind !== 'holder' || standing.claim.term > above) return state;
  const term = above + 1;
  return {
    ...state,
    highestTerm: Math.max(state.highestTerm, term),
    lastSent: undefined,
    standing: { ...standing, claim: { ...standing.claim, term } },
  };
}

/** Takes note of a release that is about to be sent: from here on the claim is over, whatever becomes of the write (P7). */
export function releaseDecided(state: ElectionState): ElectionState {
  const { standing } = state;
  if (standing.kind !== 'holder') return state;
  return { ...state, standing: { kind: 'releasing', claim: standing.claim } };
}

/**
 * Takes note of a write that is about to be sent. It must be called before the first byte leaves (P2).
 * @param record the renewTime of the write and, for a claim or renewal, who may follow
 * @param newClaim makes the claim, should this write begin one
 */
export function sending(
  state: ElectionState,
  action: 'claim' | 'renew' | 'release' | 'annotate',
  record: Pick<Send, 'renewTime' | 'roster'>,
  newClaim: () => Claim,
  now: Milliseconds,
): ElectionState {
  const send = { ...record, sentAt: now };
  const { standing } = state;
  switch (action) {
    case 'annotate':
      return state;
    case 'renew':
      if (standing.kind !== 'holder') return state;
      return {
        ...state,
        lastSent: now,
        standing: { ...standing, claim: withSend(standing.claim, send) as ConfirmedClaim },
      };
    case 'release': {
      const released = releaseDecided(state);
      if (released.standing.kind !== 'releasing') return state;
      // Its send is not among those that confirm the claim: a Lease that shows it has no holder.
      return { ...released, lastSent: now };
    }
    case 'claim':
      return { ...state, lastSent: now, standing: claimSent(standing, newClaim, send) };
  }
}
