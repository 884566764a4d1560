import { tenancyOf } from '../kube/election/tenancy.ts';
import type { Milliseconds } from '../kube/clock.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { annotations, type Member } from '../api/names.ts';
import type { GuardState, GuardView } from './guard/daemon-view.ts';
import { failedStartsInARow } from '../daemons/sign-in.ts';
import { holdBack } from './switchover.ts';

/** A pre-flight that has not ended by then counts as failed. */
const PREFLIGHT_LIMIT: Milliseconds = 30_000;

/** How long the first claim of a pair's life is left to member `a`, so that the two components' actives start on different nodes. */
export const FIRST_CLAIM_HEAD_START: Milliseconds = 3_000;

const LONGEST_WAIT_AFTER_FAILURES: Milliseconds = 60_000;

export interface Candidate {
  readonly member: Member;
  readonly guardState: GuardState;
  readonly terminating: boolean;
  readonly template: string;
  readonly leaseDuration: Milliseconds;
}

/**
 * How long after the Lease became free this member claims it.
 * @returns `never` for one whose daemon could not be started, or may still be alive
 */
export function candidacy(
  candidate: Candidate,
  lease: Lease | undefined,
  now: Milliseconds,
): { after: Milliseconds } | 'never' {
  const { guard, daemon } = candidate.guardState;
  if (candidate.terminating || guard.kind !== 'present' || guard.terminating || daemon.kind !== 'none') return 'never';
  if (isPreflightUnderWay(guard, now)) return 'never';

  // A failed pre-flight bars nobody: with the other member gone too, a start that may fail beats none at all.
  const unready = guard.preflight === 'passed' ? 0 : candidate.leaseDuration;
  const first = isFirstClaim(lease) && candidate.member !== 'a' ? FIRST_CLAIM_HEAD_START : 0;
  const failures = waitAfterFailures(failedStartsInARow(lease, candidate.template));
  return { after: unready + first + failures + holdBack(lease, candidate.member) };
}

/** Whether the guard's pre-flight is awaited still. */
export const isPreflightUnderWay = (guard: GuardView, now: Milliseconds): boolean =>
  guard.kind === 'present' && guard.preflight === 'pending' && now - guard.since < PREFLIGHT_LIMIT;

const isFirstClaim = (lease: Lease | undefined): boolean => {
  const tenancy = tenancyOf(lease, annotations.released, 0);
  return tenancy.kind === 'released' && tenancy.term === 0;
};

/** 1 s, 2 s, 4 s … 60 s: a bad hive-site.xml must not play ping-pong, a metastore that is back must not wait long. */
export function waitAfterFailures(failures: number): Milliseconds {
  if (failures <= 0) return 0;
  return Math.min(1000 * 2 ** Math.min(failures - 1, 10), LONGEST_WAIT_AFTER_FAILURES);
}
