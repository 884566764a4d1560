import { MEMBERS, names, PAIR_COMPONENTS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import type { ImpalaCluster } from '../api/impala-cluster.ts';
import type { EndpointSlice, Lease } from '../kube/kubernetes-object.ts';
import type { SourceContent } from './build/configuration.ts';
import type { ClusterIdentity } from './build/metadata.ts';
import type { Pod, Service, StatefulSet } from './kubernetes-types.ts';
import type { NodeStates } from './lost-nodes/node-state.ts';
import type { Problem } from './problem.ts';
import type { Pair } from './updates.ts';

/** What was read of a pair. Objects that belong to somebody else are left out, foreign slices excepted. */
export interface PairSnapshot {
  readonly component: PairComponent;
  readonly lease: Lease | undefined;
  readonly service: Service | undefined;
  readonly slice: EndpointSlice | undefined;
  /** Other slices of the pair's Service. */
  readonly foreignSlices: readonly EndpointSlice[];
  readonly statefulSets: Pair<StatefulSet | undefined>;
  readonly pods: Pair<Pod | undefined>;
  /** What runs in the members' stead when high availability is off. */
  readonly plain: { readonly statefulSet: StatefulSet | undefined; readonly pod: Pod | undefined };
}

/** What was read of an entry of `configuration.from`. */
export type ConfigurationRead =
  { readonly kind: 'read'; readonly content: SourceContent } | { readonly kind: 'missing'; readonly problem: Problem };

/** Everything that a pass over one cluster goes by, read at its beginning. */
export interface ClusterSnapshot {
  readonly cluster: ImpalaCluster;
  readonly identity: ClusterIdentity;
  readonly pairs: Readonly<Record<PairComponent, PairSnapshot>>;
  readonly coordinators: StatefulSet | undefined;
  readonly executors: StatefulSet | undefined;
  /** All pods of the cluster that its StatefulSets have made. */
  readonly pods: readonly Pod[];
  /** In the order of `configuration.from`. */
  readonly sources: readonly ConfigurationRead[];
  /** The nodes on which something may have been lost. */
  readonly nodes: NodeStates;
}

export const podsOf = ({ pods }: PairSnapshot): Pod[] =>
  MEMBERS.map((member) => pods[member]).filter((pod) => pod !== undefined);

export const podNamesOf = (cluster: ClusterIdentity, component: PairComponent): string[] =>
  MEMBERS.map((member) => names.memberPod(cluster.name, component, member));

export const pairsOf = (snapshot: ClusterSnapshot): PairSnapshot[] =>
  PAIR_COMPONENTS.map((component) => snapshot.pairs[component]);
