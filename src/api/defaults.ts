import { ImpalaClusterSchema } from './impala-cluster.ts';
import type { ImpalaCluster } from './impala-cluster.ts';

/** As much of a JSON schema as defaulting looks at. */
interface Defaulted {
  default?: unknown;
  properties?: Record<string, Defaulted>;
  patternProperties?: Record<string, Defaulted>;
  items?: Defaulted;
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fill(value: unknown, schema: Defaulted): unknown {
  if (Array.isArray(value)) {
    return schema.items === undefined ? value : value.map((item) => fill(item, schema.items as Defaulted));
  }
  return isFields(value) && schema.properties !== undefined ? fillFields(value, schema.properties) : value;
}

function fillFields(fields: Fields, properties: Record<string, Defaulted>): Fields {
  const filled = { ...fields };
  for (const [name, schema] of Object.entries(properties)) {
    // The API server drops a null where none is allowed before it looks for defaults.
    const missing = filled[name] === undefined || (filled[name] === null && schema.default !== undefined);
    if (missing && schema.default !== undefined) {
      filled[name] = structuredClone(schema.default);
    } else if (filled[name] !== undefined) {
      filled[name] = fill(filled[name], schema);
    }
  }
  return filled;
}

/**
 * Applies the defaults that the API server applies (those of the CRD, which come from the same schema), and touches
 * nothing else: an object that it has stored comes back equal. The argument is not changed.
 */
export function withDefaults(object: object): ImpalaCluster {
  return fill(object, ImpalaClusterSchema) as ImpalaCluster;
}
