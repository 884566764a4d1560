/**
 * While a plain pod runs in the members' stead, nobody may claim the pair's Lease: the plain pod knows of none. A Lease
 * that was released says that anybody may claim it at once, and somebody out of sight still can: the agent of a pod that
 * was deleted by force, for as long as the API server takes its token. So the Lease is *closed* before the plain pod comes,
 * and says again that it is released when that has gone.
 */
import { annotations } from '../api/names.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { leases } from '../kube/resource.ts';
import { termOf } from '../kube/election/term.ts';

/** Whether the Lease is closed: in the very term that it is in, since a claim begins another. */
export function isClosed(lease: Lease | undefined): boolean {
  if (lease === undefined || (lease.spec?.holderIdentity ?? '') !== '') return false;
  return lease.metadata.annotations?.[annotations.closed] === String(termOf(lease));
}

/** Without holder, release and roster, everybody has to wait until the longest outage is over (P17). */
const CLOSED = {
  [annotations.released]: undefined,
  [annotations.roster]: undefined,
  [annotations.gone]: undefined,
};

/**
 * Closes a Lease of which is known that nobody is active by it, or lets it be claimed again.
 * @param lease as it was when that became known: whoever has written it since, a claimant for instance, comes first
 * @returns false when it has changed: it has to be decided on again
 * @throws KubernetesApiError
 */
export async function turnLease(api: KubernetesApi, lease: Lease, to: 'closed' | 'released'): Promise<boolean> {
  if (to === (isClosed(lease) ? 'closed' : 'released')) return true;
  const { name, namespace = '' } = lease.metadata;
  const term = String(termOf(lease));
  const notes =
    to === 'closed'
      ? { ...CLOSED, [annotations.closed]: term }
      : { [annotations.closed]: undefined, [annotations.released]: term };
  try {
    await api.replace({ resource: leases, namespace, name }, withNotes(lease, notes));
    return true;
  } catch (error) {
    if (error instanceof KubernetesApiError && error.boundObjectChanged) return false;
    throw error;
  }
}

function withNotes(lease: Lease, changes: Readonly<Record<string, string | undefined>>): Lease {
  const notes = { ...lease.metadata.annotations };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete notes[name];
    else notes[name] = value;
  }
  return {
    ...lease,
    metadata: { ...lease.metadata, annotations: notes },
    spec: { ...lease.spec, holderIdentity: '' },
  };
}
