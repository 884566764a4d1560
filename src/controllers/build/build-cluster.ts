import { AGENT_CONTAINER, annotations, COMPONENTS, MEMBERS, PAIR_COMPONENTS } from '../../api/names.ts';
import type { Component, Member, PairComponent } from '../../api/names.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { Port } from '../../daemons/daemon.ts';
import type { StatefulSet } from '../kubernetes-types.ts';
import type { ClusterSnapshot } from '../snapshot.ts';
import type { Pair } from '../updates.ts';
import type { ValidCluster } from '../validate.ts';
import { configurationMap } from './configuration.ts';
import { endpointSlice } from './endpoint-slice.ts';
import { leaseMetadata } from './lease.ts';
import type { DesiredObject } from './metadata.ts';
import { pairTemplates } from './pair-template.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { role, roleBinding, serviceAccount } from './role-based-access.ts';
import { activeService, coordinatorService, headlessService } from './services.ts';
import { impaladStatefulSet, memberStatefulSet } from './stateful-sets.ts';

/** A member's StatefulSet, and the hash of its template. */
export interface BuiltMember {
  readonly statefulSet: DesiredObject<StatefulSet>;
  readonly templateHash: string;
}

/** All objects of a cluster as they should be. */
export interface BuiltCluster {
  /** All but the members' StatefulSets, whose turn is decided on its own. */
  readonly objects: readonly DesiredObject[];
  readonly members: Readonly<Record<PairComponent, Pair<BuiltMember>>>;
}

/**
 * Builds every object of a cluster: pure, the same for the same arguments.
 * @param operatorImage the image that new agents get
 * @param live what is there: only the images of the agents in it count
 */
export function buildCluster(
  cluster: ValidCluster,
  operatorImage: string,
  live: Pick<ClusterSnapshot, 'pairs'>,
): BuiltCluster {
  const { identity, spec, daemons } = cluster;
  const ports = (component: Component): readonly Port[] =>
    component === 'statestore' || component === 'catalog' ? daemons[component].a.ports : daemons[component].ports;
  const configuration = configurationMap(identity, spec);
  const members = (component: PairComponent): Pair<BuiltMember> => ({
    a: buildMember(cluster, component, 'a', operatorImage, live.pairs[component].statefulSets.a),
    b: buildMember(cluster, component, 'b', operatorImage, live.pairs[component].statefulSets.b),
  });
  const objects: DesiredObject<KubernetesObject>[] = [
    ...PAIR_COMPONENTS.flatMap((component) => [
      serviceAccount(identity, component),
      role(identity, component),
      roleBinding(identity, component),
      activeService(identity, component, ports(component)),
      endpointSlice(identity, component, ports(component)),
      leaseMetadata(identity, component),
      podDisruptionBudget(identity, component),
    ]),
    ...COMPONENTS.map((component) => headlessService(identity, component, ports(component))),
    coordinatorService(identity, daemons.coordinator.servicePorts),
    ...(configuration ? [configuration] : []),
    impaladStatefulSet(cluster, 'coordinator'),
    impaladStatefulSet(cluster, 'executor'),
  ];
  return { objects, members: { statestore: members('statestore'), catalog: members('catalog') } };
}

/**
 * An upgrade of the operator must not restart a daemon: a member keeps the image of its agent as long as nothing else of
 * its template changes, and gets the new one together with the next change.
 */
function buildMember(
  cluster: ValidCluster,
  component: PairComponent,
  member: Member,
  operatorImage: string,
  live: StatefulSet | undefined,
): BuiltMember {
  const liveImage = agentImageOf(live);
  const kept = liveImage === undefined ? undefined : pairTemplates(cluster, component, liveImage);
  const unchanged = kept !== undefined && kept.hash === templateHashOf(live);
  const { hash, templates } = unchanged ? kept : pairTemplates(cluster, component, operatorImage);
  return { templateHash: hash, statefulSet: memberStatefulSet(cluster, component, member, templates[member]) };
}

const agentImageOf = (statefulSet: StatefulSet | undefined): string | undefined =>
  statefulSet?.spec?.template.spec?.initContainers?.find(({ name }) => name === AGENT_CONTAINER)?.image;

/** The hash of the template that a StatefulSet has. */
export const templateHashOf = (statefulSet: StatefulSet | undefined): string | undefined =>
  statefulSet?.spec?.template.metadata?.annotations?.[annotations.template];

/** The members' StatefulSets, with whose they are. */
export const builtMembers = ({
  members,
}: BuiltCluster): { component: PairComponent; member: Member; built: BuiltMember }[] =>
  PAIR_COMPONENTS.flatMap((component) =>
    MEMBERS.map((member) => ({ component, member, built: members[component][member] })),
  );
