import type { V1Container, V1EnvVar } from '@kubernetes/client-node';
import type { Pod } from '../../controllers/kubernetes-types.ts';

/** The environment variables of a container: plain ones, and those of the downward API. */
export function environmentOf({ env = [] }: V1Container, pod: Pod, address: string): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map((variable) => [variable.name, valueOf(variable, pod, address)]));
}

function valueOf({ value, valueFrom }: V1EnvVar, pod: Pod, address: string): string {
  const path = valueFrom?.fieldRef?.fieldPath;
  if (path === undefined) return value ?? '';
  const [, map, key = ''] = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(path) ?? [];
  if (map !== undefined) return pod.metadata[map as 'annotations' | 'labels']?.[key] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec?.nodeName,
    'status.podIP': address,
  };
  return fields[path] ?? '';
}
