import { names, PAIR_COMPONENTS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import { endpointSlices, leases } from '../kube/resource.ts';
import { getIfExists } from '../kube/get-if-exists.ts';
import { plainSelector } from './build/services.ts';
import { sliceTermOf } from './endpoint-repair.ts';
import { decideRoute, decideSizes, mayEnd, startOf } from './forms.ts';
import type { Form, Parts, Presence, Route, Sizes } from './forms.ts';
import { LeaseClearance } from './lease-clearance.ts';
import { isClosed, turnLease } from './lease-closure.ts';
import { goneComponents, isGone, pairPresence } from './presence.ts';
import { termOf } from '../kube/election/term.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';
import { activeMember } from './status/pair-status.ts';

/** In what form the pairs of a cluster may run now. */
export interface PairForms {
  readonly sizes: Readonly<Record<PairComponent, Sizes>>;
  readonly routes: Readonly<Record<PairComponent, Route>>;
  /** When to look again, where no watch will tell. */
  readonly again: readonly Milliseconds[];
}

/** Kubernetes' own slices are in no watch of ours. */
const LOOK: Milliseconds = 1_000;

export const formOf = ({ cluster: { spec } }: ClusterSnapshot, component: PairComponent): Form =>
  spec.stopped ? 'none' : spec[component].highAvailability.enabled ? 'pair' : 'plain';

/** Whether the pair's Service leads to the plain pod, by the selector that the operator gave it. */
export function selectsPlain({ identity }: Pick<ClusterSnapshot, 'identity'>, pair: PairSnapshot): boolean {
  const selector = Object.entries(pair.service?.spec?.selector ?? {});
  const wanted = plainSelector(identity, pair.component);
  return selector.length === Object.keys(wanted).length && selector.every(([key, value]) => wanted[key] === value);
}

/** The highest term that slice or status tell of. */
function knownTerm({ status }: ClusterSnapshot['cluster'], { slice, component }: PairSnapshot): number | undefined {
  const terms = [slice && sliceTermOf(slice), status?.[component]?.term].filter((term) => term !== undefined);
  return terms.length === 0 ? undefined : Math.max(...terms);
}

/** Turns pairs from one form into the other, never with a daemon of each. */
export class PairFormKeeper {
  readonly #api: KubernetesApi;
  readonly #clearance: LeaseClearance;

  constructor(api: KubernetesApi, clock: Clock) {
    this.#api = api;
    this.#clearance = new LeaseClearance(clock);
  }

  /** @throws KubernetesApiError */
  async decide(snapshot: ClusterSnapshot): Promise<PairForms> {
    const [statestore, catalog] = await Promise.all(
      PAIR_COMPONENTS.map((component) => this.#decideOne(snapshot, snapshot.pairs[component])),
    );
    if (statestore === undefined || catalog === undefined) throw new Error('a pair is missing');
    return {
      sizes: { statestore: statestore.sizes, catalog: catalog.sizes },
      routes: { statestore: statestore.route, catalog: catalog.route },
      again: [...statestore.again, ...catalog.again],
    };
  }

  async #decideOne(
    snapshot: ClusterSnapshot,
    pair: PairSnapshot,
  ): Promise<{ sizes: Sizes; route: Route; again: Milliseconds[] }> {
    const { component } = pair;
    const wanted = formOf(snapshot, component);
    const sets = pairPresence(pair);
    const again: Milliseconds[] = [];
    const leaseClear = wanted !== 'plain' || this.#isClear(snapshot, pair, again);
    const decided = decideSizes({
      wanted,
      sets,
      holder: activeMember(snapshot, pair),
      leaseClear,
      mayEnd: mayEnd(component, goneComponents(snapshot)),
    });
    const sizes = await this.#confirmed(snapshot, pair, decided, sets);
    if (sizes !== decided) again.push(LOOK);
    const selects = selectsPlain(snapshot, pair);
    const leftRoutes = pair.foreignSlices.some(({ endpoints }) => (endpoints ?? []).length > 0);
    const route = decideRoute({ wanted, selects, sizes, plainGone: sets.plain.gone, leftRoutes });
    if (selects && wanted === 'pair') again.push(LOOK);
    // A member that starts before the selector has gone would share its Service with what is left of the plain pod.
    const early = wanted === 'pair' && route === 'plain';
    return { sizes: early ? { ...sizes, a: undefined, b: undefined } : sizes, route, again };
  }

  #isClear({ identity, cluster }: ClusterSnapshot, pair: PairSnapshot, again: Milliseconds[]): boolean {
    const { maxOutageSeconds } = cluster.spec[pair.component].highAvailability;
    const key = `${identity.namespace}/${names.pair(identity.name, pair.component)}`;
    const remaining = this.#clearance.remaining(key, pair.lease, knownTerm(cluster, pair), maxOutageSeconds);
    if (remaining > 0) again.push(remaining);
    return remaining === 0;
  }

  /** What would start beside what is there only by the watches' word is left for the next look. */
  async #confirmed(
    { identity, cluster }: ClusterSnapshot,
    pair: PairSnapshot,
    sizes: Sizes,
    sets: Parts<Presence>,
  ): Promise<Sizes> {
    const start = startOf(sizes, sets);
    if (start === undefined) return sizes;
    const gone = await isGone(this.#api, identity, pair.component, start === 'pair' ? 'plain' : 'pair');
    const turned =
      gone && (await (start === 'pair' ? this.#openLease(cluster, pair) : this.#closeLease(identity, pair)));
    if (!turned) return { a: undefined, b: undefined, plain: undefined };
    if (start === 'pair' || (await this.#emptySlice(pair))) return sizes;
    return { ...sizes, plain: undefined };
  }

  /** Of a pair whose Lease was found clear. @returns whether nobody can become active by it any more */
  async #closeLease(
    { namespace, name }: ClusterSnapshot['identity'],
    { lease, component }: PairSnapshot,
  ): Promise<boolean> {
    if (lease !== undefined) return turnLease(this.#api, lease, 'closed');
    const reference = { resource: leases, namespace, name: names.pair(name, component) };
    return (await getIfExists(this.#api, reference)) === undefined;
  }

  /** When the plain pod has gone. @returns whether what there is of a Lease is as members may find it */
  async #openLease(cluster: ClusterSnapshot['cluster'], pair: PairSnapshot): Promise<boolean> {
    const { lease } = pair;
    // One of an earlier term was written back by somebody: it is waited out.
    const closed = lease !== undefined && isClosed(lease) && termOf(lease) >= (knownTerm(cluster, pair) ?? 0);
    return closed ? turnLease(this.#api, lease, 'released') : true;
  }

  /** The slice of the Lease's holder must lead nowhere once a selector leads to the plain pod. @returns whether it does */
  async #emptySlice({ slice }: PairSnapshot): Promise<boolean> {
    if (slice === undefined || (slice.endpoints ?? []).length === 0) return true;
    const { namespace = '', name } = slice.metadata;
    try {
      await this.#api.replace({ resource: endpointSlices, namespace, name }, { ...slice, endpoints: [] });
      return true;
    } catch (error) {
      if (error instanceof KubernetesApiError && error.reason === 'Conflict') return false;
      throw error;
    }
  }
}
