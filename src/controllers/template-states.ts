import { annotations, labels } from '../api/names.ts';
import type { Component, Member } from '../api/names.ts';
import { readSignIn } from '../daemons/sign-in.ts';
import type { BuiltCluster } from './build/build-cluster.ts';
import type { BuiltStatefulSet } from './build/stateful-sets.ts';
import { templateHashOf } from './build/template.ts';
import { isReady } from './kubernetes-types.ts';
import type { Pod, StatefulSet } from './kubernetes-types.ts';
import { formOf } from './pair-forms.ts';
import { podTroubles } from './pod-troubles.ts';
import { presenceOf } from './presence.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';
import type { MemberState, Pair, TemplateState } from './updates.ts';

/** The label by which a StatefulSet tells which of its revisions a pod was made from. */
const REVISION_LABEL = 'controller-revision-hash';

/** What was read of every component's StatefulSets, of the form in which it shall run. */
export function templateStates(
  snapshot: ClusterSnapshot,
  built: BuiltCluster,
): Readonly<Record<Component, readonly TemplateState[]>> {
  const pair = (component: 'statestore' | 'catalog'): readonly TemplateState[] =>
    formOf(snapshot, component) === 'plain'
      ? [plainState(snapshot.pairs[component], built.plain[component])]
      : Object.values(memberStates(snapshot.pairs[component], built.members[component]));
  return {
    statestore: pair('statestore'),
    catalog: pair('catalog'),
    executor: [impaladState(snapshot, 'executor', built.impalads.executor)],
    coordinator: [impaladState(snapshot, 'coordinator', built.impalads.coordinator)],
  };
}

export const memberStates = (pair: PairSnapshot, built: Pair<BuiltStatefulSet>): Pair<MemberState> => ({
  a: memberState(pair, 'a', built.a),
  b: memberState(pair, 'b', built.b),
});

function memberState(pair: PairSnapshot, member: Member, built: BuiltStatefulSet): MemberState {
  const statefulSet = pair.statefulSets[member];
  const pod = pair.pods[member];
  return {
    live: liveTemplate(statefulSet, pod !== undefined, built.templateHash),
    wanted: built.templateHash,
    settled: isSettled(statefulSet, pod),
    failing: pod !== undefined && cannotRun(pair, member, pod),
    placed: pod?.spec?.nodeName !== undefined && !isOnLostNode(pod),
    unschedulable: isUnschedulable(pod),
  };
}

export function plainState({ plain }: PairSnapshot, built: BuiltStatefulSet): TemplateState {
  return {
    live: liveTemplate(plain.statefulSet, plain.pod !== undefined, built.templateHash),
    wanted: built.templateHash,
    settled: isSettled(plain.statefulSet, plain.pod),
    unschedulable: isUnschedulable(plain.pod),
  };
}

export function impaladState(
  snapshot: ClusterSnapshot,
  component: 'coordinator' | 'executor',
  built: BuiltStatefulSet,
): TemplateState {
  const statefulSet = component === 'coordinator' ? snapshot.coordinators : snapshot.executors;
  const pods = podsOfComponent(snapshot, component);
  return {
    live: liveTemplate(statefulSet, pods.length > 0, built.templateHash),
    wanted: built.templateHash,
    settled: statefulSet !== undefined && isRolledOut(statefulSet, built.replicas),
    unschedulable: false,
  };
}

export const podsOfComponent = ({ pods }: ClusterSnapshot, component: Component): Pod[] =>
  pods.filter(({ metadata }) => metadata.labels?.[labels.impalaComponent] === component);

/** Another template of a StatefulSet without pods counts as none: changing it moves nothing. */
function liveTemplate(statefulSet: StatefulSet | undefined, hasPods: boolean, wanted: string): string | undefined {
  if (statefulSet === undefined) return undefined;
  const live = templateHashOf(statefulSet) ?? '';
  return live !== wanted && presenceOf(statefulSet, hasPods).gone ? undefined : live;
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

function isRolledOut({ metadata, status }: StatefulSet, replicas: number): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.updatedReplicas ?? 0) >= replicas &&
    (status?.readyReplicas ?? 0) >= replicas
  );
}

/** Whether kubelet, or the member itself, says that it cannot run as it was made. A start that failed says no such thing. */
function cannotRun(pair: PairSnapshot, member: Member, pod: Pod): boolean {
  const signIn = readSignIn(pair.lease, member);
  const preflightFailed = signIn?.uid === pod.metadata.uid && !signIn?.ready && signIn?.problem !== undefined;
  return preflightFailed || podTroubles(pod).length > 0;
}

const conditionOf = (pod: Pod, type: string): string | undefined =>
  pod.status?.conditions?.find((condition) => condition.type === type)?.status;

const isUnschedulable = (pod: Pod | undefined): boolean =>
  pod !== undefined && pod.spec?.nodeName === undefined && conditionOf(pod, 'PodScheduled') === 'False';

/** What the node controller makes of a pod whose node it does not hear of. */
const isOnLostNode = (pod: Pod): boolean => !isReady(pod) && conditionOf(pod, 'ContainersReady') === 'True';
