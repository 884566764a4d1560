class SameObject {
  constructor(object: object) {
    return object;
  }
}

/**
 * Marks what was made here, frozen in depth, so that it can be shared instead of copied. A private field is a mark that
 * no copy inherits and no comparison sees, and much cheaper than a WeakSet.
 */
class Immutable extends SameObject {
  readonly #marked = true;

  static mark(object: object): void {
    new Immutable(object);
    Object.freeze(object);
  }

  static is(object: object): boolean {
    return #marked in object;
  }
}

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
  if (typeof value !== 'object' || value === null || Immutable.is(value)) return value;
  const copy = Array.isArray(value)
    ? value.map((item: unknown) => frozen(item, withoutNulls))
    : frozenFields(value as Record<string, unknown>, withoutNulls);
  Immutable.mark(copy);
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
