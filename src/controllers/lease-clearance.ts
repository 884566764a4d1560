import { annotations } from '../api/names.ts';
import { MAXIMUM_OUTAGE_SECONDS } from '../api/lease-limits.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { termOf } from '../kube/election/term.ts';
import { isClosed } from './lease-closure.ts';

/**
 * What a Lease says of daemons out of sight, when no pod of the pair is left.
 * - `clear`: none runs: there never was one, its last holder has released it, or is known to be dead, or it is closed. A
 *   statement of a term that has been overtaken (an earlier copy, written back) is none.
 * - `doubtful`: somebody whose pod was deleted by force may still run, until the Lease has not changed for so long.
 */
export type Clearance = { readonly kind: 'clear' } | { readonly kind: 'doubtful'; readonly wait: Milliseconds };

/** For clocks that run at different rates. */
const MARGIN = 1.1;

/**
 * @param knownTerm the highest that status or slice tell of, if they do: a Lease that is missing then was deleted
 */
export function clearanceOf(
  lease: Lease | undefined,
  knownTerm: number | undefined,
  maxOutageSeconds: number,
): Clearance {
  if (lease === undefined ? knownTerm === undefined : isClear(lease, knownTerm ?? 0)) return { kind: 'clear' };
  const { metadata, spec } = lease ?? {};
  const written = Number(metadata?.annotations?.[annotations.maxOutageSeconds]);
  const outage = Math.min(Math.max(Number.isFinite(written) ? written : 0, maxOutageSeconds), MAXIMUM_OUTAGE_SECONDS);
  return { kind: 'doubtful', wait: (outage + (spec?.leaseDurationSeconds ?? 0)) * 1000 * MARGIN };
}

function isClear(lease: Lease, knownTerm: number): boolean {
  const { metadata, spec } = lease;
  const holder = spec?.holderIdentity ?? '';
  if (holder !== '') return isGone(metadata.annotations?.[annotations.gone], holder);
  if (termOf(lease) < knownTerm) return false;
  return isClosed(lease) || metadata.annotations?.[annotations.released] === String(termOf(lease));
}

function isGone(note: string | undefined, holder: string): boolean {
  if (note === undefined || holder === '') return false;
  try {
    const value = JSON.parse(note) as { claim?: unknown } | null;
    return value?.claim === holder;
  } catch {
    return false;
  }
}

/** Remembers since when Leases have not changed, by the monotonic clock. */
export class LeaseClearance {
  readonly #clock: Clock;
  readonly #unchanged = new Map<string, { version: string; since: Milliseconds }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns 0 when it is clear, else how long it has to stay unchanged */
  remaining(
    key: string,
    lease: Lease | undefined,
    knownTerm: number | undefined,
    maxOutageSeconds: number,
  ): Milliseconds {
    const clearance = clearanceOf(lease, knownTerm, maxOutageSeconds);
    if (clearance.kind === 'clear') {
      this.#unchanged.delete(key);
      return 0;
    }
    const version = `${lease?.metadata.uid ?? ''} ${lease?.spec?.holderIdentity ?? ''} ${lease?.spec?.renewTime ?? ''}`;
    const known = this.#unchanged.get(key);
    const now = this.#clock.now();
    const since = known?.version === version ? known.since : now;
    this.#unchanged.set(key, { version, since });
    return Math.max(0, since + clearance.wait - now);
  }
}
