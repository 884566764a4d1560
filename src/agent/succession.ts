import { annotations } from '../api/names.ts';
import type { Preference } from '../daemons/lease-notes.ts';
import type { AnnotationChanges } from '../kube/election/lease-write.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import type { AgentParts } from './agent-parts.ts';
import type { Attendance } from './attendance.ts';
import type { HandOverReason, Tenure } from './decision.ts';
import type { Death } from './guard/daemon-view.ts';
import { servedByRelease } from './switchover.ts';
import { annotationsOfClaim, describeHandOver, takeoverOf, type ReleaseNote, type Takeover } from './takeover.ts';

/** What the agent knows at the moment of its daemon's death. */
export interface Circumstances {
  /** Why it died, when that is known otherwise than by what was ordered. */
  readonly known: HandOverReason | undefined;
  /** Whether the guard was told to terminate. */
  readonly terminating: boolean;
  /** Whether the daemon had not been healthy yet. */
  readonly loading: boolean;
  readonly tenure: Tenure;
  readonly lease: Lease | undefined;
}

/**
 * Why this pod's tenures begin and end: for the notes in the Lease, by which each holder learns why it follows, and for
 * those who watch. Nothing is decided by it.
 */
export class Succession {
  private readonly parts: Pick<AgentParts, 'clock' | 'pod' | 'observer'>;
  private readonly attendance: Attendance;
  private note: ReleaseNote | undefined;
  private stopReason: HandOverReason | undefined;
  /** The request that this claim is given up for. */
  private request: Preference | undefined;
  private takeover: Takeover | undefined;
  private lastTenure: Tenure = { kind: 'none' };
  private lastTerm = 0;

  constructor(parts: Pick<AgentParts, 'clock' | 'pod' | 'observer'>, attendance: Attendance) {
    this.parts = parts;
    this.attendance = attendance;
  }

  /** Takes note of a tenure that begins or was taken away. */
  notice(tenure: Tenure, isServing: boolean, lease: Lease | undefined): void {
    const before = this.lastTenure;
    this.lastTenure = tenure;
    if (tenure.kind === 'active') {
      this.lastTerm = tenure.term;
      const begins = before.kind !== 'active' || before.claim !== tenure.claim;
      if (begins && isServing) this.attendance.becameHealthy(tenure.term);
      if (begins && this.takeover) this.parts.observer.tookOver(this.takeover, tenure.term);
    }
    if ((before.kind === 'active' || before.kind === 'lapsed') && tenure.kind === 'none') {
      this.parts.observer.lost(this.lastTerm, lease?.spec?.holderIdentity ?? '');
    }
  }

  starting(): void {
    this.stopReason = undefined;
  }

  /** @param asked the switchover that is asked for, if one is */
  stopping(reason: HandOverReason | undefined, asked: Preference | undefined): void {
    this.stopReason = reason;
    this.request = reason === 'Switchover' ? asked : undefined;
  }

  /** The daemon is healthy. */
  serving(): void {
    // A restarted agent does not know the term yet.
    if (this.lastTerm > 0) this.attendance.becameHealthy(this.lastTerm);
    this.parts.observer.serving(this.takeover, this.lastTerm);
    this.takeover = undefined;
  }

  /** Takes note of why this tenure ends, before the Lease is given back with that note. */
  died(death: Death, { known, terminating, loading, tenure, lease }: Circumstances): void {
    const { clock, pod, observer } = this.parts;
    const itself = loading ? 'StartFailed' : 'DaemonExited';
    const reason = known ?? this.stopReason ?? (terminating ? 'PodTerminating' : itself);
    const code = death.code === undefined ? '' : ` with code ${death.code}`;
    const message = `${describeHandOver(reason)} on ${pod.podName}${code}`;
    this.note = { reason, message, at: clock.date().getTime() };
    if (reason === 'StartFailed' || reason === 'StartTimeout') {
      this.attendance.startFailed(lease, this.lastTerm, message);
    }
    this.stopReason = undefined;
    if (tenure.kind === 'active' || tenure.kind === 'lapsed') observer.handingOver(this.note, this.lastTerm);
  }

  /**
   * What a claim of this Lease writes beside itself.
   * @param spelling see `annotationsOfClaim`
   */
  claimAnnotations(
    lease: Lease,
    { afterRelease, reclaiming }: { readonly afterRelease: boolean; readonly reclaiming: boolean },
    spelling: number | undefined,
  ): AnnotationChanges {
    this.takeover = takeoverOf(lease, afterRelease, reclaiming);
    return annotationsOfClaim(lease, this.takeover, spelling);
  }

  /** What a release writes beside itself. */
  releaseAnnotations(): AnnotationChanges {
    const served = this.note?.reason === 'Switchover' ? this.request : undefined;
    return { [annotations.releaseReason]: this.note && JSON.stringify(this.note), ...servedByRelease(served) };
  }
}
