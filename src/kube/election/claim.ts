import type { Milliseconds } from '../clock.ts';
import type { Lease } from '../kubernetes-object.ts';
import { isOlder } from '../resource-version.ts';
import type { Roster } from './roster.ts';
import { termOf } from './term.ts';

/** One write of the Lease that was sent: what to recognise it by, and the moment before it left. */
export interface Send {
  readonly renewTime: string;
  readonly sentAt: Milliseconds;
  /** Who may claim the record that it leaves behind after a lease duration (P14). */
  readonly roster: Roster;
}

/**
 * One attempt, successful or not, to become the holder. Its identity is its own: not the pod's name, which a successor
 * may bear, nor the process's, which may have claimed, lost and forgotten before. So a Lease that holds this identity was
 * written by this claim, whatever became of the answers.
 */
export interface Claim {
  readonly identity: string;
  readonly term: number;
  /** The Lease that the claim's first write was to replace: any newer version that is not ours disproves the claim. */
  readonly base: { readonly uid: string; readonly resourceVersion: string };
  /** Every write of this claim that was sent and may have taken place. */
  readonly sends: readonly Send[];
  /** When the newest write known to have taken place was *sent*: every deadline of the holder counts from there. */
  readonly confirmedSentAt: Milliseconds | undefined;
  /** The roster of that write. */
  readonly roster: Roster;
  /** The version of the Lease in which that write was seen first. */
  readonly shownIn: string;
  /** When the newest round of asking in which everybody has promised was begun. */
  readonly promisedAt: Milliseconds | undefined;
}

/**
 * A claim of the Lease as it was read, before its first write is sent.
 * @param highestTerm the highest term seen anywhere
 */
export const newClaim = (highestTerm: number, lease: Lease, identity: string): Claim => ({
  identity,
  term: Math.max(highestTerm, termOf(lease)) + 1,
  base: { uid: lease.metadata.uid ?? '', resourceVersion: lease.metadata.resourceVersion ?? '' },
  ...nothingSent,
});

/** A claim of which nothing was sent yet. */
export const nothingSent = {
  sends: [],
  confirmedSentAt: undefined,
  roster: [],
  shownIn: '',
  promisedAt: undefined,
} satisfies Partial<Claim>;

/**
 * Sends older than this many are forgotten. It is as many as fit between two reads of the Lease while every answer is
 * lost: a write that took place must be recognised as ours after an outage, however long that was.
 */
const SENDS_KEPT = 256;

export const withSend = (claim: Claim, send: Send): Claim => ({
  ...claim,
  sends: [...claim.sends, send].slice(-SENDS_KEPT),
});

/**
 * The write of this claim that the Lease shows, if it shows one. Both identity and renewTime must match: a Lease edited
 * by hand may still bear the identity, but nobody knows then what else was written over (P3).
 */
export function sendShownBy(lease: Lease, claim: Claim): Send | undefined {
  if (lease.spec?.holderIdentity !== claim.identity) return undefined;
  return claim.sends.find((send) => send.renewTime === lease.spec?.renewTime);
}

/** Takes note that a write took place. An older one never turns the clock back. */
export function confirmed(claim: Claim, send: Send, lease: Lease): Claim & { confirmedSentAt: Milliseconds } {
  const { confirmedSentAt } = claim;
  if (confirmedSentAt !== undefined && send.sentAt <= confirmedSentAt) return { ...claim, confirmedSentAt };
  const shownIn = lease.metadata.resourceVersion ?? '';
  return { ...claim, confirmedSentAt: send.sentAt, roster: send.roster, shownIn };
}

/** Whether a Lease that is not ours rules out that any write of the claim ever takes place: each is a compare-and-swap. */
export function disproves(lease: Lease | undefined, claim: Claim): boolean {
  if (lease === undefined || lease.metadata.uid !== claim.base.uid) return true;
  // A version that cannot be compared disproves nothing: the claim goes on waiting, which is safe.
  return isOlder(claim.base.resourceVersion, lease.metadata.resourceVersion);
}
