import type { KubernetesObject, ObjectMeta, OwnerReference } from '../kube/kubernetes-object.ts';
import { isFields } from './json.ts';
import type { Cause } from './kind-rules.ts';
import { badRequest } from './status-error.ts';

/** Fields of metadata that only the server writes; what a client sends in them is ignored. */
export const SERVER_OWNED = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

export interface StoredMeta extends ObjectMeta {
  deletionGracePeriodSeconds?: number;
  finalizers?: string[];
}

const ACCEPTED = ['name', 'namespace', 'labels', 'annotations', 'ownerReferences', 'finalizers'] as const;

/**
 * What a client may say in an object's metadata. Empty maps and lists do not exist, as on the wire.
 * @throws StatusError 400 when labels or annotations are no maps of strings
 */
export function decodeMetadata(object: KubernetesObject): StoredMeta {
  const given = object.metadata as unknown;
  if (!isFields(given)) throw badRequest('the object has no metadata');
  for (const field of ['labels', 'annotations']) {
    const map = given[field];
    if (map === undefined) continue;
    if (!isFields(map) || Object.values(map).some((value) => typeof value !== 'string')) {
      throw badRequest(`cannot unmarshal metadata.${field}: it is no map of strings`);
    }
  }
  const accepted: Record<string, unknown> = {};
  for (const field of ACCEPTED) {
    const value = given[field];
    if (value !== undefined && !isEmpty(value)) accepted[field] = value;
  }
  return accepted as unknown as StoredMeta;
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const MAXIMUM_NAME = 253;
const MAXIMUM_ANNOTATIONS = 256 * 1024;

/** What makes metadata invalid (422). What is the same as before is not looked at again. */
export function metadataCauses(metadata: StoredMeta, previous: StoredMeta | undefined): Cause[] {
  const { name, labels, annotations, ownerReferences } = metadata;
  return [
    ...(previous === undefined ? nameCauses(name) : []),
    ...(labels === previous?.labels ? [] : labelCauses(labels ?? {})),
    ...(annotations === previous?.annotations ? [] : annotationCauses(annotations ?? {})),
    ...(ownerReferences === previous?.ownerReferences ? [] : ownerCauses(ownerReferences ?? [])),
  ];
}

function nameCauses(name: string): Cause[] {
  const valid = name.length <= MAXIMUM_NAME && SUBDOMAIN.test(name);
  return valid
    ? []
    : [{ field: 'metadata.name', message: `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 subdomain` }];
}

function labelCauses(labels: Record<string, string>): Cause[] {
  return Object.entries(labels)
    .filter(([key, value]) => !QUALIFIED_NAME.test(key) || !LABEL_VALUE.test(value))
    .map(([key, value]) => ({
      field: 'metadata.labels',
      message: `Invalid value: ${JSON.stringify({ [key]: value })}`,
    }));
}

function annotationCauses(annotations: Record<string, string>): Cause[] {
  const field = 'metadata.annotations';
  const entries = Object.entries(annotations);
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...entries
      .filter(([key]) => !QUALIFIED_NAME.test(key.toLowerCase()))
      .map(([key]) => ({ field, message: `Invalid value: ${JSON.stringify(key)}` })),
    ...(size > MAXIMUM_ANNOTATIONS
      ? [{ field, message: `Too long: may not be more than ${MAXIMUM_ANNOTATIONS} bytes` }]
      : []),
  ];
}

function ownerCauses(references: readonly OwnerReference[]): Cause[] {
  const field = 'metadata.ownerReferences';
  const missing = references.flatMap((reference, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((part) => (reference[part] ?? '') === '')
      .map((part) => ({ field: `${field}[${index}].${part}`, message: 'Invalid value: "": must not be empty' })),
  );
  const controllers = references.filter(({ controller }) => controller === true).length;
  return controllers > 1
    ? [...missing, { field, message: 'Only one reference can have Controller set to true' }]
    : missing;
}
