import { KubernetesApiError } from './kubernetes-api.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import type { Resource } from './resource.ts';

/** One annotation of an object, as a field manager that owns nothing else writes it. */
export interface AnnotationWrite {
  readonly annotation: string;
  /** Nothing takes back the one that this manager wrote. */
  readonly value: string | undefined;
  readonly fieldManager: string;
}

/**
 * Writes one annotation by server-side apply, and touches nothing else: what other managers apply does not bring it back,
 * and it brings back nothing.
 * @param object as it was read: when it has changed since, nothing is written
 * @returns false when the object has changed, or is gone: it has to be read, and decided on, again
 * @throws KubernetesApiError
 */
export async function applyAnnotation(
  api: KubernetesApi,
  resource: Resource,
  object: KubernetesObject,
  { annotation, value, fieldManager }: AnnotationWrite,
): Promise<boolean> {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const metadata = { name, namespace, uid, resourceVersion };
  const body = {
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    metadata: value === undefined ? metadata : { ...metadata, annotations: { [annotation]: value } },
  };
  const reference = namespace === undefined ? { resource, name } : { resource, namespace, name };
  try {
    await api.apply(reference, body, { fieldManager, force: true });
    return true;
  } catch (error) {
    if (error instanceof KubernetesApiError && error.boundObjectChanged) return false;
    throw error;
  }
}
