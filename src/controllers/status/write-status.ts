import { isDeepStrictEqual } from 'node:util';
import { GROUP, KIND, OPERATOR_FIELD_MANAGER, VERSION } from '../../api/names.ts';
import type { ImpalaCluster, ImpalaClusterStatus } from '../../api/impala-cluster.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import { impalaClusters } from '../../api/impala-clusters.ts';

/**
 * Writes the status if it differs from the one that was read.
 * @returns the cluster as written; nothing when there was nothing to write
 * @throws KubernetesApiError
 */
export async function writeStatus(
  api: KubernetesApi,
  cluster: ImpalaCluster,
  status: ImpalaClusterStatus,
): Promise<ImpalaCluster | undefined> {
  if (isDeepStrictEqual(cluster.status, status)) return undefined;
  const { name, namespace = '', uid = '' } = cluster.metadata;
  // The uid keeps a status from a successor of the same name.
  const body = { apiVersion: `${GROUP}/${VERSION}`, kind: KIND, metadata: { name, namespace, uid }, status };
  return api.apply<ImpalaCluster>({ resource: impalaClusters, namespace, name }, body, {
    fieldManager: OPERATOR_FIELD_MANAGER,
    force: true,
    subresource: 'status',
  });
}
