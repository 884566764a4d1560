import type { Milliseconds } from '../clock.ts';
import type { Lease } from '../kubernetes-object.ts';
import { confirmed, disproves, sendShownBy, withSend, type Claim, type Send } from './claim.ts';

export type ConfirmedClaim = Claim & { readonly confirmedSentAt: Milliseconds };

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

/** Where a reading of the Lease leaves us. What is not ours by identity and renewTime is a stranger's. */
export function settle(standing: Standing, lease: Lease | undefined): Standing {
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

/** Where a claim that is about to be sent leaves us. */
export function claimSent(standing: Standing, newClaim: () => Claim, send: Send): Standing {
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
