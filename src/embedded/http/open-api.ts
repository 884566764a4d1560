import type { KindCatalog } from '../kinds/kind-catalog.ts';
import type { ServedKind } from '../kinds/served-kind.ts';
import { groupVersions } from './discovery.ts';

/**
 * OpenAPI v3, as much of it as kubectl looks at: which parameters a PATCH of each kind takes (without `fieldValidation`
 * among them it would want to validate by itself), and the schemas of custom resources for `kubectl explain`.
 */
export function openApiIndex(kinds: KindCatalog, basePath: string): object {
  const pathOf = (apiVersion: string): string =>
    apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const entries = groupVersions(kinds).map((apiVersion): [string, object] => [
    pathOf(apiVersion),
    { serverRelativeURL: `${basePath}/openapi/v3/${pathOf(apiVersion)}` },
  ]);
  return { paths: Object.fromEntries(entries) };
}

export function openApiDocument(kinds: KindCatalog, apiVersion: string): object | undefined {
  const served = kinds.all().filter(({ resource }) => resource.apiVersion === apiVersion);
  if (served.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.0-embedded' },
    paths: Object.fromEntries(served.map((kind) => [pathOf(kind), operations(kind)])),
    components: { schemas: Object.fromEntries(served.map((kind) => [schemaName(kind), schemaOf(kind)])) },
  };
}

const groupVersionKind = ({ resource: { apiVersion, kind } }: ServedKind): object => {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return { group, version, kind };
};

function pathOf({ resource: { apiVersion, plural, namespaced } }: ServedKind): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}/{name}`;
}

const schemaName = ({ resource: { apiVersion, kind } }: ServedKind): string =>
  [...apiVersion.split('/')[0]!.split('.').reverse(), ...apiVersion.split('/').slice(1), kind].join('.');

const parameter = (name: string): object => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });

function operations(kind: ServedKind): object {
  const type = groupVersionKind(kind);
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } };
  const responses = { 200: { description: 'OK', content } };
  const about = { 'x-kubernetes-group-version-kind': type, responses };
  return {
    get: { ...about, 'x-kubernetes-action': 'get' },
    patch: {
      ...about,
      'x-kubernetes-action': 'patch',
      parameters: ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map(parameter),
    },
  };
}

function schemaOf(kind: ServedKind): object {
  const schema = kind.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return { ...schema, 'x-kubernetes-group-version-kind': [groupVersionKind(kind)] };
}
