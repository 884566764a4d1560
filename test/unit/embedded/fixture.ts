import { EmbeddedApiServer, type EmbeddedApiServerOptions } from '../../../src/embedded/embedded-api-server.ts';
import type { KubernetesApi, ObjectReference, Selection, WatchEvent } from '../../../src/kube/kubernetes-api.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';
import { leases } from '../../../src/kube/resource.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { seededRandom } from './seeded-random.ts';

export const LEASE: ObjectReference & { namespace: string } = { resource: leases, namespace: 'shop', name: 'impala' };
export const LEASES: Selection = { resource: leases, namespace: 'shop' };

export const lease = (holderIdentity: string): Lease => ({ metadata: { name: LEASE.name }, spec: { holderIdentity } });

export interface Fixture {
  readonly clock: VirtualClock;
  readonly server: EmbeddedApiServer;
  /** A client that nothing stands in the way of. */
  readonly api: KubernetesApi;
}

export function makeFixture(options: Partial<EmbeddedApiServerOptions> = {}): Fixture {
  const clock = new VirtualClock();
  const server = new EmbeddedApiServer({ clock, random: seededRandom(1), ...options });
  return { clock, server, api: server.client('test') };
}

/** What became of a promise, told without waiting for it. */
export interface Outcome {
  answer?: unknown;
  error?: unknown;
}

export function outcomeOf(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = {};
  promise.then(
    (answer) => (outcome.answer = answer),
    (error: unknown) => (outcome.error = error),
  );
  return outcome;
}

/** Everything that a watch shows, and how it ended. */
export interface Seen {
  readonly events: WatchEvent<Lease>[];
  ended: boolean;
  error: unknown;
  stop(): void;
}

export function watchLeases(api: KubernetesApi, resourceVersion: string, silence?: number): Seen {
  const abort = new AbortController();
  const seen: Seen = { events: [], ended: false, error: undefined, stop: () => abort.abort() };
  const options = { resourceVersion, signal: abort.signal, ...(silence === undefined ? {} : { silence }) };
  const read = async (): Promise<void> => {
    for await (const event of api.watch<Lease>(LEASES, options)) seen.events.push(event);
    seen.ended = true;
  };
  void read().catch((error: unknown) => (seen.error = error));
  return seen;
}
