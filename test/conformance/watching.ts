import type { KubernetesApi, Selection, WatchEvent } from '../../src/kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../src/kube/kubernetes-object.ts';
import type { ConformanceEnvironment } from './environment.ts';

type ObjectEvent<T extends KubernetesObject> = Exclude<WatchEvent<T>, { type: 'BOOKMARK' }>;

/** A watch whose events a case takes one by one. */
export class Watching<T extends KubernetesObject> {
  readonly #environment: ConformanceEnvironment;
  readonly #abort = new AbortController();
  readonly #events: AsyncIterator<WatchEvent<T>>;

  constructor(environment: ConformanceEnvironment, selection: Selection, resourceVersion: string) {
    this.#environment = environment;
    const api: KubernetesApi = environment.client('watcher');
    const options = { resourceVersion, signal: this.#abort.signal, silence: 10_000 };
    this.#events = api.watch<T>(selection, options)[Symbol.asyncIterator]();
  }

  /**
   * The next so many events, bookmarks left out.
   * @throws KubernetesApiError Timeout when they do not come; Error when the stream ends before
   */
  async take(count: number): Promise<ObjectEvent<T>[]> {
    const taken: ObjectEvent<T>[] = [];
    while (taken.length < count) {
      const next = await this.#environment.settle(this.#events.next());
      if (next.done === true) throw new Error(`the stream ended after ${taken.length} of ${count} events`);
      if (next.value.type !== 'BOOKMARK') taken.push(next.value);
    }
    return taken;
  }

  /** As {@link take}, as text: `ADDED name`. */
  async describe(count: number): Promise<string[]> {
    return (await this.take(count)).map(({ type, object }) => `${type} ${object.metadata.name}`);
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#environment.settle(this.#events.next());
  }
}
