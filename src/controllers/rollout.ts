import { annotations, MEMBERS } from '../api/names.ts';
import type { Member } from '../api/names.ts';
import { templateHashOf } from './build/build-cluster.ts';
import type { BuiltCluster } from './build/build-cluster.ts';
import type { DesiredObject } from './build/metadata.ts';
import { isReady } from './kubernetes-types.ts';
import type { Pod, StatefulSet } from './kubernetes-types.ts';
import { pairsOf } from './snapshot.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';
import { activePod } from './status/pair-status.ts';
import { decideUpdates } from './updates.ts';
import type { MemberState, Pair } from './updates.ts';

/** The label by which a StatefulSet tells which of its revisions a pod was made from. */
const REVISION_LABEL = 'controller-revision-hash';

/** What the members' StatefulSets come to in this pass. */
export interface Rollout {
  /** Those whose turn it is. */
  readonly objects: readonly DesiredObject[];
  /** What is not there yet, for people. */
  readonly underWay: readonly string[];
}

/** Decides which members get their template in this pass: pure. */
export function planRollout(snapshot: ClusterSnapshot, built: BuiltCluster): Rollout {
  const plans = pairsOf(snapshot).map((pair) => planPair(snapshot, pair, built));
  return {
    objects: plans.flatMap(({ objects }) => objects),
    underWay: plans.flatMap(({ underWay }) => underWay),
  };
}

function planPair(snapshot: ClusterSnapshot, pair: PairSnapshot, built: BuiltCluster): Rollout {
  const wanted = built.members[pair.component];
  const states: Pair<MemberState> = {
    a: memberState(pair, 'a', wanted.a.templateHash),
    b: memberState(pair, 'b', wanted.b.templateHash),
  };
  const turns = decideUpdates(states, servingMember(snapshot, pair));
  const underWay = MEMBERS.flatMap((member) => {
    const { live, settled, wanted: hash } = states[member];
    const name = wanted[member].statefulSet.body.metadata.name;
    if (turns[member] === 'hold') return [`${name} waits for the standby to be ready on its new template`];
    if (live !== hash) return [`${name} gets its template`];
    return settled ? [] : [`${name} is not ready`];
  });
  const objects = MEMBERS.filter((member) => turns[member] === 'apply').map((member) => wanted[member].statefulSet);
  return { objects, underWay };
}

function memberState(pair: PairSnapshot, member: Member, wanted: string): MemberState {
  const statefulSet = pair.statefulSets[member];
  return { live: templateHashOf(statefulSet), wanted, settled: isSettled(statefulSet, pair.pods[member]) };
}

/** Whether the pod is ready and of the newest revision of its StatefulSet. */
function isSettled(statefulSet: StatefulSet | undefined, pod: Pod | undefined): boolean {
  if (statefulSet === undefined || pod === undefined) return false;
  const { metadata, status } = statefulSet;
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updateRevision !== undefined &&
    pod.metadata.labels?.[REVISION_LABEL] === status.updateRevision &&
    pod.metadata.annotations?.[annotations.template] === templateHashOf(statefulSet) &&
    pod.metadata.deletionTimestamp === undefined &&
    isReady(pod)
  );
}

/** The member that holds the Lease and whose daemon serves. */
function servingMember(snapshot: ClusterSnapshot, pair: PairSnapshot): Member | undefined {
  const active = activePod(snapshot, pair);
  if (active === undefined || !isReady(active)) return undefined;
  return MEMBERS.find((member) => pair.pods[member] === active);
}

/** What of coordinators and executors is not there yet, for people: pure. */
export function impaladsUnderWay({ cluster: { spec }, coordinators, executors }: ClusterSnapshot): string[] {
  return [
    ...replicasUnderWay('coordinators', spec.coordinators.replicas, coordinators),
    ...replicasUnderWay('executors', spec.executors.replicas, executors),
  ];
}

function replicasUnderWay(name: string, wanted: number, statefulSet: StatefulSet | undefined): string[] {
  if (statefulSet === undefined) return [`${name} are being made`];
  const { status, metadata } = statefulSet;
  const ready = status?.readyReplicas ?? 0;
  const updated = status?.updatedReplicas ?? 0;
  if (status?.observedGeneration !== metadata.generation) return [`${name} are being updated`];
  if (updated < wanted) return [`${name}: ${updated} of ${wanted} updated`];
  if ((status?.replicas ?? 0) > wanted) return [`${name}: more than ${wanted}`];
  return ready < wanted ? [`${name}: ${ready} of ${wanted} ready`] : [];
}
