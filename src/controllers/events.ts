import { PAIR_COMPONENTS } from '../api/names.ts';
import type { ImpalaClusterStatus } from '../api/impala-cluster.ts';
import type { Problem } from './problem.ts';

/** What is told about a cluster as a Kubernetes event. */
export interface ClusterEvent {
  readonly type: 'Normal' | 'Warning';
  /** For machines. */
  readonly reason: string;
  /** What was being done, for machines. */
  readonly action: 'Reconcile' | 'WatchStandby';
  readonly message: string;
}

/**
 * What has changed between two statuses that people want to hear of: pure. It goes by the stored status alone, so that
 * an operator that was restarted neither repeats nor loses one.
 */
export function eventsBetween(
  previous: ImpalaClusterStatus | undefined,
  next: ImpalaClusterStatus,
  problems: readonly Problem[],
): ClusterEvent[] {
  const known = previous?.conditions?.find(({ type }) => type === 'Degraded')?.message ?? '';
  return [
    ...problems
      .filter(({ message }) => !known.includes(message))
      .map(({ reason, message }): ClusterEvent => ({ type: 'Warning', reason, action: 'Reconcile', message })),
    ...PAIR_COMPONENTS.flatMap((component): ClusterEvent[] => {
      const before = previous?.[component]?.standbys ?? [];
      const now = next[component]?.standbys ?? [];
      if (before.length > 0 && now.length === 0) {
        return [
          {
            type: 'Warning',
            reason: 'StandbyLost',
            action: 'WatchStandby',
            message: `${before.join()} can no longer take over the ${component}`,
          },
        ];
      }
      if (before.length === 0 && now.length > 0) {
        return [
          {
            type: 'Normal',
            reason: 'StandbyReady',
            action: 'WatchStandby',
            message: `${now.join()} can take over the ${component}`,
          },
        ];
      }
      return [];
    }),
  ];
}
