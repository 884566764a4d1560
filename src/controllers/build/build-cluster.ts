import { AGENT_CONTAINER, COMPONENTS, PAIR_COMPONENTS } from '../../api/names.ts';
import type { Component, Member, PairComponent } from '../../api/names.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { Port } from '../../daemons/daemon.ts';
import type { Route } from '../forms.ts';
import type { Pod, StatefulSet } from '../kubernetes-types.ts';
import { presenceOf } from '../presence.ts';
import type { ClusterSnapshot, PairSnapshot } from '../snapshot.ts';
import type { Pair } from '../updates.ts';
import type { ValidCluster } from '../validate.ts';
import { endpointSlice } from './endpoint-slice.ts';
import { leaseMetadata } from './lease.ts';
import type { DesiredObject } from './metadata.ts';
import { pairTemplates, type PairTemplates } from './pair-template.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { role, roleBinding, serviceAccount } from './role-based-access.ts';
import { activeService, coordinatorService, headlessService } from './services.ts';
import { built, impaladStatefulSet, memberStatefulSet, plainStatefulSet } from './stateful-sets.ts';
import type { BuiltStatefulSet } from './stateful-sets.ts';
import { templateHashOf } from './template.ts';

/** All objects of a cluster as they should be. */
export interface BuiltCluster {
  /** All but the StatefulSets, whose turn is decided on its own. */
  readonly objects: readonly DesiredObject[];
  readonly members: Readonly<Record<PairComponent, Pair<BuiltStatefulSet>>>;
  /** What runs in the members' stead when high availability is off. */
  readonly plain: Readonly<Record<PairComponent, BuiltStatefulSet>>;
  readonly impalads: Readonly<Record<'coordinator' | 'executor', BuiltStatefulSet>>;
}

/**
 * Builds every object of a cluster: pure, the same for the same arguments.
 * @param operatorImage the image that new agents get
 * @param live what is there: only the agents of its members count
 * @param routes where the pairs' Services lead now
 */
export function buildCluster(
  cluster: ValidCluster,
  operatorImage: string,
  live: Pick<ClusterSnapshot, 'pairs'>,
  routes: Readonly<Record<PairComponent, Route>>,
): BuiltCluster {
  const { identity, daemons } = cluster;
  const ports = (component: Component): readonly Port[] =>
    component === 'statestore' || component === 'catalog' ? daemons[component].a.ports : daemons[component].ports;
  const members = (component: PairComponent): Pair<BuiltStatefulSet> => {
    const templatesWith = templatesByImage(cluster, component);
    return {
      a: buildMember(cluster, live.pairs[component], 'a', operatorImage, templatesWith),
      b: buildMember(cluster, live.pairs[component], 'b', operatorImage, templatesWith),
    };
  };
  const objects: DesiredObject<KubernetesObject>[] = [
    ...PAIR_COMPONENTS.flatMap((component) => [
      serviceAccount(identity, component),
      role(identity, component),
      roleBinding(identity, component),
      activeService(identity, component, ports(component), routes[component]),
      endpointSlice(identity, component, ports(component)),
      leaseMetadata(identity, component),
      podDisruptionBudget(identity, component),
    ]),
    ...COMPONENTS.map((component) => headlessService(identity, component, ports(component))),
    coordinatorService(identity, daemons.coordinator.servicePorts),
  ];
  return {
    objects,
    members: { statestore: members('statestore'), catalog: members('catalog') },
    plain: {
      statestore: built(plainStatefulSet(cluster, 'statestore')),
      catalog: built(plainStatefulSet(cluster, 'catalog')),
    },
    impalads: {
      coordinator: built(impaladStatefulSet(cluster, 'coordinator')),
      executor: built(impaladStatefulSet(cluster, 'executor')),
    },
  };
}

type TemplatesWith = (agentImage: string) => PairTemplates;

/** The templates of a pair, built once for each image: nearly always both members have the same, and it is the wanted one. */
function templatesByImage(cluster: ValidCluster, component: PairComponent): TemplatesWith {
  const built = new Map<string, PairTemplates>();
  return (image) => {
    const templates = built.get(image) ?? pairTemplates(cluster, component, image);
    built.set(image, templates);
    return templates;
  };
}

/**
 * An upgrade of the operator must not restart a daemon: a member keeps the image of its agent as long as nothing else of
 * its template changes, and gets the new one together with the next change, or when it has no pod that it could restart.
 * An image that does not work is not kept.
 */
function buildMember(
  cluster: ValidCluster,
  pair: PairSnapshot,
  member: Member,
  operatorImage: string,
  templatesWith: TemplatesWith,
): BuiltStatefulSet {
  const { component } = pair;
  const live = pair.statefulSets[member];
  const idle = presenceOf(live, pair.pods[member] !== undefined).gone;
  const liveImage = idle || agentFails(pair.pods[member]) ? undefined : agentImageOf(live);
  const kept = liveImage === undefined ? undefined : templatesWith(liveImage);
  const unchanged = kept !== undefined && kept.hash === templateHashOf(live);
  const { templates } = unchanged ? kept : templatesWith(operatorImage);
  return built(memberStatefulSet(cluster, component, member, templates[member]));
}

const agentImageOf = (statefulSet: StatefulSet | undefined): string | undefined =>
  statefulSet?.spec?.template.spec?.initContainers?.find(({ name }) => name === AGENT_CONTAINER)?.image;

/** Why kubelet lets a container wait that has an image it cannot get, or one that does not run. */
const FAILURES = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'CrashLoopBackOff'];

function agentFails(pod: Pod | undefined): boolean {
  const agent = pod?.status?.initContainerStatuses?.find(({ name }) => name === AGENT_CONTAINER);
  return FAILURES.includes(agent?.state?.waiting?.reason ?? '');
}
