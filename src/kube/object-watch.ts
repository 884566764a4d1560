import { equalJitter, type Backoff } from './backoff.ts';
import { sleep, type Clock, type Milliseconds } from './clock.ts';
import { KubernetesApiError, type KubernetesApi, type ObjectReference, type WatchEvent } from './kubernetes-api.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import type { Random } from './random.ts';
import { isOlder } from './resource-version.ts';

const BACKOFF: Backoff = { initial: 100, maximum: 5_000 };
const READ_TIMEOUT: Milliseconds = 5_000;
/** A watch that the server ends sooner than this, and without an event, is a failure: opening it at once again would spin. */
const SHORTEST_WATCH: Milliseconds = 1_000;

/** Where a watch has its API, time and randomness from. */
export interface WatchEnvironment {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: Random;
}

export type ObjectState<T extends KubernetesObject> =
  { readonly kind: 'present'; readonly object: T } | { readonly kind: 'absent' };

export interface ObjectWatchHandlers<T extends KubernetesObject> {
  /**
   * Called with the first state and with each change: another version, absent, or present again (perhaps with another
   * uid). Never with an older version after a newer one of the same uid, nor with an object that was seen gone.
   */
  onState(state: ObjectState<T>): void;
  /** A read or a watch failed (it will be tried again), or `onState` threw. */
  onError?(error: unknown): void;
  /** After how long without a byte a watch counts as dead; default that of {@link KubernetesApi.watch}. */
  silence?: Milliseconds;
}

/**
 * Follows one object until it is aborted: GET, then watch. It needs the rights `get` and `watch` on that one name and no
 * `list`. Whatever fails is tried again after 0.1 to 5 s. Never throws.
 */
export async function watchObject<T extends KubernetesObject>(
  environment: WatchEnvironment,
  reference: ObjectReference,
  handlers: ObjectWatchHandlers<T>,
  signal: AbortSignal,
): Promise<void> {
  await new ObjectWatch(environment, reference, handlers, signal).run();
}

class ObjectWatch<T extends KubernetesObject> {
  readonly #environment: WatchEnvironment;
  readonly #reference: ObjectReference;
  readonly #handlers: ObjectWatchHandlers<T>;
  readonly #signal: AbortSignal;
  /** What was last reported; nothing before the first read. */
  #state: ObjectState<T> | undefined;
  /** The uid of the object that was last seen gone; uids never come back. */
  #goneUid: string | undefined;
  #failures = 0;

  constructor(
    environment: WatchEnvironment,
    reference: ObjectReference,
    handlers: ObjectWatchHandlers<T>,
    signal: AbortSignal,
  ) {
    this.#environment = environment;
    this.#reference = reference;
    this.#handlers = handlers;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    let sawSomething = false;
    while (!this.#signal.aborted) {
      try {
        const version = await this.#read();
        // The watch saw an object that a read does not find: it lags behind, and has to be given time.
        if (version === undefined && sawSomething) await this.#waitAfterFailure();
        sawSomething = version === undefined ? await this.#awaitObject() : await this.#follow(version);
      } catch (error) {
        sawSomething = false;
        await this.#recover(error);
      }
    }
  }

  /** Reads and reports. @returns the version to watch from; nothing when there is no object */
  async #read(): Promise<string | undefined> {
    try {
      const options = { timeout: READ_TIMEOUT, signal: this.#signal };
      const object = await this.#environment.api.get<T>(this.#reference, options);
      this.#reportPresent(object);
      return object.metadata.resourceVersion ?? '';
    } catch (error) {
      if (!(error instanceof KubernetesApiError) || error.reason !== 'NotFound') throw error;
      this.#reportAbsent();
      return undefined;
    }
  }

  /**
   * Waits for an absent object to appear. A 404 has no version to watch from, so the watch begins at whatever state the
   * server has at hand, which may be an old one: what it shows is only the reason for another read. Its first bookmark
   * is a version from which events are exact.
   * @returns true when something was seen and the object has to be read
   */
  async #awaitObject(): Promise<boolean> {
    let version = '';
    while (!this.#signal.aborted) {
      for await (const event of this.#watch(version)) {
        if (event.type !== 'BOOKMARK') return true;
        version = event.resourceVersion;
      }
    }
    return false;
  }

  /** Reports what happens after a version, over as many watches as it takes. */
  async #follow(from: string): Promise<false> {
    let version = from;
    while (!this.#signal.aborted) {
      for await (const event of this.#watch(version)) {
        if (event.type === 'BOOKMARK') {
          version = event.resourceVersion;
          continue;
        }
        version = event.object.metadata.resourceVersion ?? version;
        if (event.type === 'DELETED') this.#reportDeleted(event.object);
        else this.#reportPresent(event.object);
      }
    }
    return false;
  }

  /** One watch, to its end by the server. */
  async *#watch(resourceVersion: string): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { api, clock } = this.#environment;
    const { resource, namespace, name } = this.#reference;
    const selection = {
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      fieldSelector: `metadata.name=${name}`,
    };
    const { silence } = this.#handlers;
    const options = { resourceVersion, signal: this.#signal, ...(silence === undefined ? {} : { silence }) };
    const openedAt = clock.now();
    let heard = false;
    for await (const event of api.watch<T>(selection, options)) {
      heard = true;
      // An event of a watch without a version may be an old state, and so no sign that the server is up to date.
      if (resourceVersion !== '' || event.type === 'BOOKMARK') this.#failures = 0;
      yield event;
    }
    if (this.#signal.aborted) return;
    if (!heard && clock.now() - openedAt < SHORTEST_WATCH) {
      throw new KubernetesApiError(`watch ${resource.kind} ${name}`, 'Disconnected', 'the server ended it at once');
    }
    this.#failures = 0;
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    const expired = error instanceof KubernetesApiError && error.reason === 'Expired';
    this.#tell(error);
    // A version that is no longer kept says nothing about the server; only when that repeats is something wrong.
    if (expired && this.#failures === 0) {
      this.#failures = 1;
      return;
    }
    await this.#waitAfterFailure(error instanceof KubernetesApiError ? error.retryAfter : undefined);
  }

  async #waitAfterFailure(atLeast: Milliseconds = 0): Promise<void> {
    this.#failures++;
    const { clock, random } = this.#environment;
    await sleep(clock, Math.max(atLeast, equalJitter(BACKOFF, this.#failures, random)), this.#signal);
  }

  #reportPresent(object: T): void {
    const { uid, resourceVersion } = object.metadata;
    if (uid !== undefined && uid === this.#goneUid) return;
    if (this.#state?.kind === 'present' && this.#state.object.metadata.uid === uid) {
      const known = this.#state.object.metadata.resourceVersion;
      if (resourceVersion === known || isOlder(resourceVersion, known)) return;
    }
    this.#report({ kind: 'present', object });
  }

  #reportDeleted(object: T): void {
    const known = this.#state?.kind === 'present' ? this.#state.object.metadata.uid : undefined;
    if (known === undefined || known === object.metadata.uid) this.#reportAbsent();
  }

  #reportAbsent(): void {
    if (this.#state?.kind === 'absent') return;
    this.#goneUid = this.#state?.object.metadata.uid;
    this.#report({ kind: 'absent' });
  }

  #report(state: ObjectState<T>): void {
    if (this.#signal.aborted) return;
    this.#state = state;
    try {
      this.#handlers.onState(state);
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    try {
      this.#handlers.onError?.(error);
    } catch {
      // Who cannot be told of errors cannot be told of this one either.
    }
  }
}
