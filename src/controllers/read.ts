import { names, PAIR_COMPONENTS } from '../api/names.ts';
import type { Member, PairComponent } from '../api/names.ts';
import { withDefaults } from '../api/defaults.ts';
import type { ImpalaCluster } from '../api/impala-cluster.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import type { EndpointSlice, KubernetesObject, Lease } from '../kube/kubernetes-object.ts';
import { endpointSlices, leases, pods, services, statefulSets } from '../kube/resource.ts';
import type { Resource } from '../kube/resource.ts';
import { readSources } from './configuration/read-sources.ts';
import { SERVICE_NAME_LABEL } from './build/endpoint-slice.ts';
import type { ClusterIdentity } from './build/metadata.ts';
import type { Pod, Service, StatefulSet } from './kubernetes-types.ts';
import type { NodeScout } from './lost-nodes/node-scout.ts';
import type { ObjectCache } from './object-cache.ts';
import { ownershipOf } from './ownership.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';

/**
 * Looks for slices that the watch does not show: those that Kubernetes' own controller made for one of our Services
 * while it had a selector, and left behind. They are listed when the Service has changed since they were last looked
 * for, when some were there then, and as long as it has a selector.
 */
export class LeftoverSlices {
  readonly #api: KubernetesApi;
  readonly #found = new Map<string, { serviceVersion: string | undefined; slices: readonly EndpointSlice[] }>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  async of({ spec, metadata: { namespace = '', name, resourceVersion } }: Service): Promise<readonly EndpointSlice[]> {
    const key = `${namespace}/${name}`;
    const known = this.#found.get(key);
    const selects = Object.keys(spec?.selector ?? {}).length > 0;
    if (!selects && known !== undefined && known.serviceVersion === resourceVersion && known.slices.length === 0) {
      return [];
    }
    const labelSelector = `${SERVICE_NAME_LABEL}=${name}`;
    const { items } = await this.#api.list<EndpointSlice>({ resource: endpointSlices, namespace, labelSelector });
    // Those that lead nowhere stay behind for good.
    const slices = items.filter(({ metadata, endpoints }) => metadata.name !== name && (endpoints ?? []).length > 0);
    this.#found.set(key, { serviceVersion: resourceVersion, slices });
    return slices;
  }

  /** Forgets a cluster that has gone. */
  forget(namespace: string, cluster: string): void {
    for (const component of PAIR_COMPONENTS) this.#found.delete(`${namespace}/${names.pair(cluster, component)}`);
  }
}

/**
 * Reads what a pass over a cluster goes by.
 * @throws KubernetesApiError
 */
export async function readSnapshot(
  api: KubernetesApi,
  cache: ObjectCache,
  leftovers: LeftoverSlices,
  scout: NodeScout,
  cluster: ImpalaCluster,
): Promise<ClusterSnapshot> {
  const identity: ClusterIdentity = {
    namespace: cluster.metadata.namespace ?? '',
    name: cluster.metadata.name,
    uid: cluster.metadata.uid ?? '',
  };
  const [statestore, catalog] = await Promise.all([
    readPair(cache, leftovers, identity, 'statestore'),
    readPair(cache, leftovers, identity, 'catalog'),
  ]);
  const defaulted = withDefaults(cluster);
  return {
    cluster: defaulted,
    identity,
    sources: await readSources(api, identity, defaulted.spec),
    pods: podsOfCluster(cache, identity),
    pairs: { statestore, catalog },
    coordinators: own<StatefulSet>(cache, identity, statefulSets, names.impalads(identity.name, 'coordinator')),
    executors: own<StatefulSet>(cache, identity, statefulSets, names.impalads(identity.name, 'executor')),
    nodes: await scout.look([statestore, catalog], cluster.status),
  };
}

async function readPair(
  cache: ObjectCache,
  leftovers: LeftoverSlices,
  cluster: ClusterIdentity,
  component: PairComponent,
): Promise<PairSnapshot> {
  const name = names.pair(cluster.name, component);
  const service = own<Service>(cache, cluster, services, name);
  const watched = cache
    .list<EndpointSlice>(endpointSlices, cluster.namespace)
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === name && metadata.name !== name);
  const left = service === undefined ? [] : await leftovers.of(service);
  const statefulSet = (member: Member): StatefulSet | undefined =>
    own<StatefulSet>(cache, cluster, statefulSets, names.memberStatefulSet(cluster.name, component, member));
  const pod = (member: Member): Pod | undefined => {
    const found = cache.get<Pod>(pods, cluster.namespace, names.memberPod(cluster.name, component, member));
    return found !== undefined && isOf(found, statefulSet(member)) ? found : undefined;
  };
  const plain = own<StatefulSet>(cache, cluster, statefulSets, names.plainStatefulSet(cluster.name, component));
  const plainFound = cache.get<Pod>(pods, cluster.namespace, names.plainPod(cluster.name, component));
  const plainPod = plainFound !== undefined && isOf(plainFound, plain) ? plainFound : undefined;
  return {
    component,
    service,
    lease: own<Lease>(cache, cluster, leases, name),
    slice: own<EndpointSlice>(cache, cluster, endpointSlices, name),
    foreignSlices: distinct([...watched, ...left]),
    statefulSets: { a: statefulSet('a'), b: statefulSet('b') },
    pods: { a: pod('a'), b: pod('b') },
    plain: { statefulSet: plain, pod: plainPod },
  };
}

/** The pods that the cluster's StatefulSets have made. */
function podsOfCluster(cache: ObjectCache, cluster: ClusterIdentity): Pod[] {
  const sets = cache
    .list<StatefulSet>(statefulSets, cluster.namespace)
    .filter((statefulSet) => ownershipOf(statefulSet, cluster) === 'ours');
  const owners = new Set(sets.map(({ metadata }) => metadata.uid));
  return cache
    .list<Pod>(pods, cluster.namespace)
    .filter(({ metadata }) => owners.has(metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid));
}

function own<T extends KubernetesObject>(
  cache: ObjectCache,
  cluster: ClusterIdentity,
  resource: Resource,
  name: string,
): T | undefined {
  const object = cache.get<T>(resource, cluster.namespace, name);
  return object !== undefined && ownershipOf(object, cluster) === 'ours' ? object : undefined;
}

/** Whether a pod is a StatefulSet's. One without a controller is an orphan, which its next StatefulSet adopts. */
function isOf({ metadata }: Pod, statefulSet: StatefulSet | undefined): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined || owner.uid === statefulSet?.metadata.uid;
}

const distinct = (slices: readonly EndpointSlice[]): EndpointSlice[] => [
  ...new Map(slices.map((slice) => [slice.metadata.name, slice])).values(),
];
