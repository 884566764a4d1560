import type { KindCatalog } from '../kinds/kind-catalog.ts';
import type { ServedKind } from '../kinds/served-kind.ts';

/** What the server says of itself; clients go by it. */
export const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0-embedded',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'node',
};

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '');
const versionOf = (apiVersion: string): string => apiVersion.split('/').at(-1) ?? '';

/** The group versions that are served, in the order in which they were defined. */
export const groupVersions = (kinds: KindCatalog): string[] => [
  ...new Set(kinds.all().map(({ resource }) => resource.apiVersion)),
];

/** `/api` */
export const apiVersions = { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };

/** `/apis` */
export function apiGroups(kinds: KindCatalog): object {
  const groups = new Set(
    groupVersions(kinds)
      .map(groupOf)
      .filter((group) => group !== ''),
  );
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups].map((group) => apiGroup(kinds, group)) };
}

/** `/apis/<group>` */
export function apiGroup(kinds: KindCatalog, group: string): object {
  const versions = groupVersions(kinds)
    .filter((apiVersion) => groupOf(apiVersion) === group)
    .map((groupVersion) => ({ groupVersion, version: versionOf(groupVersion) }));
  return { kind: 'APIGroup', apiVersion: 'v1', name: group, versions, preferredVersion: versions[0] };
}

/** `/api/v1` and `/apis/<group>/<version>` */
export function apiResources(kinds: KindCatalog, apiVersion: string): object | undefined {
  const served = kinds.all().filter(({ resource }) => resource.apiVersion === apiVersion);
  if (served.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion, resources: served.flatMap(described) };
}

function described({ resource, singular, shortNames, categories, subresources }: ServedKind): object[] {
  const { plural, kind, namespaced } = resource;
  const itself = { name: plural, singularName: singular, namespaced, kind, verbs: VERBS, shortNames, categories };
  const parts = subresources.map((subresource) => ({
    name: `${plural}/${subresource}`,
    singularName: '',
    namespaced,
    ...PARTS[subresource](kind),
  }));
  return [itself, ...parts];
}

const PARTS: Readonly<Record<ServedKind['subresources'][number], (kind: string) => object>> = {
  status: (kind) => ({ kind, verbs: ['get', 'patch', 'update'] }),
  scale: () => ({ kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] }),
  eviction: () => ({ kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] }),
};
