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
 * A kubelet that could not reach the API server was silent, whatever its node does: for the first moments after an
 * outage Kubernetes gives up nodes that are well. Whether that is so, the operator can tell by what it could reach itself,
 * for as long as Kubernetes waits for a node (`--node-monitor-grace-period`, 50 s, looked at every 5 s).
 */
export const NODES_LISTENED_TO_FOR: Milliseconds = 60_000;
/**
 * How long a node that was given up then may take to be called ready again: 12 to 70 s were measured on Kubernetes 1.36.
 * Kubelet heartbeats at once, but says what its node is only when its own watch of it, whose back-off is 30 s and as much
 * again of jitter, has shown it that somebody says otherwise.
 */
export const LOST_AFTER_OUTAGE_FOR: Milliseconds = 90_000;

/**
 * Which members' pods are deleted for good, so that they are replaced elsewhere: pure. Kubernetes itself leaves a pod on
 * a lost node for ever. A pod that still holds the Lease is spared unless it is known to be dead: its successor could not
 * take over before it is.
 * @param holder the member whose very pod holds the Lease
 * @param gone whether the holder is known to be dead
 * @param apiUnbrokenFor for how long the API server has answered without a break
 */
export function lostPodsToDelete(
  pods: Pair<MemberPod>,
  holder: Member | undefined,
  gone: boolean,
  apiUnbrokenFor: Milliseconds,
): Member[] {
  return MEMBERS.filter((member) => {
    const pod = pods[member];
    if (pod.kind !== 'stuck') return false;
    if (member === holder) return gone;
    if (pod.off || gone) return true;
    if (pods[otherMember(member)].kind === 'stuck') return pod.stuckFor >= BOTH_LOST_FOR;
    // What began within an outage, or right after one, may be its doing, however long ago that is now.
    const byOutage = apiUnbrokenFor - pod.stuckFor < NODES_LISTENED_TO_FOR;
    return !byOutage || pod.stuckFor >= LOST_AFTER_OUTAGE_FOR;
  });
}
