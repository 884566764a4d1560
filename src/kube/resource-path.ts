import type { Resource } from './resource.ts';

/** What a URL of the API names: a kind, perhaps in a namespace, perhaps one object and a part of it. */
export interface ResourceLocation {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** The path and query of a location. Parameters without a value are left out. */
export function resourcePath(location: ResourceLocation, query: Record<string, string | undefined> = {}): string {
  const { apiVersion, plural } = location.resource;
  const segments = apiVersion.includes('/') ? ['apis', ...apiVersion.split('/')] : ['api', apiVersion];
  if (location.namespace !== undefined) segments.push('namespaces', location.namespace);
  segments.push(plural);
  if (location.name !== undefined) segments.push(location.name);
  if (location.subresource !== undefined) segments.push(location.subresource);
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, value);
  }
  const path = '/' + segments.map(encodeURIComponent).join('/');
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

/** The location for people, as in "Lease default/impala-statestore". */
export function describeLocation({ resource, namespace, name }: ResourceLocation): string {
  const where = [namespace, name].filter((part) => part !== undefined).join('/');
  return where === '' ? resource.kind : `${resource.kind} ${where}`;
}
