import { isFields } from '../json.ts';

/** As much of a CustomResourceDefinition's schema as the server goes by. */
export interface StructuralSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly default?: unknown;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
}

export const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The schema of a field of an object, or nothing when the schema does not know the field. */
export function schemaOfField(schema: StructuralSchema, name: string): StructuralSchema | undefined {
  const { properties, additionalProperties } = schema;
  return properties?.[name] ?? (isFields(additionalProperties) ? additionalProperties : undefined);
}

/** Objects that say nothing of their fields keep all of them: `metadata`, and what is marked so. */
const keepsEverything = (schema: StructuralSchema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true ||
  (schema.properties === undefined && schema.additionalProperties === undefined);

/**
 * The value without the fields that the schema does not know.
 * @param unknown takes the paths of these fields
 */
export function pruned(schema: StructuralSchema, value: unknown, path = '', unknown: string[] = []): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, index) => pruned(items, item, `${path}[${index}]`, unknown));
  }
  if (!isFields(value) || keepsEverything(schema)) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, content] of Object.entries(value)) {
    const known = schemaOfField(schema, name);
    if (known === undefined) unknown.push(below(path, name));
    else kept[name] = pruned(known, content, below(path, name), unknown);
  }
  return kept;
}

/** The keys of each list whose elements have owners of their own, by the name of the list's field. */
export function keyedLists(
  schema: StructuralSchema,
  into = new Map<string, readonly string[]>(),
): Map<string, readonly string[]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const keys = field['x-kubernetes-list-map-keys'];
    if (field['x-kubernetes-list-type'] === 'map' && keys !== undefined) into.set(name, keys);
    keyedLists(field, into);
  }
  if (schema.items !== undefined) keyedLists(schema.items, into);
  return into;
}
