import type { Clock, Milliseconds } from '../clock.ts';
import { type KubernetesApi, KubernetesApiError, type ObjectReference } from '../kubernetes-api.ts';
import type { Lease } from '../kubernetes-object.ts';
import { microTime } from '../micro-time.ts';
import { newClaim, type Claim } from './claim.ts';
import * as election from './election.ts';
import { nextAction, type Desire } from './next-action.ts';
import { written, type AnnotationChanges, type Write } from './lease-write.ts';
import * as outage from './outage.ts';
import { nextRenewTime } from './renew-time.ts';
import { Wakeup } from './wakeup.ts';

export interface ElectorOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly reference: ObjectReference;
  readonly rules: election.ElectionRules;
  /** The deadline of each call: well below the renew deadline, so that one hung call cannot use it up. */
  readonly callTimeout: Milliseconds;
  /** A new identity for each claim, never given before by anybody. */
  readonly newIdentity: () => string;
  /** What is wanted at this moment; asked before every action. */
  readonly desire: () => Desire;
  /** Annotations that are changed by the write that claims; told whether the claim follows a release or an expiry. */
  readonly claimAnnotations?: (lease: Lease, afterRelease: boolean) => AnnotationChanges;
  /** Annotations that are changed by the write that releases. */
  readonly releaseAnnotations?: () => AnnotationChanges;
  /** Makes the Lease when there is none; without it, its absence is waited out. */
  readonly create?: () => Lease;
  /** Called after each change of the state. Must not throw. */
  readonly onChange: () => void;
  readonly onCallFailed?: (error: KubernetesApiError, action: 'read' | 'create' | Write) => void;
}

/**
 * Campaigns for one Lease: the I/O around the pure election. One call is under way at a time; what a watch sees comes in
 * beside it through {@link heard}.
 */
export class Elector {
  private current = election.initialElection;
  private lastRenewMicroseconds = 0;
  private watchedAt = Number.NEGATIVE_INFINITY;
  private readonly options: ElectorOptions;
  private readonly wakeup: Wakeup;

  constructor(options: ElectorOptions) {
    this.options = options;
    this.wakeup = new Wakeup(options.clock);
  }

  get state(): election.ElectionState {
    return this.current;
  }

  /** Until when this process is active as the holder, on the injected clock; undefined when it holds nothing. */
  get activeUntil(): Milliseconds | undefined {
    return election.activeUntil(this.current, this.options.rules);
  }

  /** When a watch last brought news of the Lease, on the injected clock; minus infinity when it never did. */
  get lastWatched(): Milliseconds {
    return this.watchedAt;
  }

  /** Takes in the Lease as a watch saw it. */
  heard(lease: Lease | undefined): void {
    this.watchedAt = this.options.clock.now();
    this.become(election.heard(this.current, lease, this.options.clock.now()));
  }

  /** Asks again what to do: to be called whenever the desire may have changed. */
  reconsider(): void {
    this.wakeup.wake();
  }

  adopt(identity: string): void {
    this.become(election.adopt(this.current, identity, this.options.clock.now()));
  }

  abandon(): void {
    this.become(election.abandon(this.current));
  }

  raiseTerm(above: number): void {
    this.become(election.raiseTerm(this.current, above));
  }

  /** Takes note of a term that was seen elsewhere than in the Lease. */
  termSeen(term: number): void {
    this.become(election.termSeen(this.current, term));
    this.wakeup.wake();
  }

  /** Takes in a round of asking for promises. */
  promised(round: outage.PromiseRound): void {
    this.become(outage.promised(this.current, round, this.options.rules, this.options.clock.now()));
  }

  /** Promises not to claim, or refuses. */
  askedToPromise(
    records: readonly (outage.SeenRecord | undefined)[],
    duration: Milliseconds,
  ): 'promised' | 'claiming' | 'unseen' {
    const { rules, clock } = this.options;
    const { state, answer } = outage.askedToPromise(this.current, records, duration, rules, clock.now());
    this.become(state);
    return answer;
  }

  /** Campaigns until the signal is aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, rules } = this.options;
    while (!signal.aborted) {
      this.become(election.expire(this.current, rules, clock.now()));
      const action = nextAction(this.current, this.options.desire(), rules, clock.now());
      if (action.kind === 'wait') await this.wakeup.wait(this.nextLook(action.until), signal);
      else if (action.kind === 'read') await this.read(signal);
      else await this.write(action.kind, action.lease, signal);
    }
  }

  /** Whoever holds the Lease looks up again at its deadline, whatever else there is to wait for. */
  private nextLook(until: Milliseconds): Milliseconds {
    const deadline = this.activeUntil;
    return deadline !== undefined && deadline > this.options.clock.now() ? Math.min(until, deadline) : until;
  }

  private become(state: election.ElectionState): void {
    if (state === this.current) return;
    this.current = state;
    this.options.onChange();
    this.wakeup.wake();
  }

  private async read(signal: AbortSignal): Promise<void> {
    const { api, clock, reference, callTimeout, create } = this.options;
    try {
      const lease = await api.get<Lease>(reference, { timeout: callTimeout, signal });
      this.become(election.readAnswered(this.current, lease, clock.now()));
    } catch (error) {
      const failure = asApiError(error, 'read the Lease');
      if (failure.reason !== 'NotFound') {
        this.failed(failure, 'read');
        return;
      }
      this.become(election.readAnswered(this.current, undefined, clock.now()));
      if (create) await this.create(create(), signal);
    }
  }

  private async create(lease: Lease, signal: AbortSignal): Promise<void> {
    const { api, clock, reference, callTimeout } = this.options;
    try {
      const made = await api.create<Lease>(reference, lease, { timeout: callTimeout, signal });
      this.become(election.readAnswered(this.current, made, clock.now()));
    } catch (error) {
      this.failed(asApiError(error, 'create the Lease'), 'create');
    }
  }

  private async write(kind: Write, lease: Lease, signal: AbortSignal): Promise<void> {
    const { api, clock, reference, callTimeout, rules } = this.options;
    const renewTime = this.nextRenewTime(lease);
    const free = election.tenancy(this.current, rules);
    // Every deadline counts from here, before the first byte leaves: the record cannot be older than its send.
    const claim = (): Claim => newClaim(this.current.highestTerm, lease, this.options.newIdentity());
    const { roster = [] } = this.options.desire();
    this.become(election.sending(this.current, kind, { renewTime, roster }, claim, clock.now()));
    const changes = this.changes(kind, lease, free.kind === 'released');
    const body = written(kind, lease, this.current.standing, { renewTime, rules, changes });
    if (body === undefined) return;
    try {
      const answer = await api.replace<Lease>(reference, body, { timeout: callTimeout, signal });
      this.become(election.writeAnswered(this.current, answer, clock.now()));
    } catch (error) {
      this.failed(asApiError(error, `${kind} the Lease`), kind);
    }
  }

  private changes(kind: Write, lease: Lease, afterRelease: boolean): AnnotationChanges {
    const { desire, claimAnnotations, releaseAnnotations } = this.options;
    const { annotations: wanted, holderAnnotations } = desire();
    if (kind === 'annotate') return wanted;
    if (kind === 'release') return { ...wanted, ...releaseAnnotations?.() };
    const { standing } = this.current;
    const claim =
      standing.kind === 'claiming' ? standing.claim : standing.kind === 'reclaiming' ? standing.next : undefined;
    const takesOver = kind === 'claim' && claim !== undefined && lease.spec?.holderIdentity !== claim.identity;
    const held = { ...wanted, ...holderAnnotations };
    return takesOver ? { ...held, ...claimAnnotations?.(lease, afterRelease) } : held;
  }

  private nextRenewTime(lease: Lease): string {
    const wallClock = this.options.clock.date().getTime() * 1000;
    this.lastRenewMicroseconds = nextRenewTime(this.current.standing, lease, this.lastRenewMicroseconds, wallClock);
    return microTime(this.lastRenewMicroseconds);
  }

  private failed(error: KubernetesApiError, action: 'read' | 'create' | Write): void {
    this.options.onCallFailed?.(error, action);
    const failure = failureOf(error);
    this.become(election.callFailed(this.current, failure, this.options.rules, this.options.clock.now()));
  }
}

/**
 * A conflict says that somebody else has written (or that the Lease is gone); an answer that never came says nothing;
 * anything else is a refusal, and the write did not take place.
 */
function failureOf(error: KubernetesApiError): election.Failure {
  if (error.reason === 'Conflict' || error.reason === 'NotFound' || error.reason === 'AlreadyExists') return 'conflict';
  return error.outcomeUnknown ? 'unknown' : 'refused';
}

const asApiError = (error: unknown, doing: string): KubernetesApiError =>
  error instanceof KubernetesApiError
    ? error
    : new KubernetesApiError(doing, 'Disconnected', error instanceof Error ? error.message : String(error), {
        cause: error,
      });
