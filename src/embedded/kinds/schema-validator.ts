import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isFields } from '../json.ts';
import type { Cause } from '../kind-rules.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Checks values against a structural schema, and fills in its defaults. */
export class SchemaValidator {
  readonly #validate: ValidateFunction;

  constructor(schema: StructuralSchema) {
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      useDefaults: true,
      logger: false,
      validateFormats: false,
      verbose: true,
    });
    this.#validate = ajv.compile(schema);
  }

  /** A copy with all defaults, and what is wrong with it. */
  check(value: unknown): { completed: unknown; causes: Cause[] } {
    const completed: unknown = structuredClone(value);
    this.#validate(completed);
    return { completed, causes: (this.#validate.errors ?? []).filter(isOwn).map(causeOf) };
  }
}

/** What an `anyOf` says of each of its branches is said once, by itself. */
const isOwn = ({ schemaPath }: ErrorObject): boolean => !/\/anyOf\/\d+\//.test(schemaPath);

function causeOf({ instancePath, keyword, params, data, message = '' }: ErrorObject): Cause {
  const path = dotted(instancePath);
  const detail = params as Record<string, unknown>;
  switch (keyword) {
    case 'required': {
      const field = [path, String(detail.missingProperty)].filter((part) => part !== '').join('.');
      return { field, message: 'Required value' };
    }
    case 'enum': {
      const supported = (detail.allowedValues as unknown[]).map((one) => JSON.stringify(one)).join(', ');
      return { field: path, message: `Unsupported value: ${JSON.stringify(data)}: supported values: ${supported}` };
    }
    default: {
      const why = `${path} in body ${LIMITS[keyword]?.(detail) ?? message}`;
      return { field: path, message: `Invalid value: ${shown(data)}: ${why}` };
    }
  }
}

/** In the words of the API server. */
const LIMITS: Readonly<Record<string, (params: Record<string, unknown>) => string>> = {
  type: ({ type }) => `must be of type ${String(type)}`,
  minimum: ({ limit }) => `should be greater than or equal to ${String(limit)}`,
  maximum: ({ limit }) => `should be less than or equal to ${String(limit)}`,
  minLength: ({ limit }) => `should be at least ${String(limit)} chars long`,
  maxLength: ({ limit }) => `should be at most ${String(limit)} chars long`,
  pattern: ({ pattern }) => `should match '${String(pattern)}'`,
  minItems: ({ limit }) => `should have at least ${String(limit)} items`,
  maxItems: ({ limit }) => `must have at most ${String(limit)} items`,
  maxProperties: ({ limit }) => `must have at most ${String(limit)} items`,
};

/** `/spec/members/0/name` as `spec.members[0].name`. */
const dotted = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`), '');

const shown = (value: unknown): string =>
  Array.isArray(value) ? '"array"' : isFields(value) ? '"object"' : JSON.stringify(value);
