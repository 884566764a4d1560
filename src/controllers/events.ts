import { MEMBERS, PAIR_COMPONENTS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import type { PairStatus, SwitchoverStatus } from '../api/status.ts';
import type { ImpalaClusterStatus } from '../api/impala-cluster.ts';
import type { StatefulSet } from './kubernetes-types.ts';
import type { Problem } from './problem.ts';
import { pairsOf } from './snapshot.ts';
import type { ClusterSnapshot } from './snapshot.ts';

/** What is told about a cluster as a Kubernetes event. */
export interface ClusterEvent {
  readonly type: 'Normal' | 'Warning';
  /** For machines. */
  readonly reason: string;
  /** What was being done, for machines. */
  readonly action: 'Reconcile' | 'WatchStandby' | 'WatchNodes' | 'Switchover';
  readonly message: string;
}

/**
 * The pairs of which Kubernetes is replacing a member by one of another template: that it is away then is no loss, and
 * whatever keeps it away is a problem of its own.
 */
export const pairsBeingUpdated = (snapshot: ClusterSnapshot): ReadonlySet<PairComponent> =>
  new Set(
    pairsOf(snapshot)
      .filter(({ statefulSets }) => MEMBERS.some((member) => isRolling(statefulSets[member])))
      .map(({ component }) => component),
  );

function isRolling(statefulSet: StatefulSet | undefined): boolean {
  if (statefulSet?.status === undefined) return false;
  const { metadata, status } = statefulSet;
  return status.observedGeneration !== metadata.generation || status.currentRevision !== status.updateRevision;
}

/**
 * What has changed between two statuses that people want to hear of: pure. It goes by the stored status and what is there
 * alone, so that an operator that was restarted neither repeats nor loses one.
 * @param updated see `pairsBeingUpdated`
 */
export function eventsBetween(
  previous: ImpalaClusterStatus | undefined,
  next: ImpalaClusterStatus,
  problems: readonly Problem[],
  updated: ReadonlySet<PairComponent>,
): ClusterEvent[] {
  const known = previous?.conditions?.find(({ type }) => type === 'Degraded')?.message ?? '';
  return [
    ...problems
      .filter(({ message }) => !known.includes(message))
      .map(({ reason, message }): ClusterEvent => ({ type: 'Warning', reason, action: 'Reconcile', message })),
    ...PAIR_COMPONENTS.filter((component) => wantsStandby(component, next)).flatMap((component) =>
      standbyEvents(component, previous?.[component], next[component], updated.has(component)),
    ),
    ...PAIR_COMPONENTS.flatMap((component) =>
      switchoverEvents(previous?.[component]?.switchover, next[component]?.switchover),
    ),
  ];
}

/** Whoever turned high availability off, or stopped the cluster, knows that nobody stands by. */
function wantsStandby(component: PairComponent, { conditions }: ImpalaClusterStatus): boolean {
  const type = component === 'statestore' ? 'StatestoreHighlyAvailable' : 'CatalogHighlyAvailable';
  const reason = conditions?.find((condition) => condition.type === type)?.reason;
  return reason !== 'Disabled' && reason !== 'Stopped';
}

/**
 * Before the first term both members are ready to take over from nobody: that is not worth a word. Who has just taken
 * over leaves no standby behind, and is reported as that.
 */
function standbyEvents(
  component: PairComponent,
  before: PairStatus | undefined,
  now: PairStatus | undefined,
  isUpdated: boolean,
): ClusterEvent[] {
  if (now?.active === undefined) return [];
  const hadStandby = (before?.standbys ?? []).length > 0;
  const standbys = now.standbys ?? [];
  const first = before?.term === undefined;
  const action = 'WatchStandby';
  if (standbys.length > 0 && (first || !hadStandby)) {
    const message = `${standbys.join()} can take over the ${component} from ${now.active}`;
    return [{ type: 'Normal', reason: 'StandbyReady', action, message }];
  }
  if (standbys.length === 0 && hadStandby && !first && !isUpdated) {
    const message = `nobody can take over the ${component} from ${now.active}`;
    return [{ type: 'Warning', reason: 'StandbyLost', action, message }];
  }
  return [];
}

/** Those that were refused or failed are problems, and told of as such. That nothing had to be done is not worth a word. */
function switchoverEvents(before: SwitchoverStatus | undefined, now: SwitchoverStatus | undefined): ClusterEvent[] {
  if (now === undefined || (before?.request === now.request && before.outcome === now.outcome)) return [];
  const known = before?.request === now.request;
  const { message } = now;
  if (now.outcome === 'Requested')
    return [{ type: 'Normal', reason: 'SwitchoverRequested', action: 'Switchover', message }];
  if (now.outcome !== 'Completed' || !known) return [];
  return [{ type: 'Normal', reason: 'SwitchoverCompleted', action: 'Switchover', message }];
}
