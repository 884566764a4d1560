import { names } from '../api/names.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import type { EndpointSlice, Lease } from '../kube/kubernetes-object.ts';
import { endpointSlices, leases } from '../kube/resource.ts';
import { getIfExists } from '../kube/get-if-exists.ts';
import type { ClusterIdentity } from './build/metadata.ts';
import { judgeSlice, REPAIR_AFTER_MILLISECONDS } from './endpoint-repair.ts';
import { podNamesOf, podsOf } from './snapshot.ts';
import type { PairSnapshot } from './snapshot.ts';

/** What came of looking at a pair's slice. */
export type Repair =
  | { readonly kind: 'none' }
  /** It differs, but the agent has still time to write it itself. */
  | { readonly kind: 'waiting'; readonly again: Milliseconds }
  | { readonly kind: 'repaired'; readonly difference: string };

/**
 * The second writer of the pairs' slices: it steps in when a slice has not been what its Lease demands for two seconds.
 * It remembers since when, by the monotonic clock.
 */
export class EndpointRepair {
  readonly #api: KubernetesApi;
  readonly #clock: Clock;
  readonly #differsSince = new Map<string, Milliseconds>();

  constructor(api: KubernetesApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** @throws KubernetesApiError */
  async repair(cluster: ClusterIdentity, pair: PairSnapshot): Promise<Repair> {
    const key = `${cluster.namespace}/${names.pair(cluster.name, pair.component)}`;
    const podNames = podNamesOf(cluster, pair.component);
    const differs = pair.slice && judgeSlice(pair.lease, pair.slice, podsOf(pair), podNames).kind === 'behind';
    if (!differs) {
      this.#differsSince.delete(key);
      return { kind: 'none' };
    }
    const now = this.#clock.now();
    const since = this.#differsSince.get(key) ?? now;
    this.#differsSince.set(key, since);
    if (now - since < REPAIR_AFTER_MILLISECONDS) {
      return { kind: 'waiting', again: since + REPAIR_AFTER_MILLISECONDS - now };
    }
    return this.#write(cluster, pair);
  }

  /**
   * The slice is read before the Lease: what the Lease says is then at least as new as the slice that is replaced, and a
   * holder that came in between has changed the slice's resourceVersion or will do so after us.
   */
  async #write(cluster: ClusterIdentity, pair: PairSnapshot): Promise<Repair> {
    const name = names.pair(cluster.name, pair.component);
    const reference = { resource: endpointSlices, namespace: cluster.namespace, name };
    const slice = await getIfExists<EndpointSlice>(this.#api, reference);
    const lease = await getIfExists<Lease>(this.#api, { ...reference, resource: leases });
    const verdict = slice && judgeSlice(lease, slice, podsOf(pair), podNamesOf(cluster, pair.component));
    if (verdict?.kind !== 'behind') return { kind: 'none' };
    try {
      await this.#api.replace(reference, verdict.wanted);
      return { kind: 'repaired', difference: verdict.difference };
    } catch (error) {
      // Somebody was faster: what they wrote comes by the watch.
      if (error instanceof KubernetesApiError && error.reason === 'Conflict') return { kind: 'none' };
      throw error;
    }
  }

  /** Forgets a cluster that has gone. */
  forget(namespace: string, cluster: string): void {
    for (const component of ['statestore', 'catalog'] as const) {
      this.#differsSince.delete(`${namespace}/${names.pair(cluster, component)}`);
    }
  }
}
