import { fullJitter, type Backoff } from './backoff.ts';
import { sleep, type Clock, type Milliseconds } from './clock.ts';
import { covers } from './covers.ts';
import {
  KubernetesApiError,
  type ApiErrorReason,
  type ApplyOptions,
  type CallOptions,
  type DeleteOptions,
  type KubernetesApi,
  type ObjectReference,
  type Selection,
  type WatchEvent,
  type WatchOptions,
} from './kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from './kubernetes-object.ts';
import type { Random } from './random.ts';

const TRANSIENT: ReadonlySet<ApiErrorReason> = new Set(['TooManyRequests', 'ServerError', 'Disconnected', 'Timeout']);

/** The least timeout worth trying with: with less left, the last error is the answer. */
const LEAST_TIMEOUT: Milliseconds = 100;

export interface RetryingOptions {
  clock: Clock;
  random: Random;
  backoff?: Backoff;
  /** How often a call is tried in all; default 5. */
  attempts?: number;
  /** From the first try to the end of the last; default 30 s. `timeout` of a call bounds each try. */
  deadline?: Milliseconds;
  /** Told of each try that failed and will be followed by another. */
  onRetry?: (error: KubernetesApiError) => void;
}

/**
 * The API for everybody who does not have to know which of their tries succeeded. It tries again after 429, 5xx, a
 * broken connection and a missing answer, when the server asks it to or else after an exponential backoff with full
 * jitter, and once after a 401, since tokens are replaced while they are in use.
 *
 * What a lost answer means for each method:
 * - get, list: nothing.
 * - apply, mergePatch: the second try says the same as the first; it is sent again.
 * - replace with a resourceVersion: when the first try took place, the second is a `Conflict`. So may be any other
 *   replace, and what follows from a conflict is the same: read again.
 * - delete: the object is wanted gone; that it is `NotFound` at a later try is success. With a uid, no other object of
 *   the name can be hit.
 * - create: never sent again. If the first one took place, somebody may have seen, used and deleted the object by now,
 *   and a second create would bring it back with the contents of a world that is gone (a Lease that says it is released,
 *   while its holder lives). The object is read instead: if it is as asked for, that is the answer; if it is another,
 *   `AlreadyExists`; if there is none, the error of the create, whose outcome remains unknown.
 * - watch: passed on; who watches has its own way to go on.
 */
export class RetryingKubernetesApi implements KubernetesApi {
  readonly #api: KubernetesApi;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: Backoff;
  readonly #attempts: number;
  readonly #deadline: Milliseconds;
  readonly #onRetry: (error: KubernetesApiError) => void;

  constructor(api: KubernetesApi, options: RetryingOptions) {
    this.#api = api;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#backoff = options.backoff ?? { initial: 200, maximum: 5_000 };
    this.#attempts = options.attempts ?? 5;
    this.#deadline = options.deadline ?? 30_000;
    this.#onRetry = options.onRetry ?? (() => undefined);
  }

  get<T extends KubernetesObject>(object: ObjectReference, options?: CallOptions): Promise<T> {
    return this.#retry(options, (bounded) => this.#api.get<T>(object, bounded));
  }

  list<T extends KubernetesObject>(selection: Selection, options?: CallOptions): Promise<KubernetesList<T>> {
    return this.#retry(options, (bounded) => this.#api.list<T>(selection, bounded));
  }

  async create<T extends KubernetesObject>(
    object: Omit<ObjectReference, 'name'>,
    body: T,
    options?: CallOptions,
  ): Promise<T> {
    try {
      const definite = (error: KubernetesApiError): boolean => isTransient(error) && !error.outcomeUnknown;
      return await this.#retry(options, (bounded) => this.#api.create<T>(object, body, bounded), definite);
    } catch (error) {
      if (!(error instanceof KubernetesApiError) || !error.outcomeUnknown || error.reason === 'Aborted') throw error;
      return this.#createdAfterAll({ ...object, name: body.metadata.name }, body, error, options);
    }
  }

  replace<T extends KubernetesObject>(object: ObjectReference, body: T, options?: CallOptions): Promise<T> {
    return this.#retry(options, (bounded) => this.#api.replace<T>(object, body, bounded));
  }

  apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    return this.#retry(options, (bounded) => this.#api.apply<T>(object, body, bounded));
  }

  mergePatch<T extends KubernetesObject>(object: ObjectReference, patch: object, options?: CallOptions): Promise<T> {
    return this.#retry(options, (bounded) => this.#api.mergePatch<T>(object, patch, bounded));
  }

  async delete(object: ObjectReference, options: DeleteOptions = {}): Promise<void> {
    let outcomeUnknown = false;
    await this.#retry(options, async (bounded) => {
      try {
        await this.#api.delete(object, bounded);
      } catch (error) {
        if (!(error instanceof KubernetesApiError)) throw error;
        if (error.reason === 'NotFound' && outcomeUnknown) return;
        outcomeUnknown ||= error.outcomeUnknown;
        throw error;
      }
    });
  }

  watch<T extends KubernetesObject>(selection: Selection, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return this.#api.watch<T>(selection, options);
  }

  /** What a create without an answer came to. */
  async #createdAfterAll<T extends KubernetesObject>(
    object: ObjectReference,
    body: T,
    failure: KubernetesApiError,
    options: CallOptions | undefined,
  ): Promise<T> {
    let live: T;
    try {
      live = await this.get<T>(object, options);
    } catch {
      throw failure;
    }
    if (covers(live, body)) return live;
    const message = 'there is another object of this name, or ours, changed since';
    throw new KubernetesApiError(`create ${object.name}`, 'AlreadyExists', message, { cause: failure });
  }

  async #retry<O extends CallOptions, R>(
    options: O | undefined,
    attempt: (options: O & CallOptions) => Promise<R>,
    isRetryable: (error: KubernetesApiError) => boolean = isTransient,
  ): Promise<R> {
    const end = this.#clock.now() + this.#deadline;
    let unauthorized = 0;
    for (let failures = 1; ; failures++) {
      const timeout = Math.min(options?.timeout ?? 10_000, end - this.#clock.now());
      try {
        return await attempt({ ...(options as O), timeout });
      } catch (error) {
        if (!(error instanceof KubernetesApiError)) throw error;
        if (error.reason === 'Unauthorized') unauthorized++;
        const retryable = error.reason === 'Unauthorized' ? unauthorized === 1 : isRetryable(error);
        const delay = Math.max(error.retryAfter ?? 0, fullJitter(this.#backoff, failures, this.#random));
        const late = this.#clock.now() + delay + LEAST_TIMEOUT > end;
        if (!retryable || failures >= this.#attempts || late) throw error;
        this.#onRetry(error);
        await sleep(this.#clock, delay, options?.signal);
      }
    }
  }
}

const isTransient = (error: KubernetesApiError): boolean => TRANSIENT.has(error.reason);
