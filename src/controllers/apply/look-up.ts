import { getIfExists } from '../../kube/get-if-exists.ts';
import type { KubernetesApi, ObjectReference } from '../../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { ObjectCache } from '../object-cache.ts';

/** The object as the cache has it; from the API server when the cache, which sees only our own, has none. */
export async function lookUp<T extends KubernetesObject>(
  api: KubernetesApi,
  cache: ObjectCache,
  { resource, name, namespace }: ObjectReference & { namespace: string },
): Promise<T | undefined> {
  return cache.get<T>(resource, namespace, name) ?? (await getIfExists<T>(api, { resource, namespace, name }));
}
