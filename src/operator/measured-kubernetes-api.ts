import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type {
  ApiErrorReason,
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  KubernetesApi,
  ObjectReference,
  Selection,
  WatchEvent,
  WatchOptions,
} from '../kube/kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from '../kube/kubernetes-object.ts';

export const API_VERBS = ['get', 'list', 'create', 'replace', 'apply', 'patch', 'delete', 'watch'] as const;
export type ApiVerb = (typeof API_VERBS)[number];

/** What is told of calls, for metrics. Must not throw. */
export interface ApiObserver {
  apiCall(verb: ApiVerb): void;
  apiError(verb: ApiVerb, reason: ApiErrorReason): void;
}

/** Errors that show an API server that is away, or has no strength left. */
const NO_ANSWER: readonly ApiErrorReason[] = ['Timeout', 'Disconnected', 'ServerError', 'TooManyRequests', 'Aborted'];

/** The API with each of its calls, and their errors, counted. */
export class MeasuredKubernetesApi implements KubernetesApi {
  readonly #api: KubernetesApi;
  readonly #observer: ApiObserver;
  readonly #onAnswer: () => void;

  /** @param onAnswer the API server did what it was asked, refused it for good reason, or told of something */
  constructor(api: KubernetesApi, observer: ApiObserver, onAnswer: () => void) {
    this.#api = api;
    this.#observer = observer;
    this.#onAnswer = onAnswer;
  }

  get<T extends KubernetesObject>(object: ObjectReference, options?: CallOptions): Promise<T> {
    return this.#measure('get', this.#api.get<T>(object, options));
  }

  list<T extends KubernetesObject>(selection: Selection, options?: CallOptions): Promise<KubernetesList<T>> {
    return this.#measure('list', this.#api.list<T>(selection, options));
  }

  create<T extends KubernetesObject>(
    object: Omit<ObjectReference, 'name'>,
    body: T,
    options?: CallOptions,
  ): Promise<T> {
    return this.#measure('create', this.#api.create<T>(object, body, options));
  }

  replace<T extends KubernetesObject>(object: ObjectReference, body: T, options?: CallOptions): Promise<T> {
    return this.#measure('replace', this.#api.replace<T>(object, body, options));
  }

  apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    return this.#measure('apply', this.#api.apply<T>(object, body, options));
  }

  mergePatch<T extends KubernetesObject>(object: ObjectReference, patch: object, options?: CallOptions): Promise<T> {
    return this.#measure('patch', this.#api.mergePatch<T>(object, patch, options));
  }

  delete(object: ObjectReference, options?: DeleteOptions): Promise<void> {
    return this.#measure('delete', this.#api.delete(object, options));
  }

  async *watch<T extends KubernetesObject>(
    selection: Selection,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    this.#observer.apiCall('watch');
    try {
      for await (const event of this.#api.watch<T>(selection, options)) {
        this.#onAnswer();
        yield event;
      }
    } catch (error) {
      this.#failed('watch', error);
      throw error;
    }
  }

  async #measure<R>(verb: ApiVerb, call: Promise<R>): Promise<R> {
    this.#observer.apiCall(verb);
    try {
      const answer = await call;
      this.#onAnswer();
      return answer;
    } catch (error) {
      this.#failed(verb, error);
      throw error;
    }
  }

  #failed(verb: ApiVerb, error: unknown): void {
    if (!(error instanceof KubernetesApiError)) return;
    if (!NO_ANSWER.includes(error.reason)) this.#onAnswer();
    this.#observer.apiError(verb, error.reason);
  }
}
