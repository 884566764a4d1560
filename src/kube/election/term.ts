import type { Lease } from '../kubernetes-object.ts';

/**
 * The highest term that is believed. leaseTransitions is a 32-bit integer that each hand-over raises by one: a term that
 * leaves less room than for a million more was typed by somebody, and following it would soon leave no valid Lease to write.
 */
export const HIGHEST_TERM = 2 ** 31 - 2 ** 20;

const isTerm = (term: number): boolean => Number.isSafeInteger(term) && term >= 0 && term <= HIGHEST_TERM;

/** The term that a Lease is in; 0 where it says none that can be believed. */
export function termOf(lease: Lease | undefined): number {
  const term = lease?.spec?.leaseTransitions ?? 0;
  return isTerm(term) ? term : 0;
}

/** The term that an annotation says; undefined where it says none that can be believed. */
export function termIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const term = Number(text);
  return isTerm(term) ? term : undefined;
}
