import { PAIR_COMPONENTS } from '../../api/names.ts';
import type { ImpalaClusterStatus } from '../../api/impala-cluster.ts';
import type { ReplicasStatus } from '../../api/status.ts';
import { selectorLabels } from '../build/metadata.ts';
import type { ClusterIdentity } from '../build/metadata.ts';
import type { StatefulSet } from '../kubernetes-types.ts';
import type { ClusterSnapshot } from '../snapshot.ts';
import { conditionsOf } from './conditions.ts';
import { findingsOf, replicaCount } from './findings.ts';
import type { PassOutcome } from './findings.ts';
import { pairStatus } from './pair-status.ts';

/**
 * The status that a cluster should have: pure. It is equal to the previous one when nothing has changed.
 * @param version Impala's version, when the spec tells it
 */
export function clusterStatus(
  snapshot: ClusterSnapshot,
  outcome: PassOutcome,
  version: string | undefined,
  now: Date,
): ImpalaClusterStatus {
  const { cluster, identity } = snapshot;
  const previous = cluster.status;
  const generation = cluster.metadata.generation ?? 0;
  const [statestore, catalog] = PAIR_COMPONENTS.map((component) =>
    pairStatus(snapshot, snapshot.pairs[component], previous?.[component], outcome.switchovers[component]),
  );
  const { coordinators, executors } = cluster.spec;
  return {
    observedGeneration: generation,
    conditions: conditionsOf(findingsOf(snapshot, outcome), previous?.conditions ?? [], generation, now),
    ...(version && { version }),
    ...(statestore && { statestore }),
    ...(catalog && { catalog }),
    coordinators: replicasStatus(identity, 'coordinator', coordinators.replicas, snapshot.coordinators),
    executors: replicasStatus(identity, 'executor', executors.replicas, snapshot.executors),
  };
}

function replicasStatus(
  cluster: ClusterIdentity,
  component: 'coordinator' | 'executor',
  wanted: number,
  statefulSet: StatefulSet | undefined,
): ReplicasStatus {
  const { ready } = replicaCount(wanted, statefulSet);
  const selector = Object.entries(selectorLabels(cluster, component)).map(([key, value]) => `${key}=${value}`);
  return {
    replicas: statefulSet?.status?.replicas ?? 0,
    readyReplicas: ready,
    ready: `${ready}/${wanted}`,
    selector: selector.join(','),
  };
}
