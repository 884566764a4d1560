import { KubernetesApiError } from './kubernetes-api.ts';
import type { KubernetesApi, ObjectReference } from './kubernetes-api.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** A quorum read that answers nothing for an object that does not exist. */
export async function getIfExists<T extends KubernetesObject>(
  api: KubernetesApi,
  reference: ObjectReference,
): Promise<T | undefined> {
  try {
    return await api.get<T>(reference);
  } catch (error) {
    if (error instanceof KubernetesApiError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
