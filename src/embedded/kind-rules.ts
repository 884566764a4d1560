import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Resource } from '../kube/resource.ts';
import { endpointSliceRules } from './endpoint-slice-rules.ts';
import { leaseRules } from './lease-rules.ts';
import type { MergeSchema } from './merge-schema.ts';

export interface Cause {
  readonly field: string;
  readonly message: string;
}

/** What an API server does with the objects of one kind, apart from what it does with all. */
export interface KindRules {
  /** Whether a PUT of an object that does not exist creates it. */
  readonly createsOnReplace?: boolean;
  /** Whether a PUT without a resourceVersion overwrites; otherwise it is refused. */
  readonly replacesUnconditionally?: boolean;
  /** Whether `metadata.generation` counts the changes of what the user wants. */
  readonly hasGeneration?: boolean;
  /** Whether it counts the changes of the labels, too. */
  readonly generationCountsLabels?: boolean;
  /** Whether the status is written through the subresource alone. */
  readonly hasStatus?: boolean;
  /** The status of a new object. */
  readonly initialStatus?: object;
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
  /** The parts of the kind's objects that have owners of their own, where they are not those of a built-in kind. */
  readonly mergeSchema?: MergeSchema;
}

const customResource: KindRules = { hasGeneration: true, hasStatus: true };
const unconditional: KindRules = { replacesUnconditionally: true };
const createdByAnything: KindRules = { createsOnReplace: true, replacesUnconditionally: true };
const workload: KindRules = { ...customResource, replacesUnconditionally: true };
/** What makes pods: without a template it could make none. */
const podMaker: KindRules = {
  ...workload,
  validate: (object) => {
    const { spec } = object as { spec?: { template?: unknown } };
    const has = typeof spec?.template === 'object' && spec.template !== null;
    return has ? [] : [{ field: 'spec.template', message: 'Required value' }];
  },
};

const RULES: Readonly<Record<string, KindRules>> = {
  'coordination.k8s.io/v1/Lease': leaseRules,
  'discovery.k8s.io/v1/EndpointSlice': endpointSliceRules,
  'v1/Service': { ...createdByAnything, hasStatus: true, initialStatus: { loadBalancer: {} } },
  'v1/Pod': { ...workload, deletesGracefully: true, initialStatus: { phase: 'Pending' } },
  'v1/Node': { hasStatus: true, replacesUnconditionally: true },
  'v1/Namespace': { hasStatus: true, initialStatus: { phase: 'Active' } },
  'v1/Secret': unconditional,
  'apps/v1/StatefulSet': { ...podMaker, initialStatus: { replicas: 0, availableReplicas: 0 } },
  'apps/v1/Deployment': { ...podMaker, initialStatus: {} },
  'apiextensions.k8s.io/v1/CustomResourceDefinition': { ...customResource, initialStatus: {} },
  'policy/v1/PodDisruptionBudget': {
    ...customResource,
    initialStatus: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  },
  'rbac.authorization.k8s.io/v1/Role': createdByAnything,
  'rbac.authorization.k8s.io/v1/RoleBinding': createdByAnything,
  'rbac.authorization.k8s.io/v1/ClusterRole': createdByAnything,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': createdByAnything,
  'events.k8s.io/v1/Event': createdByAnything,
  'v1/ConfigMap': unconditional,
  'v1/ServiceAccount': unconditional,
};

/** A kind that is not built in is a custom resource with a status. */
export const builtInRulesOf = ({ apiVersion, kind }: Resource): KindRules =>
  RULES[`${apiVersion}/${kind}`] ?? customResource;
