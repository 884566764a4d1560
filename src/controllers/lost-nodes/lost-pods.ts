import { MEMBERS, otherMember } from '../../api/names.ts';
import type { Member } from '../../api/names.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import type { Pair } from '../updates.ts';

/**
 * A member's pod, as far as its node is concerned.
 * - `absent`: there is none, or none that was given a node.
 * - `present`: its kubelet is there.
 * - `stuck`: its node is lost. `off`: it is known that nothing runs there any more. `stuckFor`: how long the operator has
 *   seen that: what the API server says of it may be from before everything was switched off and on.
 */
export type MemberPod =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'stuck'; readonly off: boolean; readonly stuckFor: Milliseconds };

/**
 * When both members are lost at once, it may be the control plane that is cut off from all nodes, as it is when its own
 * network fails: then they are well, and whoever deletes pods now has them ended when the network is back.
 */
export const BOTH_LOST_FOR: Milliseconds = 120_000;

/**
 * Which members' pods are deleted for good, so that they are replaced elsewhere: pure. Kubernetes itself leaves a pod on
 * a lost node for ever. A pod that still holds the Lease is spared unless it is known to be dead: its successor could not
 * take over before it is.
 * @param holder the member whose very pod holds the Lease
 * @param gone whether the holder is known to be dead
 */
export function lostPodsToDelete(pods: Pair<MemberPod>, holder: Member | undefined, gone: boolean): Member[] {
  return MEMBERS.filter((member) => {
    const pod = pods[member];
    if (pod.kind !== 'stuck') return false;
    if (member === holder) return gone;
    if (pod.off || gone || pods[otherMember(member)].kind !== 'stuck') return true;
    return pod.stuckFor >= BOTH_LOST_FOR;
  });
}
