import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  KubernetesApi,
  ObjectReference,
  Selection,
  WatchEvent,
  WatchOptions,
} from '../../kube/kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** The Kubernetes API as one process has it: its connections close with it, and it hears nothing while it is stopped. */
export class ProcessApi implements KubernetesApi {
  readonly #process: VirtualProcess;
  readonly #api: KubernetesApi;

  constructor(process: VirtualProcess, api: KubernetesApi) {
    this.#process = process;
    this.#api = api;
  }

  get<T extends KubernetesObject>(object: ObjectReference, options?: CallOptions): Promise<T> {
    return this.#process.receive(this.#api.get<T>(object, this.#ending(options)));
  }

  list<T extends KubernetesObject>(selection: Selection, options?: CallOptions): Promise<KubernetesList<T>> {
    return this.#process.receive(this.#api.list<T>(selection, this.#ending(options)));
  }

  create<T extends KubernetesObject>(
    object: Omit<ObjectReference, 'name'>,
    body: T,
    options?: CallOptions,
  ): Promise<T> {
    return this.#process.receive(this.#api.create(object, body, this.#ending(options)));
  }

  replace<T extends KubernetesObject>(object: ObjectReference, body: T, options?: CallOptions): Promise<T> {
    return this.#process.receive(this.#api.replace(object, body, this.#ending(options)));
  }

  apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    return this.#process.receive(this.#api.apply<T>(object, body, this.#ending(options)));
  }

  mergePatch<T extends KubernetesObject>(object: ObjectReference, patch: object, options?: CallOptions): Promise<T> {
    return this.#process.receive(this.#api.mergePatch<T>(object, patch, this.#ending(options)));
  }

  delete(object: ObjectReference, options?: DeleteOptions): Promise<void> {
    return this.#process.receive(this.#api.delete(object, this.#ending(options)));
  }

  async *watch<T extends KubernetesObject>(
    selection: Selection,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const events = this.#api.watch<T>(selection, this.#ending(options))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#process.receive(events.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      void events.return?.();
    }
  }

  #ending<O extends { signal?: AbortSignal }>(options: O | undefined): O & { signal: AbortSignal } {
    const { death } = this.#process;
    const signal = options?.signal === undefined ? death : AbortSignal.any([options.signal, death]);
    return { ...(options as O), signal };
  }
}
