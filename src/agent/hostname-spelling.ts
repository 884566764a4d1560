import { annotations } from '../api/names.ts';
import type { Lease } from '../kube/kubernetes-object.ts';

/**
 * Which of the two equal spellings of the catalog Service's name the catalogd of the next claim registers under. After an
 * expiry the old one's node may be a black hole with the coordinators' pooled connections in it; they open new ones only
 * for an address that is spelled otherwise. After a release the old process is known to be dead, its connections were
 * closed with it, and statements in flight find the new one under the very same name.
 * @param current the spelling that this agent's own daemon runs under, where the Lease has lost it
 */
export function nextSpelling(lease: Lease, claim: 'released' | 'expired' | 'reclaimed', current: number): number {
  if (claim === 'reclaimed') return current;
  const inLease = lease.metadata.annotations?.[annotations.hostnameSpelling] === '1' ? 1 : 0;
  return claim === 'released' ? inLease : 1 - inLease;
}
