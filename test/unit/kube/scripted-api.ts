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
} from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from '../../../src/kube/kubernetes-object.ts';

/** A call as it reached the API. */
export interface Call {
  readonly method: keyof KubernetesApi;
  readonly name?: string;
  readonly body?: unknown;
  readonly options: CallOptions & Partial<WatchOptions> & Partial<ApplyOptions> & DeleteOptions;
}

export const failure = (reason: ApiErrorReason, details: { retryAfter?: number } = {}): KubernetesApiError =>
  new KubernetesApiError('test', reason, reason, details);

/** One open watch, which a test feeds. */
export class OpenWatch {
  readonly resourceVersion: string;
  readonly #entries: (WatchEvent<KubernetesObject> | Error | 'end')[] = [];
  #wake: (() => void) | undefined;
  closed = false;

  constructor(options: WatchOptions) {
    this.resourceVersion = options.resourceVersion;
    options.signal.addEventListener('abort', () => this.end());
  }

  send(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): void {
    this.#push({ type, object: structuredClone(object) });
  }

  bookmark(resourceVersion: string): void {
    this.#push({ type: 'BOOKMARK', resourceVersion });
  }

  fail(error: Error): void {
    this.#push(error);
  }

  end(): void {
    this.#push('end');
  }

  async *events(): AsyncGenerator<WatchEvent<KubernetesObject>, void, undefined> {
    try {
      for (;;) {
        const entry = this.#entries.shift();
        if (entry === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
        else if (entry === 'end') return;
        else if (entry instanceof Error) throw entry;
        else yield entry;
      }
    } finally {
      this.closed = true;
    }
  }

  #push(entry: WatchEvent<KubernetesObject> | Error | 'end'): void {
    this.#entries.push(entry);
    this.#wake?.();
  }
}

/**
 * A Kubernetes API whose answers a test writes: each call but watch is answered by `answer`, which returns a result or
 * throws; watches stay open until the test ends them.
 */
export class ScriptedApi implements KubernetesApi {
  readonly calls: Call[] = [];
  readonly watches: OpenWatch[] = [];
  answer: (call: Call) => unknown = () => {
    throw failure('NotFound');
  };

  /** The watch that was opened last. @throws Error when there is none that is open */
  get watching(): OpenWatch {
    const last = this.watches.at(-1);
    if (last === undefined || last.closed) throw new Error('no watch is open');
    return last;
  }

  count(method: keyof KubernetesApi): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  get<T extends KubernetesObject>(object: ObjectReference, options: CallOptions = {}): Promise<T> {
    return this.#call({ method: 'get', name: object.name, options });
  }

  list<T extends KubernetesObject>(_: Selection, options: CallOptions = {}): Promise<KubernetesList<T>> {
    return this.#call({ method: 'list', options });
  }

  create<T extends KubernetesObject>(_: object, body: T, options: CallOptions = {}): Promise<T> {
    return this.#call({ method: 'create', name: body.metadata.name, body, options });
  }

  replace<T extends KubernetesObject>(object: ObjectReference, body: T, options: CallOptions = {}): Promise<T> {
    return this.#call({ method: 'replace', name: object.name, body, options });
  }

  apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    return this.#call({ method: 'apply', name: object.name, body, options });
  }

  mergePatch<T extends KubernetesObject>(object: ObjectReference, body: object, options: CallOptions = {}): Promise<T> {
    return this.#call({ method: 'mergePatch', name: object.name, body, options });
  }

  delete(object: ObjectReference, options: DeleteOptions = {}): Promise<void> {
    return this.#call({ method: 'delete', name: object.name, options });
  }

  watch<T extends KubernetesObject>(selection: Selection, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    this.calls.push({ method: 'watch', name: selection.fieldSelector ?? '', options });
    const watch = new OpenWatch(options);
    this.watches.push(watch);
    return watch.events() as AsyncGenerator<WatchEvent<T>>;
  }

  async #call<R>(call: Call): Promise<R> {
    this.calls.push(call);
    return structuredClone(await this.answer(call)) as R;
  }
}
