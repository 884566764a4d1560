import type { ConfigurationSource } from '../../api/configuration.ts';
import type { ImpalaClusterSpec } from '../../api/impala-cluster.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import { configMaps, secrets } from '../../kube/resource.ts';
import { getIfExists } from '../../kube/get-if-exists.ts';
import { sourceReference } from '../build/configuration.ts';
import type { ClusterIdentity } from '../build/metadata.ts';
import type { ConfigMap, Secret } from '../kubernetes-types.ts';
import type { ConfigurationRead } from '../snapshot.ts';

/**
 * Reads the ConfigMaps and Secrets that a spec names, each by its name: they are the user's, and no watch of them would
 * do with less than the right to read all there are.
 * @throws KubernetesApiError when the API does not answer
 */
export function readSources(
  api: KubernetesApi,
  cluster: ClusterIdentity,
  { configuration }: ImpalaClusterSpec,
): Promise<ConfigurationRead[]> {
  return Promise.all((configuration?.from ?? []).map((source) => readSource(api, cluster, source)));
}

async function readSource(
  api: KubernetesApi,
  { namespace }: ClusterIdentity,
  source: ConfigurationSource,
): Promise<ConfigurationRead> {
  const { kind, name } = sourceReference(source);
  const resource = kind === 'Secret' ? secrets : configMaps;
  try {
    const object = await getIfExists<ConfigMap & Secret>(api, { resource, namespace, name });
    if (object === undefined) {
      const message = `spec.configuration.from: there is no ${kind} ${name} in the namespace ${namespace}: make it, or leave it out`;
      return { kind: 'missing', problem: { reason: 'ConfigurationMissing', message } };
    }
    return { kind: 'read', content: { kind, name, data: object.data ?? {}, binaryData: object.binaryData ?? {} } };
  } catch (error) {
    if (!(error instanceof KubernetesApiError) || error.reason !== 'Forbidden') throw error;
    return { kind: 'missing', problem: { reason: 'Forbidden', message: error.message } };
  }
}
