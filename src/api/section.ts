import { Type } from '@sinclair/typebox';
import type { ObjectOptions, TObject, TProperties } from '@sinclair/typebox';

/** One CEL rule, as `x-kubernetes-validations` takes it. */
export interface ValidationRule {
  readonly rule: string;
  /** Names the field and says what to write. */
  readonly message?: string;
  /** A CEL expression that computes the message. */
  readonly messageExpression?: string;
  readonly fieldPath?: string;
}

/** What a schema can say beyond JSON Schema, in the API server's own words. */
export interface KubernetesExtensions {
  'x-kubernetes-validations'?: readonly ValidationRule[];
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
}

/**
 * An object that may be left out, because each of its fields may: its default spells out theirs (the API server refuses
 * an empty default for an object whose rules read defaulted fields).
 */
export function section<P extends TProperties>(
  properties: P,
  options: ObjectOptions & KubernetesExtensions & { description: string },
): TObject<P> {
  const defaults = Object.entries(properties)
    .filter(([, schema]) => schema.default !== undefined)
    .map(([name, schema]): [string, unknown] => [name, schema.default]);
  return Type.Object(properties, { ...options, default: Object.fromEntries(defaults) });
}
