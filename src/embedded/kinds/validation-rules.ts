import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { isFields } from '../json.ts';
import type { Cause } from '../kind-rules.ts';
import { below, schemaOfField, type StructuralSchema, type ValidationRule } from './structural-schema.ts';

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

const compiled = new Map<string, ParseResult>();

function evaluate(expression: string, context: Record<string, unknown>): unknown {
  let parsed = compiled.get(expression);
  if (parsed === undefined) {
    parsed = environment.parse(expression);
    compiled.set(expression, parsed);
  }
  return parsed(context);
}

/** CEL tells integers from other numbers, JSON does not: the schema does. */
function celValue(schema: StructuralSchema | undefined, value: unknown): unknown {
  if (typeof value === 'number') {
    const integer = schema?.type === 'integer' || schema?.['x-kubernetes-int-or-string'] === true;
    return integer && Number.isInteger(value) ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map((item) => celValue(schema?.items, item));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [name, celValue(schema && schemaOfField(schema, name), content)]),
  );
}

/** What the rules (`x-kubernetes-validations`) of a schema find wrong with a value. */
export function ruleCauses(schema: StructuralSchema, value: unknown, old: unknown, path = ''): Cause[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const own = rules.length === 0 ? [] : failuresOf(rules, schema, value, old, path);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return own;
    return [...own, ...value.flatMap((item, index) => ruleCauses(items, item, undefined, `${path}[${index}]`))];
  }
  if (!isFields(value)) return own;
  const parts = Object.entries(value).flatMap(([name, content]) => {
    const field = schemaOfField(schema, name);
    return field === undefined
      ? []
      : ruleCauses(field, content, isFields(old) ? old[name] : undefined, below(path, name));
  });
  return [...own, ...parts];
}

function failuresOf(
  rules: readonly ValidationRule[],
  schema: StructuralSchema,
  value: unknown,
  old: unknown,
  path: string,
): Cause[] {
  const context = { self: celValue(schema, value), oldSelf: celValue(schema, old) };
  return rules.flatMap(({ rule, message, messageExpression }): Cause[] => {
    // A rule on the transition says nothing of what is new.
    if (old === undefined && /\boldSelf\b/.test(rule)) return [];
    if (isTrue(rule, context)) return [];
    const text = said(messageExpression, context) ?? message ?? `failed rule: ${rule}`;
    return [{ field: path === '' ? '<nil>' : path, message: `Invalid value: ${shown(value)}: ${text}` }];
  });
}

function isTrue(rule: string, context: Record<string, unknown>): boolean {
  try {
    return evaluate(rule, context) === true;
  } catch {
    // A rule that cannot be evaluated is not fulfilled.
    return false;
  }
}

function said(expression: string | undefined, context: Record<string, unknown>): string | undefined {
  if (expression === undefined) return undefined;
  try {
    const text = evaluate(expression, context);
    return typeof text === 'string' && text !== '' ? text : undefined;
  } catch {
    return undefined;
  }
}

/** As the API server shows a value: what is no scalar by its type alone. */
const shown = (value: unknown): string =>
  Array.isArray(value) ? '"array"' : isFields(value) ? '"object"' : JSON.stringify(value);
