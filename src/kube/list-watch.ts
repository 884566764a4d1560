import { fullJitter, type Backoff } from './backoff.ts';
import { sleep, type Milliseconds } from './clock.ts';
import { KubernetesApiError, type Selection, type WatchEvent } from './kubernetes-api.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { keyOf, objectKey, ObjectStore, type IndexFunction } from './object-store.ts';
import type { WatchEnvironment } from './object-watch.ts';
import { isOlder } from './resource-version.ts';

/** client-go's reflector has the same. */
const BACKOFF: Backoff = { initial: 800, maximum: 30_000 };
/** A list may take many pages. */
const LIST_TIMEOUT: Milliseconds = 60_000;
/** A watch that the server ends sooner than this, and without an event, is a failure: opening it at once again would spin. */
const SHORTEST_WATCH: Milliseconds = 1_000;
const NAMESPACE_INDEX = 'namespace';

export interface ListWatchOptions<T extends KubernetesObject> {
  readonly selection: Selection;
  /**
   * Called for each change of the store, after it: new (no `old`), another version, gone (no `new`). An object that was
   * replaced by another one of its name is first gone, then new. It should do no more than add a key to a queue.
   */
  readonly onChange?: (old: T | undefined, now: T | undefined) => void;
  /** A list or a watch failed (it will be tried again), or `onChange` threw. */
  readonly onError?: (error: unknown) => void;
  /** What else objects are looked up by; see {@link ListWatch.byIndex}. */
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** After how long without a byte a watch counts as dead; default that of the API's watch. */
  readonly silence?: Milliseconds;
}

/**
 * Keeps a copy of all objects of a selection in memory: list, then watch. Objects are without `managedFields`, and
 * shared: whoever reads one must not change it.
 *
 * The copy is behind the server by the latency of a watch, and by up to 30 s after a failure. So whoever acts on it also
 * has to look from time to time unasked, and a write needs the resourceVersion that it was decided on.
 */
export class ListWatch<T extends KubernetesObject> {
  readonly #environment: WatchEnvironment;
  readonly #options: ListWatchOptions<T>;
  readonly #store: ObjectStore<T>;
  readonly #waiting = new Set<() => void>();
  #synced = false;
  #lastContact: Milliseconds | undefined;
  #failures = 0;

  constructor(environment: WatchEnvironment, options: ListWatchOptions<T>) {
    this.#environment = environment;
    this.#options = options;
    const byNamespace: IndexFunction<T> = ({ metadata }) => [metadata.namespace ?? ''];
    this.#store = new ObjectStore({ ...options.indexes, [NAMESPACE_INDEX]: byNamespace });
  }

  /** Whether the store holds a whole list: before that, a missing object means nothing. */
  hasSynced(): boolean {
    return this.#synced;
  }

  /** Waits for `hasSynced`. @returns false when it was aborted first */
  async waitForSync(signal: AbortSignal): Promise<boolean> {
    if (this.#synced || signal.aborted) return this.#synced;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
    });
    return this.#synced;
  }

  /** When the server was last heard of, on the monotonic clock: an answer, an event or a bookmark. */
  get lastContact(): Milliseconds | undefined {
    return this.#lastContact;
  }

  get size(): number {
    return this.#store.size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#store.get(objectKey(namespace, name));
  }

  /** All objects, or those of one namespace. */
  list(namespace?: string): T[] {
    return namespace === undefined ? this.#store.values() : this.#store.byIndex(NAMESPACE_INDEX, namespace);
  }

  /** The objects for which the index function of that name gave this value. */
  byIndex(index: string, value: string): T[] {
    return this.#store.byIndex(index, value);
  }

  /** Runs until aborted. Never throws. Must not be called twice. */
  async run(signal: AbortSignal): Promise<void> {
    let version: string | undefined;
    while (!signal.aborted) {
      try {
        version ??= await this.#relist(signal);
        for await (const event of this.#watch(version, signal)) version = this.#take(event) ?? version;
      } catch (error) {
        if (signal.aborted) return;
        if (needsList(error)) version = undefined;
        await this.#recover(error, signal);
      }
    }
  }

  /** Makes the store what the server has. @returns the version of the list */
  async #relist(signal: AbortSignal): Promise<string> {
    const { api } = this.#environment;
    const list = await api.list<T>(this.#options.selection, { timeout: LIST_TIMEOUT, signal });
    this.#heard();
    const listed = new Set(list.items.map(keyOf));
    for (const key of this.#store.keys()) {
      if (!listed.has(key)) this.#remove(key);
    }
    for (const object of list.items) this.#put(object, 'authoritative');
    this.#synced = true;
    for (const done of [...this.#waiting]) done();
    return list.metadata.resourceVersion ?? '';
  }

  /** One watch, to its end by the server. */
  async *#watch(resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { api, clock } = this.#environment;
    const { selection, silence } = this.#options;
    const openedAt = clock.now();
    let heard = false;
    const options = { resourceVersion, signal, ...(silence === undefined ? {} : { silence }) };
    for await (const event of api.watch<T>(selection, options)) {
      heard = true;
      this.#failures = 0;
      this.#heard();
      yield event;
    }
    if (signal.aborted) return;
    if (!heard && clock.now() - openedAt < SHORTEST_WATCH) {
      throw new KubernetesApiError(`watch ${selection.resource.kind}`, 'Disconnected', 'the server ended it at once');
    }
    this.#failures = 0;
    this.#heard();
  }

  /** @returns the version that the event brought */
  #take(event: WatchEvent<T>): string | undefined {
    switch (event.type) {
      case 'BOOKMARK':
        return event.resourceVersion;
      case 'DELETED':
        this.#remove(keyOf(event.object), event.object.metadata.uid);
        break;
      case 'ADDED':
      case 'MODIFIED':
        this.#put(event.object, 'perhaps late');
        break;
    }
    return event.object.metadata.resourceVersion;
  }

  /**
   * @param source a list is a quorum read: what it says is true even where versions went back, as they do when etcd is
   * restored from a backup
   */
  #put(object: T, source: 'authoritative' | 'perhaps late'): void {
    delete object.metadata.managedFields;
    const old = this.#store.get(keyOf(object));
    const { uid, resourceVersion } = object.metadata;
    if (old !== undefined && old.metadata.uid === uid) {
      const known = old.metadata.resourceVersion;
      if (resourceVersion === known) return;
      if (source === 'perhaps late' && isOlder(resourceVersion, known)) return;
      this.#store.set(object);
      this.#changed(old, object);
      return;
    }
    if (old !== undefined) this.#remove(keyOf(old));
    this.#store.set(object);
    this.#changed(undefined, object);
  }

  /** @param uid removes only the object with this uid */
  #remove(key: string, uid?: string): void {
    const old = this.#store.get(key);
    if (old === undefined || (uid !== undefined && old.metadata.uid !== uid)) return;
    this.#store.delete(key);
    this.#changed(old, undefined);
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    this.#tell(error);
    const { clock, random } = this.#environment;
    this.#failures++;
    const isApiError = error instanceof KubernetesApiError;
    // A version that is no longer kept says nothing about the server; only when that repeats is something wrong.
    if (isApiError && error.reason === 'Expired' && this.#failures === 1) return;
    const retryAfter = isApiError ? (error.retryAfter ?? 0) : 0;
    await sleep(clock, Math.max(retryAfter, fullJitter(BACKOFF, this.#failures, random)), signal);
  }

  #heard(): void {
    this.#lastContact = this.#environment.clock.now();
  }

  #changed(old: T | undefined, now: T | undefined): void {
    try {
      this.#options.onChange?.(old, now);
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // Who cannot be told of errors cannot be told of this one either.
    }
  }
}

/**
 * Whether watching on from the last version would not help: it is no longer kept, or the stream fell silent, as it does
 * when the version is one that the server has not reached (its etcd was restored from a backup).
 */
function needsList(error: unknown): boolean {
  return error instanceof KubernetesApiError && (error.reason === 'Expired' || error.reason === 'Timeout');
}
