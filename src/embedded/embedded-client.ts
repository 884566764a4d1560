import type { Clock, Milliseconds } from '../kube/clock.ts';
import {
  KubernetesApiError,
  type ApplyOptions,
  type CallOptions,
  type DeleteOptions,
  type KubernetesApi,
  type ObjectReference,
  type Selection,
  type WatchEvent,
  type WatchOptions,
} from '../kube/kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from '../kube/kubernetes-object.ts';
import { EmbeddedWatch } from './embedded-watch.ts';
import { ApiCall, type Interceptor } from './interceptor.ts';
import { mergeJson } from './json.ts';
import { StatusError } from './status-error.ts';

/** As the REST client has it. */
const CALL_TIMEOUT: Milliseconds = 10_000;
const WATCH_SILENCE: Milliseconds = 90_000;

/** What the server does with requests, each at once and as a whole. They throw StatusError. */
export interface RequestHandler {
  get(call: ApiCall): KubernetesObject;
  list(call: ApiCall, selection: Selection): KubernetesList<KubernetesObject>;
  create(call: ApiCall, body: KubernetesObject): KubernetesObject;
  replace(call: ApiCall, body: KubernetesObject): KubernetesObject;
  apply(call: ApiCall, body: object, options: ApplyOptions): KubernetesObject;
  /** @param change what the patch makes of the present object */
  patch(call: ApiCall, change: (object: KubernetesObject) => unknown): KubernetesObject;
  delete(call: ApiCall, options: DeleteOptions): void;
  /** Sends to the watch until it ends. */
  watch(call: ApiCall, selection: Selection, resourceVersion: string, watch: EmbeddedWatch): void;
}

/** One user's client of the embedded API server. */
export class EmbeddedClient implements KubernetesApi {
  readonly #clock: Clock;
  readonly #handler: RequestHandler;
  readonly #user: string;
  readonly #interceptor: Interceptor;

  constructor(clock: Clock, handler: RequestHandler, user: string, interceptor: Interceptor) {
    this.#clock = clock;
    this.#handler = handler;
    this.#user = user;
    this.#interceptor = interceptor;
  }

  async get<T extends KubernetesObject>(object: ObjectReference, options?: CallOptions): Promise<T> {
    const call = new ApiCall({ ...object, user: this.#user, verb: 'get' });
    return this.#exchange(call, options, () => this.#handler.get(call) as T);
  }

  async list<T extends KubernetesObject>(selection: Selection, options?: CallOptions): Promise<KubernetesList<T>> {
    const call = this.#callOn(selection, 'list');
    return this.#exchange(call, options, () => this.#handler.list(call, selection) as KubernetesList<T>);
  }

  async create<T extends KubernetesObject>(
    object: Omit<ObjectReference, 'name'>,
    body: T,
    options?: CallOptions,
  ): Promise<T> {
    const { resource, namespace } = object;
    const { name } = body.metadata;
    const call = new ApiCall({ user: this.#user, verb: 'create', resource, namespace, name, body });
    return this.#exchange(call, options, () => this.#handler.create(call, body) as T);
  }

  async replace<T extends KubernetesObject>(object: ObjectReference, body: T, options?: CallOptions): Promise<T> {
    const call = new ApiCall({ ...object, user: this.#user, verb: 'replace', body });
    return this.#exchange(call, options, () => this.#handler.replace(call, body) as T);
  }

  async apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    const { subresource } = options;
    const call = new ApiCall({ ...object, user: this.#user, verb: 'apply', subresource, body });
    return this.#exchange(call, options, () => this.#handler.apply(call, body, options) as T);
  }

  async mergePatch<T extends KubernetesObject>(
    object: ObjectReference,
    patch: object,
    options?: CallOptions,
  ): Promise<T> {
    const call = new ApiCall({ ...object, user: this.#user, verb: 'patch', body: patch });
    return this.#exchange(call, options, () => this.#handler.patch(call, (object) => mergeJson(object, patch)) as T);
  }

  async delete(object: ObjectReference, options: DeleteOptions = {}): Promise<void> {
    const call = new ApiCall({ ...object, user: this.#user, verb: 'delete' });
    return this.#exchange(call, options, () => this.#handler.delete(call, options));
  }

  async *watch<T extends KubernetesObject>(
    selection: Selection,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { resourceVersion, signal, silence = WATCH_SILENCE } = options;
    if (signal.aborted) return;
    const call = this.#callOn(selection, 'watch');
    const watch = new EmbeddedWatch(this.#clock, call, this.#interceptor, { silence, signal });
    try {
      await this.#exchange(call, { timeout: Math.min(silence, CALL_TIMEOUT), signal }, () =>
        this.#handler.watch(call, selection, resourceVersion, watch),
      );
      yield* watch.events() as AsyncGenerator<WatchEvent<T>, void, undefined>;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      watch.end();
    }
  }

  #callOn({ resource, namespace }: Selection, verb: 'list' | 'watch'): ApiCall {
    return new ApiCall({ user: this.#user, verb, resource, namespace });
  }

  /** Sends a call through the interceptor, and gives up at the deadline or when the caller's signal says so. */
  #exchange<T>(call: ApiCall, options: CallOptions | undefined, handler: () => T): Promise<T> {
    const handle = (): T => reportingFailures(call, handler);
    const { timeout = CALL_TIMEOUT, signal } = options ?? {};
    const interceptor = this.#interceptor;
    return new Promise<T>((resolve, reject) => {
      const aborted = (): void => settle(() => reject(new KubernetesApiError(call.doing, 'Aborted', 'aborted')));
      if (signal?.aborted) {
        reject(new KubernetesApiError(call.doing, 'Aborted', 'aborted'));
        return;
      }
      if (interceptor.exchange === undefined) {
        resolve(handle());
        return;
      }
      const timer = this.#clock.setTimer(timeout, () =>
        settle(() => reject(new KubernetesApiError(call.doing, 'Timeout', 'no answer within the deadline'))),
      );
      const settle = (how: () => void): void => {
        timer.cancel();
        signal?.removeEventListener('abort', aborted);
        how();
      };
      signal?.addEventListener('abort', aborted);
      interceptor.exchange(call, handle).then(
        (answer) => settle(() => resolve(answer)),
        (error: Error) => settle(() => reject(error)),
      );
    });
  }
}

/** Runs a handler; what it refuses is reported as the REST client does. */
function reportingFailures<T>(call: ApiCall, handler: () => T): T {
  try {
    return handler();
  } catch (error) {
    throw error instanceof StatusError ? error.toApiError(call.doing) : error;
  }
}
