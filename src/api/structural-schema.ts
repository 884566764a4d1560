import { KindGuard } from '@sinclair/typebox';
import type { TObject, TSchema } from '@sinclair/typebox';

type JsonSchema = Record<string, unknown>;

/** Keywords that stand in a structural schema as they stand in TypeBox's. */
const KEPT = [
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'default',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

/**
 * The structural schema that a CustomResourceDefinition wants, from TypeBox's. A field that has a default need not be
 * written, so it is not required.
 * @throws Error when the schema uses something that has no structural form
 */
export function structuralSchema(schema: TSchema): JsonSchema {
  const structural: JsonSchema = {};
  if (schema.description !== undefined) structural.description = schema.description;
  Object.assign(structural, shape(schema));
  for (const keyword of KEPT) {
    if (schema[keyword] !== undefined) structural[keyword] = schema[keyword] as unknown;
  }
  return structural;
}

function shape(schema: TSchema): JsonSchema {
  if (KindGuard.IsObject(schema)) return objectShape(schema);
  if (KindGuard.IsRecord(schema)) {
    const [values] = Object.values(schema.patternProperties);
    return { type: 'object', additionalProperties: structuralSchema(values as TSchema) };
  }
  if (KindGuard.IsArray(schema)) return { type: 'array', items: structuralSchema(schema.items) };
  if (KindGuard.IsString(schema) || KindGuard.IsBoolean(schema) || KindGuard.IsInteger(schema)) {
    return { type: schema.type };
  }
  if (KindGuard.IsUnion(schema) && schema.anyOf.every((choice) => KindGuard.IsLiteralString(choice))) {
    return { type: 'string', enum: schema.anyOf.map((choice) => choice.const as unknown) };
  }
  if (schema['x-kubernetes-int-or-string'] === true) return { anyOf: schema.anyOf as unknown };
  throw new Error(`no structural schema for ${JSON.stringify(schema)}`);
}

function objectShape(schema: TObject): JsonSchema {
  const properties = Object.entries(schema.properties);
  const required = (schema.required ?? []).filter((name) => schema.properties[name]?.default === undefined);
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties.map(([name, property]) => [name, structuralSchema(property)])),
  };
}
