import type { HolderStatus } from '../../api/status.ts';
import { parseClaim } from '../../daemons/claim-identity.ts';
import { isReady } from '../kubernetes-types.ts';
import type { Pod } from '../kubernetes-types.ts';
import { podsOf } from '../snapshot.ts';
import type { PairSnapshot } from '../snapshot.ts';
import { bootSaidBy } from './holder-whereabouts.ts';

/**
 * The nodes that a pass over a pair has to know of: pure. None while all is well, but for a new holder's, once.
 * @param previous where the holder was seen before
 * @param silent whether the holder does not renew the Lease: then all pods of the pair are suspects
 */
export function nodesOfInterest(pair: PairSnapshot, previous: HolderStatus | undefined, silent: boolean): string[] {
  const pods = podsOf(pair);
  const suspects = pods.filter((pod) => silent || !isReady(pod) || pod.metadata.deletionTimestamp !== undefined);
  return [...suspects.map(nodeOf), holderNode(pair, pods, previous)].filter((node) => node !== undefined);
}

const nodeOf = (pod: Pod | undefined): string | undefined => pod?.spec?.nodeName || undefined;

function holderNode(pair: PairSnapshot, pods: readonly Pod[], previous: HolderStatus | undefined): string | undefined {
  const claim = pair.lease?.spec?.holderIdentity ?? '';
  const claimant = parseClaim(claim);
  if (claimant === undefined) return undefined;
  const known = previous?.claim === claim ? previous : undefined;
  const pod = pods.find(({ metadata }) => metadata.uid === claimant.uid);
  if (pod === undefined) return known?.node;
  const unconfirmed = known?.boot === undefined && bootSaidBy(pair, claimant.uid) !== undefined;
  return unconfirmed ? nodeOf(pod) : undefined;
}
