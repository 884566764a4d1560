import type { FieldPath } from './field-owner.ts';
import { isFields, sameJson, type Fields } from './json.ts';
import { elementKey, type MergeSchema } from './merge-schema.ts';

/** What no manager owns. */
const UNOWNED = new Set<FieldPath>(['apiVersion', 'kind']);
const UNOWNED_METADATA = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
]);

/** Between the names of a path: in no field name. */
const SEPARATOR = '\0';

/** A path for people, as in `.spec.leaseDurationSeconds`. */
export const describePath = (path: FieldPath): string => `.${path.split(SEPARATOR).join('.')}`;

const below = (path: FieldPath, name: string): FieldPath => (path === '' ? name : path + SEPARATOR + name);

const METADATA = below('metadata', '');

const isOwnable = (path: FieldPath): boolean =>
  !UNOWNED.has(path) && !(path.startsWith(METADATA) && UNOWNED_METADATA.has(path.slice(METADATA.length)));

/** The fields that an object states. */
export function fieldsOf(object: object, schema: MergeSchema): Set<FieldPath> {
  const fields = new Set<FieldPath>();
  collect(object, '', '', schema, fields);
  return fields;
}

function collect(value: unknown, field: string, path: FieldPath, schema: MergeSchema, into: Set<FieldPath>): void {
  if (!isOwnable(path)) return;
  const keys = schema.keysOf(field);
  if (Array.isArray(value) && keys !== undefined) {
    for (const element of value) {
      const elementPath = below(path, elementKey(element, keys));
      into.add(elementPath);
      collect(element, '', elementPath, schema, into);
    }
    return;
  }
  if (!schema.isGranular(field, value)) {
    into.add(path);
    return;
  }
  const names = Object.keys(value);
  if (names.length === 0 && path !== '') into.add(path);
  for (const name of names) collect(value[name], name, below(path, name), schema, into);
}

/** The fields in which two states of an object differ. */
export interface FieldChanges {
  /** Those that are new or have another value. */
  readonly set: Set<FieldPath>;
  readonly removed: Set<FieldPath>;
}

export function changesBetween(before: object, after: object, schema: MergeSchema): FieldChanges {
  const changes = { set: new Set<FieldPath>(), removed: new Set<FieldPath>() };
  compare({ before, after, field: '', path: '' }, schema, changes);
  return changes;
}

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

interface Place {
  readonly before: unknown;
  readonly after: unknown;
  readonly field: string;
  readonly path: FieldPath;
}

function compare({ before, after, field, path }: Place, schema: MergeSchema, changes: FieldChanges): void {
  if (before === after || !isOwnable(path)) return;
  if (isAbsent(before) || isAbsent(after)) {
    if (!isAbsent(before)) collect(before, field, path, schema, changes.removed);
    if (!isAbsent(after)) collect(after, field, path, schema, changes.set);
    return;
  }
  const keys = schema.keysOf(field);
  if (keys !== undefined && Array.isArray(before) && Array.isArray(after)) {
    compareElements(before, after, keys, path, { schema, changes });
    return;
  }
  if (schema.isGranular(field, before) && schema.isGranular(field, after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare({ before: before[name], after: after[name], field: name, path: below(path, name) }, schema, changes);
    }
    return;
  }
  if (!sameJson(before, after)) changes.set.add(path);
}

function compareElements(
  before: readonly unknown[],
  after: readonly unknown[],
  keys: readonly string[],
  path: FieldPath,
  { schema, changes }: { schema: MergeSchema; changes: FieldChanges },
): void {
  const byKey = (list: readonly unknown[]): Map<string, unknown> =>
    new Map(list.map((element) => [elementKey(element, keys), element]));
  const [old, now] = [byKey(before), byKey(after)];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const elementPath = below(path, key);
    if (!now.has(key)) changes.removed.add(elementPath);
    if (!old.has(key)) changes.set.add(elementPath);
    compare({ before: old.get(key), after: now.get(key), field: '', path: elementPath }, schema, changes);
  }
}

/** Lays what is applied over what is there. */
export function mergeFields(live: Fields, applied: Fields, schema: MergeSchema): Fields {
  const merged: Record<string, unknown> = { ...live };
  for (const [field, value] of Object.entries(applied)) merged[field] = mergeField(field, live[field], value, schema);
  return merged;
}

function mergeField(field: string, live: unknown, applied: unknown, schema: MergeSchema): unknown {
  const keys = schema.keysOf(field);
  if (keys !== undefined && Array.isArray(live) && Array.isArray(applied)) {
    const elements = new Map<string, unknown>(live.map((element) => [elementKey(element, keys), element]));
    for (const element of applied as unknown[]) {
      const key = elementKey(element, keys);
      elements.set(key, mergeField('', elements.get(key), element, schema));
    }
    return [...elements.values()];
  }
  if (schema.isGranular(field, live) && schema.isGranular(field, applied)) return mergeFields(live, applied, schema);
  return applied;
}

/** The object without some fields. What is left empty by that is removed, too. */
export function withoutFields(object: Fields, fields: ReadonlySet<FieldPath>, schema: MergeSchema): Fields {
  return (fields.size === 0 ? object : (prune(object, '', '', { fields, schema }) ?? {})) as Fields;
}

function prune(
  value: unknown,
  field: string,
  path: FieldPath,
  context: { fields: ReadonlySet<FieldPath>; schema: MergeSchema },
): unknown {
  if (context.fields.has(path)) return undefined;
  const keys = context.schema.keysOf(field);
  if (keys !== undefined && Array.isArray(value)) {
    const left = value
      .map((element: unknown) => prune(element, '', below(path, elementKey(element, keys)), context))
      .filter((element) => element !== undefined);
    return left.length === 0 && value.length > 0 ? undefined : left;
  }
  if (!isFields(value) || !context.schema.isGranular(field, value)) return value;
  const left: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const content = prune(value[name], name, below(path, name), context);
    if (content !== undefined) left[name] = content;
  }
  return Object.keys(left).length === 0 && Object.keys(value).length > 0 ? undefined : left;
}
