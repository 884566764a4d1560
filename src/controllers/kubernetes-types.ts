import type {
  V1ContainerStatus,
  V1PodCondition,
  V1PodDisruptionBudgetSpec,
  V1PodSpec,
  V1PodTemplateSpec,
  V1PolicyRule,
  V1RoleRef,
  V1ServiceSpec,
  V1StatefulSetSpec,
  V1StatefulSetStatus,
  RbacV1Subject,
} from '@kubernetes/client-node';

import type { KubernetesObject } from '../kube/kubernetes-object.ts';

/** The kinds that the controller builds and reads, as they stand on the wire. Their parts are client-node's types. */
export interface StatefulSet extends KubernetesObject {
  spec?: V1StatefulSetSpec;
  status?: V1StatefulSetStatus;
}

export type PodTemplate = V1PodTemplateSpec;

export interface Pod extends KubernetesObject {
  spec?: V1PodSpec;
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: (Pick<V1PodCondition, 'type' | 'status' | 'reason' | 'message'> & { lastTransitionTime?: string })[];
    initContainerStatuses?: V1ContainerStatus[];
    containerStatuses?: V1ContainerStatus[];
  };
}

/** As much of a Node as tells whether what ran on it may still run. */
export interface Node extends KubernetesObject {
  spec?: { taints?: { key: string; effect?: string }[] };
  status?: {
    conditions?: { type: string; status: string }[];
    nodeInfo?: { bootID?: string };
  };
}

export interface Service extends KubernetesObject {
  spec?: V1ServiceSpec;
}

export interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
  /** What is no text, in base64. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

/** It must not get into a log, an event, a status or an error's message. */
export interface Secret extends KubernetesObject {
  type?: string;
  /** In base64. */
  data?: Record<string, string>;
  immutable?: boolean;
}

export interface ServiceAccount extends KubernetesObject {
  automountServiceAccountToken?: boolean;
}

export interface Role extends KubernetesObject {
  rules?: V1PolicyRule[];
}

export interface RoleBinding extends KubernetesObject {
  roleRef?: V1RoleRef;
  subjects?: RbacV1Subject[];
}

export interface PodDisruptionBudget extends KubernetesObject {
  spec?: V1PodDisruptionBudgetSpec;
}

/** Whether kubelet, or the node's loss, says that the pod's containers are ready. */
export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
