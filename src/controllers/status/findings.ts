import type { PairComponent } from '../../api/names.ts';
import type { SwitchoverStatus } from '../../api/status.ts';
import type { StatefulSet } from '../kubernetes-types.ts';
import { PROBLEM_REASONS } from '../problem.ts';
import type { Problem } from '../problem.ts';
import type { ClusterSnapshot } from '../snapshot.ts';
import type { Finding } from './conditions.ts';
import { pairHealth } from './pair-status.ts';
import type { PairHealth } from './pair-status.ts';

/** What a pass knows besides what it has read. */
export interface PassOutcome {
  /** What became of the switchovers that were asked for. */
  readonly switchovers: Partial<Record<PairComponent, SwitchoverStatus>>;
  readonly problems: readonly Problem[];
  /** What is still on its way to what the spec says, for people; empty when all is there. */
  readonly underWay: readonly string[];
}

const SERVES: ReadonlySet<PairHealth> = new Set(['alone', 'complete', 'single']);

const HEALTH_TEXT: Readonly<Record<PairHealth, { reason: string; message: string }>> = {
  none: { reason: 'NoActive', message: 'no pod holds the Lease' },
  starting: { reason: 'ActiveNotServing', message: 'the active pod does not serve' },
  unrouted: { reason: 'ActiveNotRouted', message: 'the Service does not lead to the active pod' },
  alone: { reason: 'NoStandby', message: 'no standby is ready' },
  single: { reason: 'Serving', message: 'one pod serves' },
  complete: { reason: 'StandbyReady', message: 'one pod is active and one is ready to take over' },
};

export interface ReplicaCount {
  readonly wanted: number;
  readonly ready: number;
}

export const replicaCount = (wanted: number, statefulSet: StatefulSet | undefined): ReplicaCount => ({
  wanted,
  ready: Math.min(statefulSet?.status?.readyReplicas ?? 0, wanted),
});

/** All conditions of a cluster. */
export function findingsOf(snapshot: ClusterSnapshot, outcome: PassOutcome): Finding[] {
  const health = (component: PairComponent): PairHealth => pairHealth(snapshot, snapshot.pairs[component]);
  const statestore = health('statestore');
  const catalog = health('catalog');
  const { spec } = snapshot.cluster;
  // While the operator touches nothing, what runs goes on, whatever is asked for.
  if (spec.stopped && (!spec.paused || snapshot.pods.length === 0)) {
    return [
      stopped(snapshot.pods.length === 0),
      progressing(outcome.underWay, spec.paused, 'the cluster is stopped'),
      degraded(outcome.problems),
      highlyAvailable('StatestoreHighlyAvailable', 'none', 'stopped'),
      highlyAvailable('CatalogHighlyAvailable', 'none', 'stopped'),
      paused(spec.paused),
    ];
  }
  const mode = (component: PairComponent): 'on' | 'off' => (spec[component].highAvailability.enabled ? 'on' : 'off');
  return [
    available({ statestore, catalog }, [
      { name: 'coordinators', count: replicaCount(spec.coordinators.replicas, snapshot.coordinators) },
      { name: 'executors', count: replicaCount(spec.executors.replicas, snapshot.executors) },
    ]),
    progressing(outcome.underWay, spec.paused, 'the cluster is as the spec says'),
    degraded(outcome.problems),
    highlyAvailable('StatestoreHighlyAvailable', statestore, mode('statestore')),
    highlyAvailable('CatalogHighlyAvailable', catalog, mode('catalog')),
    paused(spec.paused),
  ];
}

/** Whether clients are served: both pairs, and at least one of each kind of impalad that is wanted at all. */
function available(
  pairs: Readonly<Record<PairComponent, PairHealth>>,
  impalads: readonly { name: string; count: ReplicaCount }[],
): Finding {
  const lacking = [
    ...Object.entries(pairs)
      .filter(([, health]) => !SERVES.has(health))
      .map(([component, health]) => `${component}: ${HEALTH_TEXT[health].message}`),
    ...impalads
      .filter(({ count }) => count.wanted > 0 && count.ready === 0)
      .map(({ name, count }) => `${name}: none of ${count.wanted} is ready`),
  ];
  return lacking.length === 0
    ? { type: 'Available', status: 'True', reason: 'Serving', message: 'all components serve' }
    : { type: 'Available', status: 'False', reason: 'NotServing', message: lacking.join('; ') };
}

const stopped = (isOver: boolean): Finding => ({
  type: 'Available',
  status: 'False',
  reason: 'Stopped',
  message: `spec.stopped is true: ${isOver ? 'no daemon runs' : 'the daemons end'}`,
});

function paused(isPaused: boolean): Finding {
  return isPaused
    ? { type: 'Paused', status: 'True', reason: 'Paused', message: 'spec.paused is true: the operator changes nothing' }
    : { type: 'Paused', status: 'False', reason: 'NotPaused', message: 'the operator brings about what the spec says' };
}

function progressing(underWay: readonly string[], isPaused: boolean, complete: string): Finding {
  if (isPaused) {
    return { type: 'Progressing', status: 'Unknown', reason: 'Paused', message: 'the operator does not look' };
  }
  return underWay.length === 0
    ? { type: 'Progressing', status: 'False', reason: 'Complete', message: complete }
    : { type: 'Progressing', status: 'True', reason: 'UnderWay', message: underWay.join('; ') };
}

/** The gravest problem gives the reason, all of them the message, in an order that does not change by itself. */
function degraded(problems: readonly Problem[]): Finding {
  const sorted = [...problems].sort(
    (left, right) =>
      PROBLEM_REASONS.indexOf(left.reason) - PROBLEM_REASONS.indexOf(right.reason) ||
      left.message.localeCompare(right.message),
  );
  const [first] = sorted;
  if (first === undefined) {
    return { type: 'Degraded', status: 'False', reason: 'AsExpected', message: 'nothing is wrong' };
  }
  const messages = [...new Set(sorted.map(({ message }) => message))];
  return { type: 'Degraded', status: 'True', reason: first.reason, message: messages.join('; ').slice(0, 32_768) };
}

function highlyAvailable(type: Finding['type'], health: PairHealth, mode: 'on' | 'off' | 'stopped'): Finding {
  if (mode === 'off') {
    return {
      type,
      status: 'False',
      reason: 'Disabled',
      message: 'highAvailability.enabled is false: one plain pod runs',
    };
  }
  if (mode === 'stopped') return { type, status: 'False', reason: 'Stopped', message: 'spec.stopped is true' };
  return { type, status: health === 'complete' ? 'True' : 'False', ...HEALTH_TEXT[health] };
}
