import type { KindCatalog } from '../kinds/kind-catalog.ts';
import type { ServedKind } from '../kinds/served-kind.ts';
import { notFound, StatusError } from '../status-error.ts';

/** What the path of a request names. */
export interface RequestTarget {
  readonly kind: ServedKind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/**
 * Reads a path of the API: `/api/v1/…` or `/apis/<group>/<version>/…`.
 * @throws StatusError 404 for a kind that is not served
 */
export function readPath(path: string, kinds: KindCatalog): RequestTarget {
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeURIComponent);
  const core = segments[0] === 'api';
  const apiVersion = segments.slice(1, core ? 2 : 3).join('/');
  const rest = segments.slice(core ? 2 : 3);
  // `namespaces/<name>` alone is the namespace itself, and so is what is known as a part of it.
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && !NAMESPACE_PARTS.has(rest[2] ?? '');
  const [plural = '', name, subresource] = inNamespace ? rest.slice(2) : rest;
  const kind = kinds.find(apiVersion, plural);
  if (kind === undefined) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
  if (name !== undefined && kind.resource.namespaced !== inNamespace) {
    throw notFound({ resource: kind.resource, name });
  }
  return {
    kind,
    ...(inNamespace && rest[1] !== undefined ? { namespace: rest[1] } : {}),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

const NAMESPACE_PARTS = new Set(['status', 'finalize']);
