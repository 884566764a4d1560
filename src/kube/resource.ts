/** A kind of object as the API server's URLs name it. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural, lower case: the last fixed part of the URL. */
  readonly plural: string;
  readonly namespaced: boolean;
}

const resource = (apiVersion: string, kind: string, plural: string): Resource => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
});

export const leases = resource('coordination.k8s.io/v1', 'Lease', 'leases');
export const endpointSlices = resource('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices');
export const services = resource('v1', 'Service', 'services');
export const pods = resource('v1', 'Pod', 'pods');
export const configMaps = resource('v1', 'ConfigMap', 'configmaps');
export const secrets = resource('v1', 'Secret', 'secrets');
export const serviceAccounts = resource('v1', 'ServiceAccount', 'serviceaccounts');
export const statefulSets = resource('apps/v1', 'StatefulSet', 'statefulsets');
export const roles = resource('rbac.authorization.k8s.io/v1', 'Role', 'roles');
export const roleBindings = resource('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings');
export const podDisruptionBudgets = resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const events = resource('events.k8s.io/v1', 'Event', 'events');

export const nodes: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
