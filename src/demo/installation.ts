import { customResourceDefinition } from '../api/custom-resource-definition.ts';
import { impalaClusters } from '../api/impala-clusters.ts';
import type { EmbeddedCluster } from '../embedded/embedded-cluster.ts';
import { customResourceDefinitions, deployments, namespaces } from '../embedded/kinds/builtin-kinds.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';

export const OPERATOR_NAMESPACE = 'impala-operator';
export const OPERATOR_DEPLOYMENT = 'impala-operator';

const MANAGER = 'impala-demo';

/** Installs the operator as the chart does: its CustomResourceDefinition, and a Deployment that runs it. */
export async function installOperator(cluster: EmbeddedCluster): Promise<void> {
  const api = cluster.server.client(MANAGER);
  await api.create({ resource: namespaces }, { metadata: { name: OPERATOR_NAMESPACE } });
  await installDefinition(cluster);
  const labels = { 'app.kubernetes.io/name': 'impala-operator' };
  const image = 'impala-operator:demo';
  const body: KubernetesObject & { spec: object } = {
    metadata: { name: OPERATOR_DEPLOYMENT, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'operator',
              image,
              env: [
                { name: 'OPERATOR_IMAGE', value: image },
                { name: 'OPERATOR_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
                { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              ],
            },
          ],
        },
      },
    },
  };
  await api.create({ resource: deployments, namespace: OPERATOR_NAMESPACE }, body);
}

/** Makes the API server know ImpalaClusters. */
export async function installDefinition(cluster: EmbeddedCluster): Promise<void> {
  await cluster.server.client(MANAGER).create({ resource: customResourceDefinitions }, customResourceDefinition());
}

/** Scales the operator to nothing, or back. */
export async function setOperator(cluster: EmbeddedCluster, running: boolean): Promise<void> {
  const reference = { resource: deployments, namespace: OPERATOR_NAMESPACE, name: OPERATOR_DEPLOYMENT };
  await cluster.server.client(MANAGER).mergePatch(reference, { spec: { replicas: running ? 1 : 0 } });
}

/** Applies an ImpalaCluster, as `kubectl apply --server-side`. */
export async function applyCluster(
  cluster: EmbeddedCluster,
  manifest: KubernetesObject,
  namespace: string,
): Promise<void> {
  const reference = { resource: impalaClusters, namespace, name: manifest.metadata.name };
  await cluster.server.client(MANAGER).apply(reference, manifest, { fieldManager: MANAGER });
}
