/** The API server's part of a world: the Lease's compare-and-swap, and how it is copied, written over and made anew. */
import { annotations } from '../../src/api/names.ts';
import { historyOf, newLease } from '../../src/controllers/build/lease.ts';
import { formatRoster } from '../../src/kube/election/roster.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import type { Protocol } from './protocol.ts';
import { TICK, type Pod, type World } from './world.ts';

export const withVersion = <T extends Lease | EndpointSlice>(object: T, version: number): T => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(version) },
});

/** The API server's compare-and-swap. */
export function store(world: World, body: Lease, writer?: Pod): Lease | 'conflict' {
  const { uid, resourceVersion } = world.lease?.metadata ?? {};
  if (uid !== body.metadata.uid || resourceVersion !== body.metadata.resourceVersion) return 'conflict';
  const stored = withVersion(body, ++world.version);
  world.lease = stored;
  world.words++;
  world.statusTerm = Math.max(world.statusTerm, stored.spec?.leaseTransitions ?? 0);
  forgetLost(world, writer);
  return stored;
}

/** The Lease as a person keeps it. */
export function copyOf({ metadata, ...rest }: Lease): Lease {
  const { resourceVersion: _, uid: __, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** The Lease with a copy written over it, as `kubectl replace` does. */
export const overwritten = ({ metadata }: Lease, copy: Lease): Lease => ({
  ...copy,
  metadata: { ...metadata, annotations: copy.metadata.annotations ?? {} },
});

export function remove(world: World): void {
  world.lease = undefined;
  forgetLost(world);
}

/**
 * A write on an older version can only conflict: it is the same whether that has been found out yet.
 * @param own the pod that is a copy already
 */
function forgetLost(world: World, own?: Pod): void {
  const { uid, resourceVersion } = world.lease?.metadata ?? {};
  const lost = (body: Lease): boolean => body.metadata.uid !== uid || body.metadata.resourceVersion !== resourceVersion;
  world.pods.forEach((pod, slot) => {
    const { call } = pod;
    const lostCall = call?.kind === 'write' && call.outcome === undefined && lost(call.body);
    if (!lostCall && !pod.late.some(lost)) return;
    const copy = pod === own ? own : (world.pods[slot] = { ...pod });
    copy.late = pod.late.filter((body) => !lost(body));
    if (lostCall) copy.call = { ...call, outcome: 'conflict' };
  });
}

/** The Lease as the operator makes it anew. @param behind by how much the term in the status lags */
export function remade(world: World, protocol: Protocol, behind = 0): World {
  const roster = protocol.rosterOfRemade(world);
  const statusTerm = world.statusTerm - behind;
  const history = historyOf({ membersExist: true, statusTerm, sliceTerm: sliceTerm(world.slice) || undefined });
  const cluster = { name: 'pair', namespace: 'default', uid: '1' };
  const version = world.version + 1;
  const lease = newLease(cluster, 'statestore', world.pods[0]!.rules.leaseDuration / TICK, history);
  const metadata = { ...lease.metadata, uid: String(version), resourceVersion: String(version) };
  if (roster.length > 0) metadata.annotations = { ...metadata.annotations, [annotations.roster]: formatRoster(roster) };
  return { ...world, version, lease: { ...lease, metadata } };
}

export const sliceTerm = (slice: EndpointSlice): number => Number(slice.metadata.annotations?.[annotations.term] ?? 0);

export const sameVersion = (shown: Lease | 'none', observation: Pod['election']['observation']): boolean =>
  observation !== undefined &&
  (shown === 'none'
    ? observation.lease === undefined
    : observation.lease?.metadata.uid === shown.metadata.uid &&
      observation.lease?.metadata.resourceVersion === shown.metadata.resourceVersion);
