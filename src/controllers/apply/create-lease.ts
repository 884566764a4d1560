import type { PairComponent } from '../../api/names.ts';
import type { ImpalaCluster } from '../../api/impala-cluster.ts';
import { names } from '../../api/names.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import type { EndpointSlice } from '../../kube/kubernetes-object.ts';
import { endpointSlices, leases, pods, statefulSets } from '../../kube/resource.ts';
import { historyOf, newLease } from '../build/lease.ts';
import type { LeaseHistory } from '../build/lease.ts';
import { selectorLabels } from '../build/metadata.ts';
import type { ClusterIdentity } from '../build/metadata.ts';
import { sliceTermOf } from '../endpoint-repair.ts';
import { impalaClusters } from '../../api/impala-clusters.ts';
import { getIfExists } from '../../kube/get-if-exists.ts';

/**
 * Creates a pair's Lease by POST, which fails when there is one. Whether it may be claimed at once is decided on reads
 * of the API server itself: a cache may not yet show the pod that is active. A pod that has only just been created
 * cannot have held a Lease that does not exist; a pod that held an earlier one is still there, or has left its term
 * in the slice or the status.
 */
export async function createLease(
  api: KubernetesApi,
  cluster: ClusterIdentity,
  component: PairComponent,
  leaseDurationSeconds: number,
): Promise<LeaseHistory> {
  const history = await readHistory(api, cluster, component);
  try {
    await api.create(
      { resource: leases, namespace: cluster.namespace },
      newLease(cluster, component, leaseDurationSeconds, history),
    );
  } catch (error) {
    // Our own earlier try whose answer was lost; a stranger's shows at the next read.
    if (!(error instanceof KubernetesApiError) || error.reason !== 'AlreadyExists') throw error;
  }
  return history;
}

async function readHistory(
  api: KubernetesApi,
  cluster: ClusterIdentity,
  component: PairComponent,
): Promise<LeaseHistory> {
  const { namespace } = cluster;
  const labels = Object.entries(selectorLabels(cluster, component));
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',');
  const [podList, statefulSetList, slice, live] = await Promise.all([
    api.list({ resource: pods, namespace, labelSelector }),
    api.list({ resource: statefulSets, namespace, labelSelector }),
    getIfExists<EndpointSlice>(api, {
      resource: endpointSlices,
      namespace,
      name: names.pair(cluster.name, component),
    }),
    getIfExists<ImpalaCluster>(api, { resource: impalaClusters, namespace, name: cluster.name }),
  ]);
  return historyOf({
    membersExist: podList.items.length > 0 || statefulSetList.items.length > 0,
    statusTerm: live?.status?.[component]?.term,
    sliceTerm: slice && sliceTermOf(slice),
  });
}
