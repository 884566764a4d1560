import { MEMBERS } from '../../api/names.ts';
import type { HolderStatus } from '../../api/status.ts';
import { readSignIn } from '../../daemons/sign-in.ts';
import { parseClaim } from '../../daemons/claim-identity.ts';
import { podsOf } from '../snapshot.ts';
import type { PairSnapshot } from '../snapshot.ts';
import type { NodeStates } from './node-state.ts';

/**
 * Where the holder of the Lease runs, as far as it was ever seen: remembered in the status from pass to pass, since its
 * pod's object, and the sign-in of its member, may be another's by the time when that is asked.
 *
 * The boot is what the holder itself said of its kernel in the very write that made it the holder, once the node has said
 * the same: a pod in a virtual machine of its own never matches, and nothing is ever concluded from its boot.
 */
export function holderWhereabouts(
  pair: PairSnapshot,
  nodes: NodeStates,
  previous: HolderStatus | undefined,
): HolderStatus | undefined {
  const claim = pair.lease?.spec?.holderIdentity ?? '';
  const claimant = parseClaim(claim);
  if (claimant === undefined) return undefined;
  const known: Partial<HolderStatus> = previous?.claim === claim ? previous : {};
  const pod = podsOf(pair).find(({ metadata }) => metadata.uid === claimant.uid);
  const node = pod?.spec?.nodeName ?? known.node;
  if (node === undefined) return { claim };
  const boot = known.boot ?? confirmedBoot(pair, claimant.uid, nodes.get(node));
  return { claim, node, ...(boot !== undefined && { boot }) };
}

function confirmedBoot(pair: PairSnapshot, uid: string, node: ReturnType<NodeStates['get']>): string | undefined {
  if (node?.kind !== 'present' || node.boot === undefined) return undefined;
  return bootSaidBy(pair, uid) === node.boot ? node.boot : undefined;
}

/** The boot id that the pod with this uid signed in with. */
export function bootSaidBy({ lease }: PairSnapshot, uid: string): string | undefined {
  return MEMBERS.map((member) => readSignIn(lease, member)).find((signIn) => signIn?.uid === uid)?.boot;
}
