import type { Lease } from '../kubernetes-object.ts';
import { termOf } from './term.ts';

/** Whose the Lease is, for somebody who does not hold it. */
export type Tenancy =
  | { readonly kind: 'absent' }
  /** Somebody's identity stands in it, live or not. */
  | { readonly kind: 'held'; readonly lease: Lease; readonly holder: string }
  /** Its last holder, or who made it, has said that nobody is active: it may be claimed at once. */
  | { readonly kind: 'released'; readonly lease: Lease; readonly term: number }
  /** Nobody stands in it and nobody has said why (emptied by hand, or made anew): waited out like an expired one. */
  | { readonly kind: 'vacant'; readonly lease: Lease };

/**
 * Reads whose the Lease is. "Released" is a statement, never a guess: the holder is empty *and* the annotation names the
 * current term. A statement about a term that has been overtaken (an old copy of the Lease written back by hand) is none
 * (P6).
 * @param highestTerm the highest term that was ever seen
 */
export function tenancyOf(lease: Lease | undefined, releasedAnnotation: string, highestTerm: number): Tenancy {
  if (lease === undefined) return { kind: 'absent' };
  const holder = lease.spec?.holderIdentity ?? '';
  if (holder !== '') return { kind: 'held', lease, holder };
  const term = termOf(lease);
  const released = lease.metadata.annotations?.[releasedAnnotation];
  if (released === String(term) && term >= highestTerm) return { kind: 'released', lease, term };
  return { kind: 'vacant', lease };
}
