import { isFields, sameJson, type Fields } from '../json.ts';
import { elementKey, mergeSchemaOf, type MergeSchema } from '../merge-schema.ts';

/** Lists of plain values that are merged instead of replaced (`patchStrategy: merge`). */
const MERGED_VALUES = new Set(['finalizers']);

/** What a directive is written to. */
const DIRECTIVE = /^\$(setElementOrder|deleteFromPrimitiveList)\//;

/**
 * Strategic merge patch, as kubectl sends it for the built-in kinds: lists of objects are merged by the keys of their
 * elements, and `$patch`, `$retainKeys`, `$deleteFromPrimitiveList` say what else is to be done. The order that
 * `$setElementOrder` asks for is left as it comes out.
 */
export function strategicMerge(kind: string, object: unknown, patch: unknown): unknown {
  return mergeFields(isFields(object) ? object : {}, patch as Fields, mergeSchemaOf(kind));
}

function mergeFields(object: Fields, patch: Fields, schema: MergeSchema): Fields {
  if (patch.$patch === 'replace') return withoutDirectives(patch);
  const result: Record<string, unknown> = { ...object };
  const retained = patch.$retainKeys;
  if (Array.isArray(retained)) {
    for (const field of Object.keys(result)) if (!retained.includes(field)) delete result[field];
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$')) {
      deleteValues(result, field, value);
      continue;
    }
    if (value === null || (isFields(value) && value.$patch === 'delete')) delete result[field];
    else result[field] = mergeField(field, result[field], value, schema);
  }
  return result;
}

function deleteValues(result: Record<string, unknown>, directive: string, values: unknown): void {
  if (!directive.startsWith('$deleteFromPrimitiveList/') || !Array.isArray(values)) return;
  const field = directive.replace(DIRECTIVE, '');
  const present = result[field];
  if (Array.isArray(present)) {
    result[field] = present.filter((one) => !values.some((value) => sameJson(one, value)));
  }
}

function mergeField(field: string, present: unknown, patch: unknown, schema: MergeSchema): unknown {
  if (Array.isArray(patch)) {
    const keys = schema.keysOf(field);
    if (keys !== undefined) return mergeList(Array.isArray(present) ? present : [], patch, keys, schema);
    if (MERGED_VALUES.has(field) && Array.isArray(present))
      return [...new Set<unknown>((present as unknown[]).concat(patch))];
    return patch;
  }
  return isFields(patch) ? mergeFields(isFields(present) ? present : {}, patch, schema) : patch;
}

function mergeList(
  present: readonly unknown[],
  patch: readonly unknown[],
  keys: readonly string[],
  schema: MergeSchema,
): unknown[] {
  if (patch.some((element) => isFields(element) && element.$patch === 'replace')) {
    return patch.filter((element) => !isFields(element) || element.$patch === undefined);
  }
  // Patches name an element by its first key alone.
  const key = (element: unknown): string => elementKey(element, keys.slice(0, 1));
  const elements = new Map(present.map((element) => [key(element), element]));
  for (const element of patch) {
    const old = elements.get(key(element));
    if (isFields(element) && element.$patch === 'delete') elements.delete(key(element));
    else if (isFields(element)) elements.set(key(element), mergeFields(isFields(old) ? old : {}, element, schema));
  }
  return [...elements.values()];
}

const withoutDirectives = (patch: Fields): Fields =>
  Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith('$')));
