import {
  annotations,
  memberOfPod,
  MEMBERS,
  names,
  PAIR_COMPONENTS,
  type Member,
  type PairComponent,
} from '../api/names.ts';
import { podNamedIn } from '../daemons/claim-identity.ts';
import type { ImpalaCluster } from '../api/impala-cluster.ts';
import { impalaClusters } from '../api/impala-clusters.ts';
import { isReady, type Pod } from '../controllers/kubernetes-types.ts';
import type { ApiState } from '../embedded/embedded-cluster.ts';
import type { DaemonProcess } from '../embedded/impala/daemon-process.ts';
import { deployments } from '../embedded/kinds/builtin-kinds.ts';
import type { KubernetesEvent } from '../kube/event.ts';
import type { EndpointSlice, KubernetesObject, Lease } from '../kube/kubernetes-object.ts';
import { endpointSlices, events, leases, pods } from '../kube/resource.ts';
import { NAMESPACE, type DemoCluster } from './demo-cluster.ts';
import { OPERATOR_DEPLOYMENT, OPERATOR_NAMESPACE } from './installation.ts';

export interface MemberView {
  readonly member: Member;
  readonly pod: string;
  readonly node: string;
  /** What it is, and how it does. */
  readonly role: 'active' | 'standby' | 'lost' | 'away';
  readonly ready: boolean;
  /** Whether a process of its daemon lives. */
  readonly daemon: 'none' | 'loading' | 'serving' | 'stopped';
}

export interface PairView {
  readonly component: PairComponent;
  readonly term: number;
  /** Since the last renewal, in seconds; nothing before the first. */
  readonly leaseAge: number | undefined;
  readonly leaseDuration: number;
  readonly holder: Member | undefined;
  readonly endpoint: { readonly address: string; readonly member: Member | undefined } | undefined;
  readonly members: readonly MemberView[];
}

export interface SubscriberView {
  readonly name: string;
  readonly connected: boolean;
  /** The member whose statestored it is registered with. */
  readonly registeredWith: Member | undefined;
}

export interface DemoSnapshot {
  readonly available: boolean;
  readonly coordinators: string;
  readonly executors: string;
  readonly api: ApiState;
  readonly operator: boolean;
  readonly nodes: readonly { readonly name: string; readonly up: boolean }[];
  readonly pairs: readonly PairView[];
  readonly subscribers: readonly SubscriberView[];
  readonly events: readonly {
    readonly at: Date;
    readonly type: string;
    readonly reason: string;
    readonly note: string;
  }[];
}

/** The demo at this moment, from the objects of the cluster and from the models of the daemons. */
export function snapshotOf(demo: DemoCluster): DemoSnapshot {
  const { cluster, name } = demo;
  const object = cluster.server.peek<ImpalaCluster>({ resource: impalaClusters, namespace: NAMESPACE, name });
  const status = object?.status;
  return {
    available: status?.conditions?.some(({ type, status: value }) => type === 'Available' && value === 'True') ?? false,
    coordinators: status?.coordinators?.ready ?? '-',
    executors: status?.executors?.ready ?? '-',
    api: cluster.apiState,
    operator: operatorRuns(demo),
    nodes: cluster.nodes.map(({ name: node, up }) => ({ name: node, up })),
    pairs: PAIR_COMPONENTS.map((component) => pairOf(demo, component)),
    subscribers: subscribersOf(demo),
    events: eventsOf(demo),
  };
}

/** The daemons of the demo's pair that live; there is never more than one. Other clusters may have been applied, too. */
export const daemonsOf = ({ cluster, name }: DemoCluster, component: PairComponent): DaemonProcess[] =>
  [...cluster.network.daemons].filter(
    ({ identity, alive }) =>
      alive && identity.namespace === NAMESPACE && memberOfPod(name, component, identity.pod) !== undefined,
  );

function operatorRuns({ cluster }: DemoCluster): boolean {
  const reference = { resource: deployments, namespace: OPERATOR_NAMESPACE, name: OPERATOR_DEPLOYMENT };
  const deployment = cluster.server.peek<KubernetesObject & { status?: { readyReplicas?: number } }>(reference);
  return (deployment?.status?.readyReplicas ?? 0) > 0;
}

export function leaseOf({ cluster, name }: DemoCluster, component: PairComponent): Lease | undefined {
  return cluster.server.peek<Lease>({ resource: leases, namespace: NAMESPACE, name: names.pair(name, component) });
}

/** The member whose pod holds a pair's Lease. */
export function holderOf(demo: DemoCluster, component: PairComponent): Member | undefined {
  const identity = leaseOf(demo, component)?.spec?.holderIdentity ?? '';
  return memberOfPod(demo.name, component, podNamedIn(identity));
}

function pairOf(demo: DemoCluster, component: PairComponent): PairView {
  const { cluster, name } = demo;
  const lease = leaseOf(demo, component);
  const { renewTime, leaseDurationSeconds = 0, leaseTransitions = 0 } = lease?.spec ?? {};
  const reference = { resource: endpointSlices, namespace: NAMESPACE, name: names.pair(name, component) };
  const address = cluster.server.peek<EndpointSlice>(reference)?.endpoints?.[0]?.addresses[0];
  const holder = holderOf(demo, component);
  const members = MEMBERS.map((member) => memberOf(demo, component, member, holder));
  const addressed = MEMBERS.find((member) => podOf(demo, component, member)?.status?.podIP === address);
  return {
    component,
    term: leaseTransitions,
    leaseAge: renewTime === undefined ? undefined : (Date.now() - Date.parse(renewTime)) / 1000,
    leaseDuration: leaseDurationSeconds,
    holder,
    endpoint: address === undefined ? undefined : { address, member: addressed },
    members,
  };
}

const podOf = ({ cluster, name }: DemoCluster, component: PairComponent, member: Member): Pod | undefined =>
  cluster.server.peek<Pod>({ resource: pods, namespace: NAMESPACE, name: names.memberPod(name, component, member) });

function memberOf(demo: DemoCluster, component: PairComponent, member: Member, holder: Member | undefined): MemberView {
  const pod = podOf(demo, component, member);
  const name = names.memberPod(demo.name, component, member);
  const node = pod?.spec?.nodeName ?? '-';
  const lost = demo.cluster.nodes.some((one) => one.name === node && !one.up);
  const daemon = daemonsOf(demo, component).find(({ identity }) => identity.pod === name);
  const role = pod === undefined ? 'away' : lost ? 'lost' : holder === member ? 'active' : 'standby';
  return {
    member,
    pod: name,
    node,
    role,
    ready: !lost && pod !== undefined && isReady(pod),
    daemon: daemon === undefined ? 'none' : !daemon.responsive ? 'stopped' : daemon.serving ? 'serving' : 'loading',
  };
}

/** Everybody who has to find the statestored: impalads and the catalogd. */
export function subscribersOf(demo: DemoCluster): SubscriberView[] {
  const { cluster, name } = demo;
  const all = cluster.server.peekAll<Pod>({ resource: pods, namespace: NAMESPACE });
  return all.flatMap(({ metadata }): SubscriberView[] => {
    const subscriber = cluster.impala.subscriberOf(`${NAMESPACE}/${metadata.name}`);
    if (subscriber === undefined) return [];
    const pod = subscriber.registeredWith?.daemon.alive === true ? subscriber.registeredWith.daemon.identity.pod : '';
    const short = metadata.name.slice(name.length + 1);
    return [
      {
        name: subscriber.catalogd === undefined ? short : 'catalogd',
        connected: subscriber.connected,
        registeredWith: memberOfPod(name, 'statestore', pod),
      },
    ];
  });
}

function eventsOf({ cluster }: DemoCluster): DemoSnapshot['events'] {
  return cluster.server
    .peekAll<KubernetesEvent>({ resource: events, namespace: NAMESPACE })
    .map(({ eventTime, series, type, reason, note }) => ({
      at: new Date(series?.lastObservedTime ?? eventTime),
      type,
      reason,
      note,
    }))
    .sort((one, other) => one.at.getTime() - other.at.getTime());
}

/** Why the holder of a Lease took over, in one word. */
export const reasonOf = (lease: Lease | undefined): string =>
  lease?.metadata.annotations?.[annotations.transitionReason] ?? '';
