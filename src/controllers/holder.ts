import type { Lease } from '../kube/kubernetes-object.ts';
import type { Pod } from './kubernetes-types.ts';

/** The pod that a claim's identity (`<pod>/<pod uid>/<random>`) names. */
export interface Claimant {
  readonly pod: string;
  readonly uid: string;
}

/** @returns nothing for an identity that no agent of ours would write */
export function parseClaim(identity: string): Claimant | undefined {
  const [pod, uid, random, ...rest] = identity.split('/');
  return pod && uid && random && rest.length === 0 ? { pod, uid } : undefined;
}

/**
 * Who holds a pair's Lease.
 * - `nobody`: there is no Lease, or it has no holder.
 * - `member`: one of the pair's pods, by name and uid.
 * - `departed`: a former pod of a member's name; a new one has taken its place, or none yet has.
 * - `stranger`: an identity that is not a claim of a pod of the pair.
 */
export type Holder =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'member'; readonly pod: Pod; readonly identity: string }
  | { readonly kind: 'departed'; readonly identity: string }
  | { readonly kind: 'stranger'; readonly identity: string };

/**
 * @param pods the pair's pods
 * @param podNames the names that they have, whether or not they exist now
 */
export function holderOf(lease: Lease | undefined, pods: readonly Pod[], podNames: readonly string[]): Holder {
  const identity = lease?.spec?.holderIdentity ?? '';
  if (identity === '') return { kind: 'nobody' };
  const claimant = parseClaim(identity);
  if (claimant === undefined || !podNames.includes(claimant.pod)) return { kind: 'stranger', identity };
  const pod = pods.find(({ metadata }) => metadata.name === claimant.pod && metadata.uid === claimant.uid);
  return pod === undefined ? { kind: 'departed', identity } : { kind: 'member', pod, identity };
}

/** The number of the present tenure: 0 for a Lease that never had a holder. */
export const termOf = (lease: Lease): number => lease.spec?.leaseTransitions ?? 0;
