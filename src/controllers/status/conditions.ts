import type { Condition } from '../../api/status.ts';

/** A condition before it has a time and a generation. */
export interface Finding {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export const CONDITION_TYPES = [
  'Available',
  'Progressing',
  'Degraded',
  'StatestoreHighlyAvailable',
  'CatalogHighlyAvailable',
  'Paused',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/**
 * Makes conditions of findings: the time of a condition is that of its last change of status, not of its last report.
 */
export function conditionsOf(
  findings: readonly Finding[],
  previous: readonly Condition[],
  observedGeneration: number,
  now: Date,
): Condition[] {
  return findings.map((finding) => {
    const before = previous.find(({ type }) => type === finding.type);
    const lastTransitionTime =
      before?.status === finding.status ? before.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`;
    return { ...finding, observedGeneration, lastTransitionTime };
  });
}
