import { isFields, type Fields } from './json.ts';

type Keys = readonly string[];

/**
 * The lists whose elements have owners of their own, by the fields that tell the elements apart
 * (`x-kubernetes-list-map-keys`). Every other list has one owner, as a whole.
 */
const KEYED_LISTS: Readonly<Record<string, Keys>> = {
  ownerReferences: ['uid'],
  conditions: ['type'],
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  imagePullSecrets: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};

const WORKLOADS: readonly unknown[] = ['Pod', 'StatefulSet', 'Deployment'];

/** Objects that have one owner, as a whole (`x-kubernetes-map-type: atomic`). */
const ATOMIC_OBJECTS = new Set([
  'selector',
  'labelSelector',
  'namespaceSelector',
  'podSelector',
  'nodeSelector',
  'targetRef',
  'configMapKeyRef',
  'secretKeyRef',
  'fieldRef',
]);

/** How the parts of a kind's objects are shared between field managers. */
export interface MergeSchema {
  /** Whether the fields of the object in the field of this name have owners of their own. */
  isGranular(field: string, value: unknown): value is Fields;
  /** What tells the elements of the list in the field of this name apart; nothing when it has one owner. */
  keysOf(field: string): Keys | undefined;
}

const ownKeysOf = (field: string): Keys | undefined => KEYED_LISTS[field];

const schema = (keysOf: (field: string) => Keys | undefined): MergeSchema => ({
  isGranular: (field, value): value is Fields => isFields(value) && !ATOMIC_OBJECTS.has(field),
  keysOf,
});

const common = schema(ownKeysOf);
const service = schema((field) => (field === 'ports' ? ['port', 'protocol'] : ownKeysOf(field)));
const workload = schema((field) => (field === 'ports' ? ['containerPort', 'protocol'] : ownKeysOf(field)));

export function mergeSchemaOf(kind: string): MergeSchema {
  if (kind === 'Service') return service;
  return WORKLOADS.includes(kind) ? workload : common;
}

/** Tells an element of a keyed list from the others. A protocol that is not said is TCP. */
export function elementKey(element: unknown, keys: Keys): string {
  const fields = isFields(element) ? element : {};
  return JSON.stringify(keys.map((key) => fields[key] ?? (key === 'protocol' ? 'TCP' : null)));
}
