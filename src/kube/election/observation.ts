import type { Milliseconds } from '../clock.ts';
import type { Lease } from '../kubernetes-object.ts';
import { isOlder } from '../resource-version.ts';

/**
 * What this process knows of the Lease, and since when by its own clock. Timestamps in the record are compared for
 * change, never for order: another machine's clock decides nothing here (client-go's rule, P4).
 */
export interface Observation {
  /** The Lease as last seen; undefined when there was none. */
  readonly lease: Lease | undefined;
  /** When this record was first seen as it is. Sign-ins and labels do not count as a change, a renewal does. */
  readonly unchangedSince: Milliseconds;
  /** When anything at all was last heard of the Lease. */
  readonly lastHeard: Milliseconds;
  /** The record before this one, where there was one: its holder may be alive when this one is an edit. */
  readonly before: Lease | undefined;
  /** Until when the records before this one are to be respected: whatever replaces a record shortens nothing. */
  readonly keptUntil: Milliseconds;
}

/** Everything a write of the election changes: two equal fingerprints mean that nobody renewed, claimed or released. */
function fingerprint(lease: Lease | undefined): string {
  if (lease === undefined) return 'absent';
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = lease.spec ?? {};
  return JSON.stringify([
    lease.metadata.uid,
    holderIdentity ?? '',
    leaseDurationSeconds,
    acquireTime,
    renewTime,
    leaseTransitions ?? 0,
  ]);
}

/** Takes in a reading. One that is older than what has been seen of the same object (a late watch event) changes nothing. */
export function observe(previous: Observation | undefined, lease: Lease | undefined, now: Milliseconds): Observation {
  if (previous !== undefined && isStale(previous.lease, lease)) return previous;
  if (previous === undefined) {
    return { lease, unchangedSince: now, lastHeard: now, before: undefined, keptUntil: Number.NEGATIVE_INFINITY };
  }
  if (fingerprint(previous.lease) === fingerprint(lease)) return { ...previous, lease, lastHeard: now };
  const before = previous.lease ?? previous.before;
  const keptUntil = Math.max(previous.keptUntil, previous.unchangedSince + longestIn(previous));
  return { lease, unchangedSince: now, lastHeard: now, before, keptUntil };
}

const durationIn = (lease: Lease | undefined): Milliseconds => (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;

const longestIn = ({ lease, before }: Observation): Milliseconds => Math.max(durationIn(lease), durationIn(before));

const isStale = (seen: Lease | undefined, lease: Lease | undefined): boolean =>
  seen !== undefined &&
  lease !== undefined &&
  seen.metadata.uid === lease.metadata.uid &&
  isOlder(lease.metadata.resourceVersion, seen.metadata.resourceVersion);

/** The durations that bound how long a record that does not change is respected, in milliseconds. */
export interface Durations {
  /** What this process would write. */
  readonly leaseDuration: Milliseconds;
  /** No record is respected for longer than this, whatever it says: the most that a configuration can ask for. */
  readonly longestDuration: Milliseconds;
}

/**
 * How long a record that does not change is respected. The duration *in the record* counts, since its holder relies on it
 * and may be configured otherwise than we are (a roll in progress). It is never shorter than our own, nor than in the
 * record before: one that was emptied or edited by hand still has a live holder behind it. A holder that really writes a
 * shorter one has, by its second write, the record before with it (P4).
 */
export function respectedDuration(observation: Observation, durations: Durations): Milliseconds {
  const inRecord = longestIn(observation);
  return Math.min(Math.max(inRecord, durations.leaseDuration), durations.longestDuration);
}

/** When a record that does not change any more may be overtaken: never earlier than the records that it has replaced. */
export function expiresAt(observation: Observation, durations: Durations): Milliseconds {
  const { unchangedSince, keptUntil } = observation;
  const expiry = Math.max(unchangedSince + respectedDuration(observation, durations), keptUntil);
  return Math.min(expiry, unchangedSince + durations.longestDuration);
}
