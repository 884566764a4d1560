import type { KubernetesObject } from './kubernetes-object.ts';

/** The values under which an object can be found; none, one or several. */
export type IndexFunction<T extends KubernetesObject> = (object: T) => readonly string[];

/** What identifies an object of one kind: `namespace/name`, or the name alone where there is no namespace. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

export const keyOf = ({ metadata }: KubernetesObject): string => objectKey(metadata.namespace, metadata.name);

/** Objects of one kind by key, and by whatever else they are looked up by. */
export class ObjectStore<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, { values: IndexFunction<T>; keys: Map<string, Set<string>> }>();

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    for (const [name, values] of Object.entries(indexes)) this.#indexes.set(name, { values, keys: new Map() });
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  values(): T[] {
    return [...this.#objects.values()];
  }

  /**
   * The objects that the index function gave this value for.
   * @throws Error when there is no such index
   */
  byIndex(index: string, value: string): T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`no index is called ${index}`);
    return [...(found.keys.get(value) ?? [])]
      .map((key) => this.#objects.get(key))
      .filter((object) => object !== undefined);
  }

  set(object: T): void {
    const key = keyOf(object);
    this.delete(key);
    this.#objects.set(key, object);
    for (const { values, keys } of this.#indexes.values()) {
      for (const value of values(object)) {
        const indexed = keys.get(value) ?? new Set();
        keys.set(value, indexed.add(key));
      }
    }
  }

  delete(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    for (const { values, keys } of this.#indexes.values()) {
      for (const value of values(object)) {
        const indexed = keys.get(value);
        indexed?.delete(key);
        if (indexed?.size === 0) keys.delete(value);
      }
    }
  }
}
