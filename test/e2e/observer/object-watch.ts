import { setTimeout as pause } from 'node:timers/promises';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import type { ApiClient } from '../api-client.ts';

/**
 * Follows all objects at a path for ever: lists, watches from there, and lists again when the stream ends.
 * @param onObject is called for each object at first, and for each change of one
 */
export async function followObjects(
  api: ApiClient,
  path: string,
  onObject: (object: KubernetesObject, deleted: boolean) => void,
  onTrouble: (what: string) => void,
): Promise<never> {
  const known = new Map<string, KubernetesObject>();
  const see = (object: KubernetesObject, deleted: boolean): void => {
    delete object.metadata.managedFields;
    const uid = object.metadata.uid ?? '';
    if (deleted) known.delete(uid);
    else known.set(uid, object);
    onObject(object, deleted);
  };
  for (;;) {
    try {
      const list = await api.get<{ metadata: { resourceVersion: string }; items: KubernetesObject[] }>(path);
      const listed = new Set(list.items.map((item) => item.metadata.uid));
      for (const object of known.values()) if (!listed.has(object.metadata.uid)) see(object, true);
      for (const object of list.items) {
        const before = known.get(object.metadata.uid ?? '');
        if (before?.metadata.resourceVersion !== object.metadata.resourceVersion) see(object, false);
      }
      await api.watch<KubernetesObject>(
        `${path}?watch=true&resourceVersion=${list.metadata.resourceVersion}`,
        (type, object) => {
          if (type === 'ERROR') throw new Error(`watch of ${path}: ${JSON.stringify(object)}`);
          see(object, type === 'DELETED');
        },
        new AbortController().signal,
      );
    } catch (error) {
      onTrouble(error instanceof Error ? error.message : String(error));
    }
    await pause(100);
  }
}
