import type { Clock, Milliseconds } from '../../kube/clock.ts';
import type { Pod } from '../kubernetes-types.ts';
import type { NodeStates } from './node-state.ts';
import { isStuck } from './pod-state.ts';

/** Remembers since when pods have been seen stuck on lost nodes, by the monotonic clock. */
export class StuckPods {
  readonly #clock: Clock;
  /** By the pair's key: since when, by the pod's uid. */
  readonly #pairs = new Map<string, ReadonlyMap<string, Milliseconds>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes note of which of a pair's pods are stuck now.
   * @returns for how long the pod with a uid has been
   */
  note(pair: string, pods: readonly Pod[], nodes: NodeStates): (uid: string) => Milliseconds {
    const now = this.#clock.now();
    const before = this.#pairs.get(pair);
    const stuck = pods.filter((pod) => isStuck(pod, nodes.get(pod.spec?.nodeName ?? '')));
    const since = new Map(
      stuck.map(({ metadata: { uid = '' } }): [string, Milliseconds] => [uid, before?.get(uid) ?? now]),
    );
    if (since.size > 0) this.#pairs.set(pair, since);
    else this.#pairs.delete(pair);
    return (uid) => now - (since.get(uid) ?? now);
  }
}
