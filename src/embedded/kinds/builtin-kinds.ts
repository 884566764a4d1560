import type { Resource } from '../../kube/resource.ts';
import {
  configMaps,
  endpointSlices,
  events,
  leases,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  services,
  statefulSets,
} from '../../kube/resource.ts';
import { builtInRulesOf } from '../kind-rules.ts';
import type { ScalePaths, ServedKind } from './served-kind.ts';

const clusterWide = (apiVersion: string, kind: string, plural: string): Resource => ({
  apiVersion,
  kind,
  plural,
  namespaced: false,
});
const inNamespaces = (apiVersion: string, kind: string, plural: string): Resource => ({
  ...clusterWide(apiVersion, kind, plural),
  namespaced: true,
});

export const namespaces = clusterWide('v1', 'Namespace', 'namespaces');
export const nodes = clusterWide('v1', 'Node', 'nodes');
export const secrets = inNamespaces('v1', 'Secret', 'secrets');
export const coreEvents = inNamespaces('v1', 'Event', 'events');
export const deployments = inNamespaces('apps/v1', 'Deployment', 'deployments');
export const clusterRoles = clusterWide('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles');
export const clusterRoleBindings = clusterWide(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
);
export const customResourceDefinitions = clusterWide(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);

const WORKLOAD_SCALE: ScalePaths = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  selector: 'spec.selector',
};

interface Extras {
  readonly shortNames?: readonly string[];
  readonly subresources?: ServedKind['subresources'];
  readonly scale?: ScalePaths;
  readonly inAll?: boolean;
}

const kind = (resource: Resource, extras: Extras = {}): ServedKind => ({
  resource,
  singular: resource.kind.toLowerCase(),
  shortNames: extras.shortNames ?? [],
  categories: extras.inAll === true ? ['all'] : [],
  subresources: extras.subresources ?? [],
  rules: builtInRulesOf(resource),
  ...(extras.scale && { scale: extras.scale }),
});

const scalable: Extras = { subresources: ['status', 'scale'], scale: WORKLOAD_SCALE, inAll: true };

/** The kinds of Kubernetes that the product and its demo use. */
export const BUILT_IN_KINDS: readonly ServedKind[] = [
  kind(namespaces, { shortNames: ['ns'], subresources: ['status'] }),
  kind(nodes, { shortNames: ['no'], subresources: ['status'] }),
  kind(pods, { shortNames: ['po'], subresources: ['status', 'eviction'], inAll: true }),
  kind(services, { shortNames: ['svc'], subresources: ['status'], inAll: true }),
  kind(configMaps, { shortNames: ['cm'] }),
  kind(secrets),
  kind(serviceAccounts, { shortNames: ['sa'] }),
  kind(coreEvents, { shortNames: ['ev'] }),
  kind(events, { shortNames: ['ev'] }),
  kind(statefulSets, { ...scalable, shortNames: ['sts'] }),
  kind(deployments, { ...scalable, shortNames: ['deploy'] }),
  kind(leases),
  kind(endpointSlices),
  kind(podDisruptionBudgets, { shortNames: ['pdb'], subresources: ['status'] }),
  kind(roles),
  kind(roleBindings),
  kind(clusterRoles),
  kind(clusterRoleBindings),
  kind(customResourceDefinitions, { shortNames: ['crd', 'crds'], subresources: ['status'] }),
];
