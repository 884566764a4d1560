import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Resource } from '../kube/resource.ts';

/**
 * The objects that the watches have brought, as of a moment ago. It holds only what carries the operator's label (of
 * EndpointSlices all that no controller of Kubernetes manages): that an object is missing here does not mean that its
 * name is free.
 */
export interface ObjectCache {
  get<T extends KubernetesObject>(resource: Resource, namespace: string, name: string): T | undefined;
  /** All objects of the kind in the namespace. */
  list<T extends KubernetesObject>(resource: Resource, namespace: string): readonly T[];
}
