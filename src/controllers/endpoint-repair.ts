import { annotations } from '../api/names.ts';
import type { Endpoint, EndpointSlice, Lease } from '../kube/kubernetes-object.ts';
import { termIn, termOf } from '../kube/election/term.ts';
import { holderOf } from './holder.ts';
import type { Pod } from './kubernetes-types.ts';

/** How long a slice may differ from what the Lease demands before the operator steps in: an agent needs milliseconds. */
export const REPAIR_AFTER_MILLISECONDS = 2000;

/**
 * What is to be done about a pair's EndpointSlice.
 * - `right`: it names the holder, or nobody is known to hold the Lease and it stays as it is.
 * - `behind`: it differs from what the holder demands; `wanted` is what it should be.
 * - `ahead`: it has a later term than the Lease. Only a member can mend that, by raising the Lease's.
 */
export type SliceVerdict =
  | { readonly kind: 'right' }
  | { readonly kind: 'behind'; readonly wanted: EndpointSlice; readonly difference: string }
  | { readonly kind: 'ahead'; readonly sliceTerm: number };

/** The term that a slice carries; nothing when it has none that can be believed. */
export const sliceTermOf = (slice: EndpointSlice): number | undefined =>
  termIn(slice.metadata.annotations?.[annotations.term]);

/** The one endpoint of a slice that names this pod; nothing while it has no address. */
export function endpointOf(pod: Pod): Endpoint | undefined {
  const address = pod.status?.podIP;
  if (!address) return undefined;
  return {
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: 'Pod',
      name: pod.metadata.name,
      ...(pod.metadata.namespace && { namespace: pod.metadata.namespace }),
      ...(pod.metadata.uid && { uid: pod.metadata.uid }),
    },
  };
}

/**
 * Compares a slice with what the Lease demands. The rules that keep the endpoint from going back: never a term above the
 * Lease's, never one below the slice's, and the address only of the very pod that the claim names, by uid.
 */
export function judgeSlice(
  lease: Lease | undefined,
  slice: EndpointSlice,
  pods: readonly Pod[],
  podNames: readonly string[],
): SliceVerdict {
  const holder = holderOf(lease, pods, podNames);
  if (lease === undefined || holder.kind !== 'member') return { kind: 'right' };
  const endpoint = endpointOf(holder.pod);
  if (endpoint === undefined) return { kind: 'right' };
  const term = termOf(lease);
  const sliceTerm = sliceTermOf(slice);
  if (sliceTerm !== undefined && sliceTerm > term) return { kind: 'ahead', sliceTerm };

  const differences = [
    sliceTerm === term ? undefined : `term ${sliceTerm ?? 'none'} instead of ${term}`,
    slice.metadata.annotations?.[annotations.claim] === holder.identity ? undefined : 'another claim',
    leadsTo(slice, endpoint) ? undefined : `endpoints ${addressesOf(slice)} instead of ${endpoint.addresses.join()}`,
  ].filter((difference) => difference !== undefined);
  if (differences.length === 0) return { kind: 'right' };
  return {
    kind: 'behind',
    difference: differences.join(', '),
    wanted: {
      ...slice,
      metadata: {
        ...slice.metadata,
        annotations: {
          ...slice.metadata.annotations,
          [annotations.term]: String(term),
          [annotations.claim]: holder.identity,
        },
      },
      endpoints: [endpoint],
    },
  };
}

/** Whether clients of the slice reach this endpoint and no other; `ready` that is absent counts as true. */
function leadsTo(slice: EndpointSlice, endpoint: Endpoint): boolean {
  const [only, ...others] = slice.endpoints ?? [];
  return (
    only !== undefined &&
    others.length === 0 &&
    only.addresses.length === 1 &&
    only.addresses[0] === endpoint.addresses[0] &&
    only.conditions?.ready !== false
  );
}

const addressesOf = (slice: EndpointSlice): string =>
  slice.endpoints?.flatMap(({ addresses }) => addresses).join('+') || 'none';
