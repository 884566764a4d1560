import type { HolderStatus } from '../../api/status.ts';
import type { GoneReason } from '../../daemons/lease-notes.ts';
import type { Pod } from '../kubernetes-types.ts';
import { parseClaim } from '../../daemons/claim-identity.ts';
import type { NodeState } from './node-state.ts';
import { hasEnded } from './pod-state.ts';

/** What is known of the holder of a Lease. */
export interface HolderView {
  readonly whereabouts: HolderStatus;
  /** The pair's pods, as they are now. */
  readonly pods: readonly Pod[];
  /** The state of the node that the holder ran on; nothing when that is not known. */
  readonly node: NodeState | undefined;
  /** Whether kubelet had said that the pod with this uid has ended, before it vanished. */
  readonly endedBefore: (uid: string) => boolean;
}

/**
 * Why the holder of the Lease is known to be dead: pure. That its pod is not there any more is no reason, and neither is
 * that its node is not heard of: it may be cut off, and serve.
 * @returns nothing when it may be alive
 */
export function goneBecause({ whereabouts, pods, node, endedBefore }: HolderView): GoneReason | undefined {
  const claimant = parseClaim(whereabouts.claim);
  if (claimant === undefined) return undefined;
  const pod = pods.find(({ metadata }) => metadata.uid === claimant.uid);
  if (pod === undefined ? endedBefore(claimant.uid) : hasEnded(pod)) return 'ContainersTerminated';
  if (node?.kind === 'deleted') return 'NodeDeleted';
  if (node?.kind !== 'present') return undefined;
  if (node.outOfService) return 'NodeOutOfService';
  const { boot } = whereabouts;
  return boot !== undefined && node.boot !== undefined && node.boot !== boot ? 'NodeRebooted' : undefined;
}

export const GONE_DESCRIPTIONS: Readonly<Record<GoneReason, string>> = {
  ContainersTerminated: 'its containers have ended',
  NodeRebooted: 'its node was started anew',
  NodeDeleted: 'its Node object was deleted',
  NodeOutOfService: 'its node is tainted node.kubernetes.io/out-of-service',
  ForceTakeover: 'an administrator said so',
};
