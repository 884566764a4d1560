import { annotations } from '../api/names.ts';
import { podNamedIn } from '../daemons/claim-identity.ts';
import { parseMicroTime } from '../kube/micro-time.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { HAND_OVER_REASONS, type HandOverReason } from './decision.ts';
import { nextSpelling } from './hostname-spelling.ts';

/** What a holder leaves behind for its successor's event, as JSON in an annotation of the release. */
export interface ReleaseNote {
  readonly reason: HandOverReason;
  readonly message: string;
  /** When its daemon was proven dead, by the wall clock, in milliseconds since 1970. */
  readonly at: number;
}

/** Why and since when a new holder is needed. Its times compare wall clocks of two nodes: for people, never for decisions. */
export type Takeover =
  /** Nobody was active before in this pair's life. */
  | { readonly kind: 'first' }
  /** Our own claim of a Lease that was made anew: nobody took over. */
  | { readonly kind: 'reclaimed' }
  | { readonly kind: 'released'; readonly from: string; readonly note: ReleaseNote | undefined }
  | { readonly kind: 'expired'; readonly from: string; readonly lastRenewal: number | undefined };

/** Reads from the Lease that is about to be claimed whose place is taken. */
export function takeoverOf(lease: Lease, afterRelease: boolean, reclaiming: boolean): Takeover {
  if (reclaiming) return { kind: 'reclaimed' };
  if (afterRelease && (lease.spec?.leaseTransitions ?? 0) === 0) return { kind: 'first' };
  if (afterRelease) return { kind: 'released', from: 'the other member', note: readNote(lease) };
  const lastRenewal = lease.spec?.renewTime === undefined ? undefined : parseMicroTime(lease.spec.renewTime);
  return {
    kind: 'expired',
    from: podNamedIn(lease.spec?.holderIdentity ?? '') || 'nobody',
    lastRenewal: lastRenewal === undefined ? undefined : lastRenewal / 1000,
  };
}

function readNote(lease: Lease): ReleaseNote | undefined {
  try {
    const note = JSON.parse(lease.metadata.annotations?.[annotations.releaseReason] ?? 'null') as ReleaseNote | null;
    if (note === null || !HAND_OVER_REASONS.includes(note.reason) || typeof note.at !== 'number') return undefined;
    return note;
  } catch {
    return undefined;
  }
}

/** The label of the transition in metrics, and a sentence for the event. */
export function describeTakeover(takeover: Takeover): { reason: string; because: string; since: number | undefined } {
  switch (takeover.kind) {
    case 'first':
      return { reason: 'FirstStart', because: 'the pair is new', since: undefined };
    case 'reclaimed':
      return { reason: 'LeaseRemade', because: 'the Lease was made anew', since: undefined };
    case 'released':
      return takeover.note
        ? { reason: takeover.note.reason, because: takeover.note.message, since: takeover.note.at }
        : { reason: 'Released', because: 'the Lease was released', since: undefined };
    case 'expired':
      return {
        reason: 'LeaseExpired',
        because: `${takeover.from} stopped renewing the Lease`,
        since: takeover.lastRenewal,
      };
  }
}

/**
 * What a claim that takes over writes beside itself.
 * @param spelling which of the equal spellings of its Service's name this process used last, where there are two
 */
export function annotationsOfClaim(
  lease: Lease,
  takeover: Takeover,
  spelling: number | undefined,
): Record<string, string | undefined> {
  const changes = {
    [annotations.releaseReason]: undefined,
    [annotations.successor]: undefined,
    [annotations.transitionReason]: describeTakeover(takeover).reason,
  };
  if (spelling === undefined) return changes;
  const claim = takeover.kind === 'first' ? 'released' : takeover.kind;
  return { ...changes, [annotations.hostnameSpelling]: String(nextSpelling(lease, claim, spelling)) };
}

const DESCRIPTIONS: Record<HandOverReason, string> = {
  DaemonExited: 'the daemon exited',
  DaemonUnresponsive: 'the daemon stopped answering its health check',
  StartFailed: 'the daemon exited before it was healthy',
  StartTimeout: 'the daemon did not become healthy in time',
  GuardLost: 'the container of the daemon went away',
  DeadlinePassed: 'the Lease could not be renewed in time',
  PodTerminating: 'the pod is being terminated',
  Switchover: 'a switchover was asked for',
};

export const describeHandOver = (reason: HandOverReason): string => DESCRIPTIONS[reason];
