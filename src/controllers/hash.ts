import { createHash } from 'node:crypto';

/**
 * A short digest of plain JSON data that does not depend on the order of keys. `undefined` counts as absent, as it does
 * on the wire.
 */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((element) => canonical(element ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, element]) => element !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, element]) => `${JSON.stringify(key)}:${canonical(element)}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
