import type { Member } from '../../api/names.ts';
import { readSignIn } from '../../daemons/sign-in.ts';
import { termOf } from '../../kube/election/term.ts';
import { isReady } from '../kubernetes-types.ts';
import type { PairSnapshot } from '../snapshot.ts';

/**
 * Whether the daemon of the member that holds the Lease serves in its present tenure. That its pod is ready does not say
 * so: it was ready as a standby, and kubelet asks again only after a second.
 */
export function serves({ lease, pods }: PairSnapshot, holder: Member): boolean {
  const pod = pods[holder];
  if (lease === undefined || pod === undefined || !isReady(pod)) return false;
  const signIn = readSignIn(lease, holder);
  if (signIn?.uid === pod.metadata.uid && signIn?.healthyStart === termOf(lease)) return true;
  // Its agent has been restarted, or the term was raised: both times are the same node's.
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return Date.parse(ready?.lastTransitionTime ?? '') > Date.parse(lease.spec?.acquireTime ?? '');
}
