/**
 * The lease election, as pure functions over one state: what was heard and what was sent go in, what to do next comes
 * out. There is no clock, no network and no randomness in here, so that a table, a simulation and an exhaustive search
 * can all drive this very code. The rules are client-go's (a challenger trusts only its own clock and only a
 * compare-and-swap is a claim) with three that client-go lacks: an identity for each claim, a release that is said, and
 * deadlines that count from the moment *before* a write was sent. P1 to P18 in comments are the rules of docs/protocol.md.
 */
import type { Milliseconds } from '../clock.ts';
import type { Lease } from '../kubernetes-object.ts';
import { confirmed, disproves, nothingSent, sendShownBy, withSend, type Claim, type Send } from './claim.ts';
import { observe, type Observation } from './observation.ts';
import { claimActiveUntil, mayBeClaimedAt, type OutageRules, type SeenRecord } from './outage.ts';
import { formatRoster, rosterOf, type Roster } from './roster.ts';
import { tenancyOf, termOf, type Tenancy } from './tenancy.ts';

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

type ConfirmedClaim = Claim & { readonly confirmedSentAt: Milliseconds };

/** Where this process stands. Each kind carries just what is true in it. */
export type Standing =
  | { readonly kind: 'challenger' }
  /** A claim was sent and is neither confirmed nor disproved. */
  | { readonly kind: 'claiming'; readonly claim: Claim }
  | { readonly kind: 'holder'; readonly claim: ConfirmedClaim }
  /** The Lease was deleted and made anew under us; `next` is our claim of the new one, `claim` still counts until its deadline. */
  | { readonly kind: 'reclaiming'; readonly claim: ConfirmedClaim; readonly next: Claim }
  /** A release was decided on. This claim is over for good, whether or not its release is ever confirmed. */
  | { readonly kind: 'releasing'; readonly claim: ConfirmedClaim };

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

/** What the process that campaigns wants of the Lease at this moment. */
export interface Desire {
  /**
   * How long after the Lease became free this process claims it: 0 at once, a delay to let a better candidate go first,
   * `never` when it could not be active.
   */
  readonly claim: { readonly after: Milliseconds } | 'never';
  /** Whether a held Lease is renewed. */
  readonly renew: boolean;
  /** Whether a held Lease is to be released: only once what it guards is proven dead. */
  readonly release: boolean;
  /** Annotations that the Lease shall carry (undefined: shall not). */
  readonly annotations: Readonly<Record<string, string | undefined>>;
  /** Who may claim the records that this process writes as the holder: itself, and who else is known to be there. */
  readonly roster?: Roster;
  /** Annotations that it shall carry while this process holds it. */
  readonly holderAnnotations?: Readonly<Record<string, string | undefined>>;
}

export type Action =
  | { readonly kind: 'read' }
  | { readonly kind: 'claim' | 'renew' | 'release' | 'annotate'; readonly lease: Lease }
  | { readonly kind: 'wait'; readonly until: Milliseconds };

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

/** Where a reading leaves us. What is not ours by identity and renewTime is a stranger's. */
function settle(standing: Standing, lease: Lease | undefined): Standing {
  switch (standing.kind) {
    case 'challenger':
      return standing;
    case 'claiming': {
      const send = lease && sendShownBy(lease, standing.claim);
      if (send) return { kind: 'holder', claim: confirmed(standing.claim, send, lease) };
      return disproves(lease, standing.claim) ? { kind: 'challenger' } : standing;
    }
    case 'holder':
      return settleHolder(standing.claim, lease);
    case 'reclaiming': {
      const send = lease && sendShownBy(lease, standing.next);
      if (send) return { kind: 'holder', claim: confirmed(standing.next, send, lease) };
      return disproves(lease, standing.next) ? settleHolder(standing.claim, lease) : standing;
    }
    case 'releasing':
      return lease && sendShownBy(lease, standing.claim) ? standing : { kind: 'challenger' };
  }
}

/**
 * A holder whose Lease is gone goes on until its deadline, as in an outage of the API server. One that finds the Lease
 * made anew and empty may still claim it before its deadline: nobody can have become active in between, because whoever
 * claims an empty Lease that was not released waits longer than we may live (P13).
 */
function settleHolder(claim: ConfirmedClaim, lease: Lease | undefined): Standing {
  if (lease === undefined) return { kind: 'holder', claim };
  const send = sendShownBy(lease, claim);
  if (send) return { kind: 'holder', claim: confirmed(claim, send, lease) };
  const madeAnew = lease.metadata.uid !== claim.base.uid;
  const empty = (lease.spec?.holderIdentity ?? '') === '';
  return madeAnew && empty ? { kind: 'holder', claim } : { kind: 'challenger' };
}

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

/** What to do next. Every answer but a wait is one call; after its outcome the question is asked again. */
export function nextAction(state: ElectionState, desire: Desire, rules: ElectionRules, now: Milliseconds): Action {
  if (now < state.notBefore) return { kind: 'wait', until: state.notBefore };
  const { observation, standing } = state;
  if (state.mustRead || observation === undefined) return { kind: 'read' };
  if (observation.lease === undefined) return readAt(observation.lastHeard + rules.retryPeriod, now);
  const known = { ...observation, lease: observation.lease };

  switch (standing.kind) {
    case 'releasing':
      return { kind: 'release', lease: known.lease };
    case 'claiming':
      // The answer was lost and the Lease is still as it was. The claim may yet take place, so it is not forgotten, but
      // it is sent again only while it is still wanted.
      if (desire.claim === 'never') return readAt(known.lastHeard + rules.retryPeriod, now);
      return { kind: 'claim', lease: known.lease };
    case 'reclaiming':
      return { kind: 'claim', lease: known.lease };
    case 'holder':
      if (known.lease.metadata.uid !== standing.claim.base.uid) return { kind: 'claim', lease: known.lease };
      return holderAction(state.lastSent ?? Number.NEGATIVE_INFINITY, known.lease, desire, rules, now);
    case 'challenger':
      return challengerAction(known, claimableAt(state, known, desire, rules), desire, rules, now);
  }
}

function holderAction(
  lastSent: Milliseconds,
  lease: Lease,
  desire: Desire,
  rules: ElectionRules,
  now: Milliseconds,
): Action {
  if (desire.release) return { kind: 'release', lease };
  if (!desire.renew) return { kind: 'wait', until: Number.POSITIVE_INFINITY };
  const due = lastSent + rules.retryPeriod;
  if (now >= due || lacksWords(lease, desire, rules)) return { kind: 'renew', lease };
  return { kind: 'wait', until: due };
}

function challengerAction(
  observation: Observation & { lease: Lease },
  claimAt: Milliseconds,
  desire: Desire,
  rules: ElectionRules,
  now: Milliseconds,
): Action {
  const { lease } = observation;
  // Who hears nothing looks again before it claims. Otherwise it would send claims that cannot succeed while the API server
  // is out of its sight, and with a claim under way it could promise nothing to a holder that is alive (P14).
  if (now >= claimAt) return observation.lastHeard >= claimAt ? { kind: 'claim', lease } : { kind: 'read' };
  if (lacksAnnotations(lease, desire.annotations)) return { kind: 'annotate', lease };
  const silentAt = observation.lastHeard + 2 * rules.retryPeriod;
  if (now >= silentAt) return { kind: 'read' };
  return { kind: 'wait', until: Math.min(claimAt, silentAt) };
}

/** When a challenger may claim: a released Lease at once, any other when it was not renewed for long enough. */
function claimableAt(
  state: ElectionState,
  observation: Observation,
  desire: Desire,
  rules: ElectionRules,
): Milliseconds {
  if (desire.claim === 'never') return Number.POSITIVE_INFINITY;
  const released = tenancy(state, rules).kind === 'released';
  const free = released ? observation.unchangedSince : mayBeClaimedAt(state, observation, rules);
  const othersFirst = state.releasedAt === undefined ? free : Math.max(free, state.releasedAt + rules.retryPeriod);
  return othersFirst + desire.claim.after;
}

const lacksAnnotations = (lease: Lease, wanted: Desire['annotations']): boolean =>
  Object.entries(wanted).some(([name, value]) => lease.metadata.annotations?.[name] !== value);

/** Whether a holder has something to write before its next renewal is due: a new member must not wait to be on the roster. */
function lacksWords(
  lease: Lease,
  { annotations, holderAnnotations, roster }: Desire,
  { outage }: ElectionRules,
): boolean {
  if (lacksAnnotations(lease, { ...annotations, ...holderAnnotations })) return true;
  return (
    outage !== undefined &&
    roster !== undefined &&
    formatRoster(roster) !== formatRoster(rosterOf(lease, outage.rosterAnnotation))
  );
}

const readAt = (at: Milliseconds, now: Milliseconds): Action =>
  now >= at ? { kind: 'read' } : { kind: 'wait', until: at };

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

function claimSent(standing: Standing, newClaim: () => Claim, send: Send): Standing {
  switch (standing.kind) {
    case 'challenger':
      return { kind: 'claiming', claim: withSend(newClaim(), send) };
    case 'claiming':
      return { kind: 'claiming', claim: withSend(standing.claim, send) };
    case 'holder':
      return { kind: 'reclaiming', claim: standing.claim, next: withSend(newClaim(), send) };
    case 'reclaiming':
      return { ...standing, next: withSend(standing.next, send) };
    case 'releasing':
      return standing;
  }
}
