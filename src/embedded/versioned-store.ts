import type { Selection } from '../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Resource } from '../kube/resource.ts';
import type { FieldOwner } from './field-owner.ts';
import { immutable } from './immutable.ts';
import { matcherOf, type Matcher } from './selector.ts';
import { expired } from './status-error.ts';

/** An object as it is kept: frozen, and who owns which of its fields. */
export interface StoredObject {
  readonly object: KubernetesObject;
  readonly owners: readonly FieldOwner[];
}

/** One write. Of a deletion, `object` is the last state with the version of the deletion. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: Resource;
  readonly version: number;
  readonly object: KubernetesObject;
  readonly previous: KubernetesObject | undefined;
}

export type ChangeListener = (change: Change) => void;

/** What a watch shows of changes. */
export type ObjectEvent = Pick<Change, 'type' | 'object' | 'version'>;

interface Table {
  readonly objects: Map<string, StoredObject>;
  readonly history: Change[];
  /** A watch can begin at this version or a later one. */
  oldest: number;
  readonly listeners: Set<ChangeListener>;
}

/** As of a server that has been running for a while: versions below are gone. */
const FIRST_VERSION = 1000;

export const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** Objects by kind, namespace and name under one growing version, with a bounded history of their changes. */
export class VersionedStore {
  readonly #tables = new Map<string, Table>();
  readonly #historyLimit: number;
  readonly #listeners = new Set<ChangeListener>();
  #version = FIRST_VERSION;
  #pretending = false;

  /** @param historyLimit how many changes of a kind are kept, at least */
  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  /** The version of the last write, of whatever kind. */
  get version(): number {
    return this.#version;
  }

  get(resource: Resource, namespace: string | undefined, name: string): StoredObject | undefined {
    return this.#table(resource).objects.get(keyOf(namespace, name));
  }

  /** In the order of namespace and name. */
  list(selection: Selection): KubernetesObject[] {
    const matches = matcherOf(selection);
    return [...this.#table(selection.resource).objects]
      .filter(([, { object }]) => matches(object))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { object }]) => object);
  }

  /** Runs something whose writes answer as they would, and do not take place. */
  pretend<T>(action: () => T): T {
    this.#pretending = true;
    try {
      return action();
    } finally {
      this.#pretending = false;
    }
  }

  /** Writes an object under a new version, and tells everybody at once. */
  put(resource: Resource, object: KubernetesObject, owners: readonly FieldOwner[]): KubernetesObject {
    if (this.#pretending) return immutable(object);
    const table = this.#table(resource);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const previous = table.objects.get(key)?.object;
    const stored = this.#atNewVersion(object);
    table.objects.set(key, { object: stored, owners });
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    this.#tell(table, { type, resource, version: this.#version, object: stored, previous });
    return stored;
  }

  remove(resource: Resource, object: KubernetesObject): KubernetesObject {
    if (this.#pretending) return immutable(object);
    const table = this.#table(resource);
    table.objects.delete(keyOf(object.metadata.namespace, object.metadata.name));
    const last = this.#atNewVersion(object);
    this.#tell(table, { type: 'DELETED', resource, version: this.#version, object: last, previous: object });
    return last;
  }

  /** Calls back within each write of any kind. @returns ends it */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Calls back with what changes in a selection after a version, first with what has changed already.
   * @param version 0 for everything there is, as ADDED, and what comes after it
   * @returns ends it
   * @throws StatusError 410 when changes after that version have been forgotten
   */
  watch(selection: Selection, version: number, onEvent: (event: ObjectEvent) => void): () => void {
    const table = this.#table(selection.resource);
    if (version !== 0 && version < table.oldest) throw expired(version, table.oldest);
    const matches = matcherOf(selection);
    const listener = (change: Change): void => {
      const event = change.version > version ? eventOf(change, matches) : undefined;
      if (event !== undefined) onEvent(event);
    };
    if (version === 0) {
      for (const object of this.list(selection)) {
        onEvent({ type: 'ADDED', object, version: Number(object.metadata.resourceVersion) });
      }
    } else {
      for (const change of table.history) listener(change);
    }
    table.listeners.add(listener);
    return () => void table.listeners.delete(listener);
  }

  /** Forgets the history of all kinds: a watch from an earlier version than the present one is answered 410. */
  compact(): void {
    for (const table of this.#tables.values()) {
      table.history.length = 0;
      table.oldest = this.#version;
    }
  }

  #atNewVersion(object: KubernetesObject): KubernetesObject {
    const resourceVersion = String(++this.#version);
    return immutable({ ...object, metadata: { ...object.metadata, resourceVersion } });
  }

  #tell(table: Table, change: Change): void {
    table.history.push(change);
    if (table.history.length > 2 * this.#historyLimit) {
      const forgotten = table.history.splice(0, table.history.length - this.#historyLimit);
      table.oldest = forgotten.at(-1)?.version ?? table.oldest;
    }
    for (const listener of [...table.listeners]) listener(change);
    for (const listener of [...this.#listeners]) listener(change);
  }

  #table({ apiVersion, plural }: Resource): Table {
    const key = `${apiVersion}/${plural}`;
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = { objects: new Map(), history: [], oldest: FIRST_VERSION, listeners: new Set() };
      this.#tables.set(key, table);
    }
    return table;
  }
}

/** A change as one watch sees it: an object that enters or leaves its selection is added or deleted there. */
function eventOf(change: Change, matches: Matcher): ObjectEvent | undefined {
  const { object, previous, version } = change;
  const matched = previous !== undefined && matches(previous);
  const matchesNow = change.type !== 'DELETED' && matches(object);
  if (!matched) return matchesNow ? { type: 'ADDED', object, version } : undefined;
  if (matchesNow) return { type: 'MODIFIED', object, version };
  if (change.type === 'DELETED') return { type: 'DELETED', object, version };
  const resourceVersion = String(version);
  return {
    type: 'DELETED',
    object: immutable({ ...previous, metadata: { ...previous.metadata, resourceVersion } }),
    version,
  };
}
