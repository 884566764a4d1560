import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Resource } from '../kube/resource.ts';
import { endpointSliceRules } from './endpoint-slice-rules.ts';
import { leaseRules } from './lease-rules.ts';

export interface Cause {
  readonly field: string;
  readonly message: string;
}

/** What an API server does with the objects of one kind, apart from what it does with all. */
export interface KindRules {
  /** Whether a PUT of an object that does not exist creates it. */
  readonly createsOnReplace?: boolean;
  /** Whether `metadata.generation` counts the changes of what the user wants. */
  readonly hasGeneration?: boolean;
  /** Whether the status is written through the subresource alone. */
  readonly hasStatus?: boolean;
  /** Whether a deletion is a request to kubelet, which deletes the object when the containers have stopped. */
  readonly deletesGracefully?: boolean;
  /**
   * What it decodes from a body: drops what it does not know, fills in defaults.
   * @throws StatusError 400 for what it cannot decode
   */
  decode?(object: KubernetesObject): KubernetesObject;
  /** Server-side apply refuses fields that the schema does not have: the path of the first one. */
  undeclaredField?(applied: KubernetesObject): string | undefined;
  /** What makes the object invalid (422). */
  validate?(object: KubernetesObject, previous: KubernetesObject | undefined): Cause[];
}

const withStatus: KindRules = { hasGeneration: true, hasStatus: true };

const RULES: Readonly<Record<string, KindRules>> = {
  'coordination.k8s.io/v1/Lease': leaseRules,
  'discovery.k8s.io/v1/EndpointSlice': endpointSliceRules,
  'v1/Service': { createsOnReplace: true, hasStatus: true },
  'v1/Pod': { ...withStatus, deletesGracefully: true },
  'v1/Node': { hasStatus: true },
  'apps/v1/StatefulSet': withStatus,
  'apps/v1/Deployment': withStatus,
  'policy/v1/PodDisruptionBudget': withStatus,
  'rbac.authorization.k8s.io/v1/Role': { createsOnReplace: true },
  'rbac.authorization.k8s.io/v1/RoleBinding': { createsOnReplace: true },
  'events.k8s.io/v1/Event': { createsOnReplace: true },
  'v1/ConfigMap': {},
  'v1/ServiceAccount': {},
};

/** A kind that is not built in is a custom resource with a status. */
export const rulesOf = ({ apiVersion, kind }: Resource): KindRules => RULES[`${apiVersion}/${kind}`] ?? withStatus;
