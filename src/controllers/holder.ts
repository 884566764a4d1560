import { parseClaim } from '../daemons/claim-identity.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import type { Pod } from './kubernetes-types.ts';

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
