/**
 * The parts of a Kubernetes object that every kind has, as they stand on the wire: timestamps are strings, since
 * `Date` loses the six fraction digits that a MicroTime must keep.
 */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

export interface KubernetesList<T extends KubernetesObject> {
  metadata: { resourceVersion?: string; continue?: string };
  items: T[];
}

/** coordination.k8s.io/v1 Lease as it stands on the wire. */
export interface Lease extends KubernetesObject {
  spec?: LeaseSpec;
}

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  /** MicroTime with exactly six fraction digits. */
  acquireTime?: string;
  /** MicroTime with exactly six fraction digits. */
  renewTime?: string;
  leaseTransitions?: number;
}

/** discovery.k8s.io/v1 EndpointSlice as it stands on the wire. */
export interface EndpointSlice extends KubernetesObject {
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  endpoints?: Endpoint[];
  ports?: { name?: string; port?: number; protocol?: string }[];
}

export interface Endpoint {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  nodeName?: string;
  targetRef?: { kind?: string; name?: string; namespace?: string; uid?: string };
}
