import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { KubernetesObject, ObjectMeta } from '../../src/kube/kubernetes-object.ts';
import { ApiClient } from './api-client.ts';
import type { Credentials } from './api-client.ts';

/** Any object, as far as the suite looks into it. */
export interface AnyObject extends KubernetesObject {
  metadata: ObjectMeta;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/** Reads the kubeconfig, whatever kind of user it names, into what a TLS connection needs. */
export async function credentials(): Promise<Credentials> {
  const configuration = new KubeConfig();
  configuration.loadFromDefault();
  const cluster = configuration.getCurrentCluster();
  if (cluster === null) throw new Error('no cluster: set KUBECONFIG');
  const options: Pick<RequestOptions, 'ca' | 'cert' | 'key'> & { headers?: Record<string, string> } = {};
  await configuration.applyToHTTPSOptions(options);
  const text = (value: RequestOptions['ca' | 'key']): string | undefined => {
    if (value === undefined || typeof value === 'string') return value;
    if (Buffer.isBuffer(value)) return value.toString();
    throw new Error('a list of certificates or keys in a kubeconfig');
  };
  return {
    server: cluster.server,
    ca: text(options.ca),
    cert: text(options.cert),
    key: text(options.key),
    authorization: options.headers?.Authorization,
  };
}

/** The suite's own view of the API server; deliberately not the product's client. */
export const api = new ApiClient(await credentials());

const at = (prefix: string, plural: string) => (namespace: string, name?: string) =>
  `${prefix}/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`;

/** The URLs of what the suite reads and writes. */
export const paths = {
  pods: at('/api/v1', 'pods'),
  services: at('/api/v1', 'services'),
  configMaps: at('/api/v1', 'configmaps'),
  leases: at('/apis/coordination.k8s.io/v1', 'leases'),
  slices: at('/apis/discovery.k8s.io/v1', 'endpointslices'),
  statefulSets: at('/apis/apps/v1', 'statefulsets'),
  deployments: at('/apis/apps/v1', 'deployments'),
  disruptionBudgets: at('/apis/policy/v1', 'poddisruptionbudgets'),
  events: at('/apis/events.k8s.io/v1', 'events'),
  clusters: at('/apis/impala-operator.dev/v1alpha1', 'impalaclusters'),
  namespace: (name: string) => `/api/v1/namespaces/${name}`,
  nodes: '/api/v1/nodes',
} as const;
