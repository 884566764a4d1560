import type { Milliseconds } from '../kube/clock.ts';
import type { WorkResult } from '../kube/work-queue.ts';
import type { Problem, ProblemReason } from './problem.ts';
import type { PassOutcome } from './status/findings.ts';

/** What came of a pass over a cluster. */
export interface Visit extends Omit<PassOutcome, 'switchovers'> {
  /** Objects of a deleted cluster of the same name that must be gone first. */
  readonly awaited: readonly string[];
}

/** The garbage collector takes a moment, and no watch need tell when it is through. */
const AWAITED: Milliseconds = 1_000;
/** Objects of others are in no watch of ours: that they have gone has to be looked for. */
const UNWATCHED: Milliseconds = 30_000;

const UNWATCHED_REASONS: ReadonlySet<ProblemReason> = new Set([
  'ConfigurationMissing',
  'Forbidden',
  'ObjectForeign',
  'EndpointSliceForeign',
  'ServiceSelectorForeign',
]);

/** When to look at a cluster again although nothing tells of it: pure. An invalid spec is not looked at before it changes. */
export function requeueAfter(
  visit: { awaited: readonly string[]; problems: readonly Problem[] },
  repairs: readonly Milliseconds[],
): WorkResult {
  const times = [
    ...repairs,
    ...(visit.awaited.length > 0 ? [AWAITED] : []),
    ...(visit.problems.some(({ reason }) => UNWATCHED_REASONS.has(reason)) ? [UNWATCHED] : []),
  ];
  return times.length === 0 ? {} : { requeueAfter: Math.min(...times) };
}
