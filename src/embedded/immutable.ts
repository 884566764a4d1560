/** What was made here: frozen in depth, so that it can be shared instead of copied. */
const immutables = new WeakSet();

/** A deeply frozen copy of JSON data without its `undefined` fields. Parts that are such copies already are shared. */
export function immutable<T>(value: T): T {
  return frozen(value, false) as T;
}

/**
 * A deeply frozen copy of what a client sent, as an API server decodes it: fields that are `null` do not exist. Parts
 * that the client was given by the server are shared.
 */
export function decoded<T extends object>(body: T): T {
  return frozen(body, true) as T;
}

function frozen(value: unknown, withoutNulls: boolean): unknown {
  if (typeof value !== 'object' || value === null || immutables.has(value)) return value;
  const copy = Array.isArray(value)
    ? value.map((item: unknown) => frozen(item, withoutNulls))
    : frozenFields(value as Record<string, unknown>, withoutNulls);
  immutables.add(Object.freeze(copy));
  return copy;
}

function frozenFields(fields: Record<string, unknown>, withoutNulls: boolean): object {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const content = fields[name];
    if (content === undefined || (withoutNulls && content === null)) continue;
    copy[name] = frozen(content, withoutNulls);
  }
  return copy;
}
