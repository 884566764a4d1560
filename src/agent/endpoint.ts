import { annotations } from '../api/names.ts';
import { termIn, termOf } from '../kube/election/term.ts';
import type { EndpointSlice, Lease } from '../kube/kubernetes-object.ts';

/** The active member, as the EndpointSlice is to name it. */
export interface ActiveEndpoint {
  readonly claim: string;
  readonly term: number;
  readonly podName: string;
  readonly podUid: string;
  readonly podIp: string;
  readonly nodeName: string;
  readonly namespace: string;
}

/**
 * Whether the Lease, as it was last seen, is this claim's in this term. A holder that has raised its term leads nobody to
 * itself under it before the renewal has shown that it still is the holder (P10).
 */
export const isShownIn = (lease: Lease | undefined, { claim, term }: Pick<ActiveEndpoint, 'claim' | 'term'>): boolean =>
  lease?.spec?.holderIdentity === claim && termOf(lease) === term;

export type NextEndpoint =
  /** It names us already. */
  | { readonly kind: 'current' }
  | { readonly kind: 'write'; readonly slice: EndpointSlice }
  /** It bears the same or a later term of another claim: the holder has to raise its own term in the Lease first. */
  | { readonly kind: 'overtaken'; readonly term: number };

/**
 * What becomes of the EndpointSlice when this claim is the Lease's (P10). It never goes back to an older term: the write is a
 * compare-and-swap on what was read here, and a holder of an older term finds a later one in it.
 * The old address is left out, not marked as not ready: a connection that is refused beats one into a black hole.
 */
export function nextEndpoint(slice: EndpointSlice, active: ActiveEndpoint): NextEndpoint {
  const term = termIn(slice.metadata.annotations?.[annotations.term]) ?? 0;
  const claim = slice.metadata.annotations?.[annotations.claim];
  const ours = claim === active.claim && term === active.term;
  if (ours && slice.endpoints?.length === 1 && slice.endpoints[0]?.addresses[0] === active.podIp) {
    return { kind: 'current' };
  }
  if (!ours && (term > active.term || (term === active.term && claim !== active.claim))) {
    return { kind: 'overtaken', term };
  }
  const { namespace, podName, podUid } = active;
  return {
    kind: 'write',
    slice: {
      ...slice,
      metadata: {
        ...slice.metadata,
        annotations: {
          ...slice.metadata.annotations,
          [annotations.term]: String(active.term),
          [annotations.claim]: active.claim,
        },
      },
      endpoints: [
        {
          addresses: [active.podIp],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: active.nodeName,
          targetRef: { kind: 'Pod', name: podName, namespace, uid: podUid },
        },
      ],
    },
  };
}
