import { MEMBERS } from '../../api/names.ts';
import type { Member } from '../../api/names.ts';
import type { HolderStatus } from '../../api/status.ts';
import { isHolderGone } from '../../daemons/lease-notes.ts';
import type { GoneReason } from '../../daemons/lease-notes.ts';
import { parseClaim } from '../../daemons/claim-identity.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import type { Pod } from '../kubernetes-types.ts';
import { podsOf } from '../snapshot.ts';
import type { PairSnapshot } from '../snapshot.ts';
import type { Pair } from '../updates.ts';
import { goneBecause } from './gone.ts';
import { holderWhereabouts } from './holder-whereabouts.ts';
import { lostPodsToDelete } from './lost-pods.ts';
import type { MemberPod } from './lost-pods.ts';
import { isSaidToBeOff } from './node-state.ts';
import type { NodeStates } from './node-state.ts';
import { isStuck } from './pod-state.ts';

/** What is to be done about a pair of which a node may be lost. */
export interface LossVerdict {
  readonly whereabouts: HolderStatus | undefined;
  /** Why the holder is known to be dead, when that is not yet said in the Lease. */
  readonly gone: GoneReason | undefined;
  readonly toDelete: readonly Pod[];
  /** Whether more may become known, of nodes, which nobody tells of. */
  readonly undecided: boolean;
  /** The node that would have to be read to know whether the holder is dead, when the operator may not. */
  readonly forbiddenNode: string | undefined;
}

/** What the operator remembers from earlier looks. */
export interface LossMemory {
  /** Whether kubelet had said that the pod with this uid has ended, before it vanished. */
  readonly endedBefore: (uid: string) => boolean;
  /** For how long the pod with this uid has been seen stuck. */
  readonly stuckFor: (uid: string) => Milliseconds;
  /** For how long the API server has answered without a break. */
  readonly apiUnbrokenFor: Milliseconds;
}

/** Judges a pair: pure. */
export function judgePair(
  pair: PairSnapshot,
  nodes: NodeStates,
  previous: HolderStatus | undefined,
  memory: LossMemory,
): LossVerdict {
  const whereabouts = holderWhereabouts(pair, nodes, previous);
  const node = nodes.get(whereabouts?.node ?? '');
  const found = whereabouts && goneBecause({ whereabouts, pods: podsOf(pair), node, endedBefore: memory.endedBefore });
  const said = isHolderGone(pair.lease);
  const isGone = said || found !== undefined;

  const members: Pair<MemberPod> = {
    a: memberPod(pair.pods.a, nodes, memory),
    b: memberPod(pair.pods.b, nodes, memory),
  };
  const holder = holdingMember(pair);
  const deleted = lostPodsToDelete(members, holder, isGone, memory.apiUnbrokenFor);
  const spared = MEMBERS.some((member) => members[member].kind === 'stuck' && !deleted.includes(member));
  const inDoubt = whereabouts !== undefined && !isGone && (holder === undefined || members[holder].kind === 'stuck');
  const forbidden = node?.kind === 'unreadable' && node.forbidden;
  return {
    whereabouts,
    gone: said ? undefined : found,
    toDelete: deleted.flatMap((member) => pair.pods[member] ?? []),
    undecided: spared || inDoubt,
    forbiddenNode: inDoubt && forbidden ? whereabouts.node : undefined,
  };
}

function memberPod(pod: Pod | undefined, nodes: NodeStates, { stuckFor }: LossMemory): MemberPod {
  if (!pod?.spec?.nodeName) return { kind: 'absent' };
  const node = nodes.get(pod.spec.nodeName);
  if (!isStuck(pod, node)) return { kind: 'present' };
  return { kind: 'stuck', off: isSaidToBeOff(node), stuckFor: stuckFor(pod.metadata.uid ?? '') };
}

/** The member whose very pod holds the Lease. */
function holdingMember({ lease, pods }: PairSnapshot): Member | undefined {
  const uid = parseClaim(lease?.spec?.holderIdentity ?? '')?.uid;
  return uid === undefined ? undefined : MEMBERS.find((member) => pods[member]?.metadata.uid === uid);
}
