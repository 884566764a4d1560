import type { Lease } from '../kubernetes-object.ts';
import { parseMicroTime } from '../micro-time.ts';
import type { Standing } from './standing.ts';

/**
 * The renewTime of the next write. Whoever waits for the Lease looks at nothing but whether it changes, so no two writes
 * of a claim may carry the same one: not of one process, and not of the process before it, whose claim this one has taken
 * up and whose wall clock may have been ahead.
 * @param lease what the write replaces
 * @param last the renewTime of this process's last write
 * @param wallClock and all of them in microseconds since 1970
 */
export function nextRenewTime(standing: Standing, lease: Lease, last: number, wallClock: number): number {
  const next = Math.max(wallClock, last + 1);
  const ours = standing.kind !== 'challenger' && standing.claim.identity === lease.spec?.holderIdentity;
  if (!ours) return next;
  const inRecord = parseMicroTime(lease.spec?.renewTime ?? '') ?? 0;
  // Beyond the year 2255 microseconds are not exact: only a hand writes such a time, and ours differs from it anyway.
  return Number.isSafeInteger(inRecord) ? Math.max(next, inRecord + 1) : next;
}
