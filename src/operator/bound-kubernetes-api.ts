import type {
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

/** The API for as long as a signal is not aborted: then calls under way end, and new ones fail, with reason `Aborted`. */
export class BoundKubernetesApi implements KubernetesApi {
  readonly #api: KubernetesApi;
  readonly #signal: AbortSignal;

  constructor(api: KubernetesApi, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  get<T extends KubernetesObject>(object: ObjectReference, options?: CallOptions): Promise<T> {
    return this.#api.get<T>(object, this.#bound(options));
  }

  list<T extends KubernetesObject>(selection: Selection, options?: CallOptions): Promise<KubernetesList<T>> {
    return this.#api.list<T>(selection, this.#bound(options));
  }

  create<T extends KubernetesObject>(
    object: Omit<ObjectReference, 'name'>,
    body: T,
    options?: CallOptions,
  ): Promise<T> {
    return this.#api.create<T>(object, body, this.#bound(options));
  }

  replace<T extends KubernetesObject>(object: ObjectReference, body: T, options?: CallOptions): Promise<T> {
    return this.#api.replace<T>(object, body, this.#bound(options));
  }

  apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    return this.#api.apply<T>(object, body, this.#bound(options));
  }

  mergePatch<T extends KubernetesObject>(object: ObjectReference, patch: object, options?: CallOptions): Promise<T> {
    return this.#api.mergePatch<T>(object, patch, this.#bound(options));
  }

  delete(object: ObjectReference, options?: DeleteOptions): Promise<void> {
    return this.#api.delete(object, this.#bound(options));
  }

  watch<T extends KubernetesObject>(selection: Selection, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return this.#api.watch<T>(selection, this.#bound(options));
  }

  #bound<O extends CallOptions>(options: O | undefined): O {
    const signal = options?.signal ? AbortSignal.any([options.signal, this.#signal]) : this.#signal;
    return { ...(options as O), signal };
  }
}
