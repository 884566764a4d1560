import type { ObjectReference } from '../../kube/kubernetes-api.ts';
import type { KubernetesObject, OwnerReference } from '../../kube/kubernetes-object.ts';
import type { Resource } from '../../kube/resource.ts';

/** `<namespace>/<name>`; of what has no namespace `/<name>`. */
export const objectKey = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

export function referenceOf(resource: Resource, key: string): ObjectReference {
  const [namespace = '', name = ''] = key.split('/');
  return { resource, name, ...(namespace === '' ? {} : { namespace }) };
}

export const controllerOf = ({ metadata }: KubernetesObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

/** The owner reference of what a controller makes for an object. */
export function ownedBy(object: KubernetesObject, { apiVersion, kind }: Resource): OwnerReference {
  const { name, uid = '' } = object.metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
