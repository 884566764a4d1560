import { annotations } from '../api/names.ts';
import type { AgentConfiguration, PodFacts } from '../daemons/agent-configuration.ts';
import type { Clock, Milliseconds, Timer } from '../kube/clock.ts';
import type { AnnotationChanges } from '../kube/election/lease-write.ts';
import { Elector } from '../kube/election/elector.ts';
import type { Desire, ElectionRules } from '../kube/election/election.ts';
import type { KubernetesApi, KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { endpointSlices, leases } from '../kube/resource.ts';
import { candidacy } from './candidacy.ts';
import { initialCustody, ordering, reportedTo, type Custody, type Ordering } from './custody.ts';
import { decide, type Decision, type HandOverReason, type Tenure } from './decision.ts';
import type { ActiveEndpoint } from './endpoint.ts';
import { EndpointWriter } from './endpoint-writer.ts';
import * as view from './guard/daemon-view.ts';
import type { GuardLink, GuardListener } from './guard/guard-link.ts';
import type { Report } from './guard/message.ts';
import { HealthWatch } from './health-watch.ts';
import { nextSpelling } from './hostname-spelling.ts';
import { describeHandOver, describeTakeover, takeoverOf, type ReleaseNote, type Takeover } from './takeover.ts';
import { Attendance } from './attendance.ts';
import { electionRules, takeUp, tenureOf } from './tenure.ts';

/** Whoever wants to know what the agent does: logs, events, metrics. */
export interface AgentObserver {
  tookOver(takeover: Takeover, term: number): void;
  serving(takeover: Takeover | undefined, term: number): void;
  handingOver(note: ReleaseNote, term: number): void;
  /** The Lease is no longer ours although we did not give it back. */
  lost(term: number, to: string): void;
  preflightFailed(text: string): void;
  endpointWritten(endpoint: ActiveEndpoint): void;
  callFailed(error: KubernetesApiError, action: string): void;
}

export interface AgentParts {
  readonly configuration: AgentConfiguration;
  readonly pod: PodFacts;
  readonly clock: Clock;
  readonly api: KubernetesApi;
  readonly link: GuardLink;
  /** One health check of the daemon; true when it is healthy. Must not throw, and bounds itself. */
  readonly checkHealth: () => Promise<boolean>;
  /** A random word, never given twice. */
  readonly randomWord: () => string;
  readonly observer: AgentObserver;
}

/** The deadline of each API call. */
const CALL_TIMEOUT: Milliseconds = 1_500;
/** By when every kube-proxy on a live node has followed the endpoint: its minimum sync period of a second, and half again. */
const ROUTES_SETTLE: Milliseconds = 2_000;
/** How soon an unanswered guard is looked at again. */
const GUARD_PERIOD: Milliseconds = 250;

/**
 * The HA agent of one pod: campaigns for the pair's Lease, and runs the daemon, through the guard, only while it holds it.
 * All it decides is decided by pure functions (decide, candidacy, nextEndpoint, the election); this class keeps their
 * state and carries out what they say.
 */
export class Agent implements GuardListener {
  readonly elector: Elector;
  private readonly parts: AgentParts;
  private readonly rules: ElectionRules;
  private readonly health: HealthWatch;
  private readonly attendance: Attendance;
  private readonly endpoint: EndpointWriter;
  private readonly finished = new AbortController();

  private custody = initialCustody;
  private terminating = false;
  private decision: Decision = { order: undefined, renew: true, release: false };
  private note: ReleaseNote | undefined;
  private stopReason: HandOverReason | undefined;
  private takeover: Takeover | undefined;
  private lastTenure: Tenure = { kind: 'none' };
  private lastTerm = 0;
  private askedBy = 0;
  private askedAt = Number.NEGATIVE_INFINITY;
  private settling = false;
  private settleAgain = false;
  private timer: Timer | undefined;

  constructor(parts: AgentParts) {
    const { configuration, pod, clock, api, observer } = parts;
    this.parts = parts;
    this.rules = electionRules(configuration);
    this.attendance = new Attendance(configuration.member, pod.podUid, configuration.template);
    this.health = new HealthWatch(parts.checkHealth, clock, configuration, () => this.healthChanged());
    const { namespace } = pod;
    this.elector = new Elector({
      api,
      clock,
      reference: { resource: leases, namespace, name: configuration.pairName },
      rules: this.rules,
      callTimeout: CALL_TIMEOUT,
      newIdentity: () => `${pod.podName}/${pod.podUid}/${parts.randomWord()}`,
      desire: () => this.desire(),
      claimAnnotations: (lease, afterRelease) => this.claimAnnotations(lease, afterRelease),
      releaseAnnotations: () => ({ [annotations.releaseReason]: this.note && JSON.stringify(this.note) }),
      onChange: () => this.settle(),
      onCallFailed: (error, action) => observer.callFailed(error, action),
    });
    this.endpoint = new EndpointWriter({
      api,
      clock,
      reference: { resource: endpointSlices, namespace, name: configuration.pairName },
      callTimeout: CALL_TIMEOUT,
      active: () => this.activeEndpoint(),
      onOvertaken: (term) => this.elector.raiseTerm(term),
      onWritten: (written) => observer.endpointWritten(written),
      onCallFailed: (error) => observer.callFailed(error, 'write the EndpointSlice'),
    });
  }

  /** Whether this pod is as it should be: the active's daemon serves, the standby's could be started at once. */
  get ready(): boolean {
    const { guard, daemon } = this.guardState;
    if (daemon.kind !== 'none') return this.health.current?.phase === 'serving';
    return guard.kind === 'present' && guard.preflight === 'passed' && this.followsTheLease;
  }

  /**
   * A standby whose watch brings none of the renewals would not see a release either. How often they come is up to the
   * holder, whose configuration may be another one while a change is rolled out: no less than once a lease.
   */
  private get followsTheLease(): boolean {
    const { holderIdentity = '', leaseDurationSeconds = 0 } = this.lease?.spec ?? {};
    const longestSilence = Math.max(leaseDurationSeconds * 1000, 3 * this.rules.retryPeriod);
    return holderIdentity === '' || this.parts.clock.now() <= this.elector.lastWatched + longestSilence;
  }

  get tenure(): Tenure {
    return tenureOf(this.elector.state, this.rules, this.guardState.daemon, this.parts.clock.now());
  }

  /** Campaigns until it was told to terminate and has done what that takes; never throws. */
  async run(): Promise<void> {
    this.settle();
    await this.elector.run(this.finished.signal);
    this.timer?.cancel();
    this.health.end();
  }

  /** SIGTERM: the daemon is stopped, its death proven, the Lease given back; then {@link run} ends. */
  terminate(): void {
    this.terminating = true;
    this.settle();
  }

  /** Ends {@link run} whatever is left to do. */
  abort(): void {
    this.finished.abort();
  }

  reported(report: Report): void {
    const now = this.parts.clock.now();
    this.become(reportedTo(this.custody, report, this.parts.link.lifelineHeld(), this.askedBy, now));
    if (report.verb === 'preflight' && report.outcome === 'failed') this.parts.observer.preflightFailed(report.text);
    this.settle();
  }

  reportsClosed(): void {
    this.becomeGuardState(view.reportsClosed(this.guardState));
    this.settle();
  }

  lifelineEnded(): void {
    this.becomeGuardState(view.lifelineEnded(this.guardState, this.parts.clock.now()));
    this.settle();
  }

  /** Decides and acts until nothing is left to do. What it sets off may call it again: that only makes it look once more. */
  private settle(): void {
    this.settleAgain = true;
    if (this.settling || this.finished.signal.aborted) return;
    this.settling = true;
    for (let round = 0; this.settleAgain && round < 20; round++) {
      this.settleAgain = false;
      this.settleOnce();
    }
    this.settling = false;
    // What the election may do depends on all that was looked at here.
    this.elector.reconsider();
    this.scheduleNextLook();
  }

  private settleOnce(): void {
    const { clock, link } = this.parts;
    const now = clock.now();
    const { daemon } = this.guardState;
    if (daemon.kind === 'starting' || daemon.kind === 'stopping') {
      this.becomeGuardState(view.overdue(this.guardState, link.lifelineHeld(), now));
    }
    const claim = takeUp(this.elector.state, this.rules, daemon, now);
    if (claim.kind === 'adopt') this.elector.adopt(claim.identity);
    if (claim.kind === 'abandon') this.elector.abandon();
    const { tenure } = this;
    this.notice(tenure);
    this.attendance.read(this.lease);
    const { custody, terminating } = this;
    this.decision = decide({ ...custody, tenure, health: this.health.current, terminating }, now);
    this.carryOut(this.decision, tenure, now);
    this.endpoint.update(this.finished.signal);
    if (this.terminating && this.nothingLeft(tenure, now)) this.finished.abort();
  }

  private nothingLeft(tenure: Tenure, now: Milliseconds): boolean {
    const { guard, daemon } = this.guardState;
    const over = daemon.kind === 'none' || (daemon.kind === 'unknown' && guard.kind === 'absent');
    // A Lease that is gone (its cluster is being deleted) can no longer be given back.
    const free = tenure.kind === 'none' || tenure.kind === 'unread' || this.lease === undefined;
    return over && free && now >= this.lingersUntil;
  }

  /**
   * A pod lives as long as its sidecar, and with it its address. While some node's kube-proxy still leads there, a
   * connection has to be refused, which clients try again, and not to vanish, which keeps them for minutes.
   */
  private get lingersUntil(): Milliseconds {
    return (this.elector.state.releasedAt ?? Number.NEGATIVE_INFINITY) + ROUTES_SETTLE;
  }

  private carryOut(decision: Decision, tenure: Tenure, now: Milliseconds): void {
    const { order: verb } = decision;
    if (verb === undefined || (verb === 'ask' && now < this.askedAt + GUARD_PERIOD)) return;
    const next = ordering(verb, tenure, this.custody, this.parts.link.nextSequence(), now);
    if (next === undefined) return;
    switch (next.order.verb) {
      case 'state?':
        this.askedAt = now;
        this.askedBy = next.order.sequence;
        break;
      case 'start':
        this.stopReason = undefined;
        break;
      case 'stop':
        this.stopReason = this.reasonToStop(tenure);
        break;
      case 'extend':
    }
    this.send(next, now);
  }

  private send({ order, sent, unsent }: Ordering, now: Milliseconds): void {
    // The state changes before the order leaves: what the guard reports next has to meet a start that is under way.
    this.become(sent);
    const { link, configuration } = this.parts;
    const argument = configuration.spellings[this.spelling()];
    const spelled = order.verb === 'start' && argument !== undefined ? { ...order, argument } : order;
    if (link.send(spelled)) return;
    this.custody = unsent;
    if (order.verb !== 'start') return;
    this.died({ at: now, code: undefined }, 'GuardLost');
    this.settleAgain = true;
  }

  private reasonToStop(tenure: Tenure): HandOverReason {
    if (this.terminating) return 'PodTerminating';
    if (tenure.kind !== 'active') return 'DeadlinePassed';
    const health = this.health.current;
    return health?.phase === 'failed' ? health.reason : 'DaemonUnresponsive';
  }

  private get guardState(): view.GuardState {
    return this.custody.guardState;
  }

  private becomeGuardState(guardState: view.GuardState): void {
    this.become({ ...this.custody, guardState });
  }

  private become(next: Custody): void {
    const before = this.guardState.daemon;
    this.custody = next;
    const { daemon } = this.guardState;
    if (daemon.kind === 'none' && before.kind !== 'none' && daemon.death) this.died(daemon.death);
    if (daemon.kind === 'running') this.health.begin(daemon.startedBy);
  }

  /** Takes note of why this tenure ends, before the Lease is given back with that note. */
  private died(death: view.Death, known?: HandOverReason): void {
    const { parts } = this;
    const { guard } = this.guardState;
    const terminating = guard.kind === 'present' && guard.terminating ? 'PodTerminating' : undefined;
    const loading = this.health.current?.phase === 'starting';
    const reason = known ?? this.stopReason ?? terminating ?? (loading ? 'StartFailed' : 'DaemonExited');
    const code = death.code === undefined ? '' : ` with code ${death.code}`;
    const message = `${describeHandOver(reason)} on ${parts.pod.podName}${code}`;
    this.note = { reason, message, at: parts.clock.date().getTime() };
    if (reason === 'StartFailed' || reason === 'StartTimeout') {
      this.attendance.startFailed(this.lease, this.lastTerm, message);
    }
    this.health.end();
    this.stopReason = undefined;
    if (this.tenure.kind === 'active' || this.tenure.kind === 'lapsed')
      parts.observer.handingOver(this.note, this.lastTerm);
  }

  private healthChanged(): void {
    if (this.health.current?.phase === 'serving') {
      // A restarted agent does not know the term yet.
      if (this.lastTerm > 0) this.attendance.becameHealthy(this.lastTerm);
      this.parts.observer.serving(this.takeover, this.lastTerm);
      this.takeover = undefined;
    }
    this.settle();
  }

  /** Reports a tenure that begins or was taken away. */
  private notice(tenure: Tenure): void {
    const before = this.lastTenure;
    this.lastTenure = tenure;
    if (tenure.kind === 'active') {
      this.lastTerm = tenure.term;
      const begins = before.kind !== 'active' || before.claim !== tenure.claim;
      if (begins && this.health.current?.phase === 'serving') this.attendance.becameHealthy(tenure.term);
      if (begins && this.takeover) this.parts.observer.tookOver(this.takeover, tenure.term);
    }
    if ((before.kind === 'active' || before.kind === 'lapsed') && tenure.kind === 'none') {
      this.parts.observer.lost(this.lastTerm, this.lease?.spec?.holderIdentity ?? '');
    }
  }

  private get lease(): Lease | undefined {
    return this.elector.state.observation?.lease;
  }

  private desire(): Desire {
    const { clock, configuration } = this.parts;
    const { guardState, terminating } = this;
    const { member, template } = configuration;
    const candidate = { member, template, guardState, terminating, leaseDuration: this.rules.leaseDuration };
    return {
      // The claim that is taken up was made by a predecessor: it waits for nothing, and its daemon runs already.
      claim: this.tenure.kind === 'adopting' ? { after: 0 } : candidacy(candidate, this.lease, clock.now()),
      renew: this.decision.renew,
      release: this.decision.release,
      annotations: this.attendance.annotation(guardState.guard, terminating),
    };
  }

  private claimAnnotations(lease: Lease, afterRelease: boolean): AnnotationChanges {
    const reclaiming = this.elector.state.standing.kind === 'reclaiming';
    this.takeover = takeoverOf(lease, afterRelease, reclaiming);
    const changes: Record<string, string | undefined> = {
      [annotations.releaseReason]: undefined,
      [annotations.transitionReason]: describeTakeover(this.takeover).reason,
    };
    if (this.parts.configuration.spellings.length > 0) {
      const claim = reclaiming ? 'reclaimed' : afterRelease ? 'released' : 'expired';
      changes[annotations.hostnameSpelling] = String(nextSpelling(lease, claim, this.spelling()));
    }
    return changes;
  }

  private spelling(): number {
    return this.lease?.metadata.annotations?.[annotations.hostnameSpelling] === '1' ? 1 : 0;
  }

  private activeEndpoint(): ActiveEndpoint | undefined {
    const { tenure } = this;
    return tenure.kind === 'active' ? { ...this.parts.pod, claim: tenure.claim, term: tenure.term } : undefined;
  }

  private scheduleNextLook(): void {
    const { clock } = this.parts;
    this.timer?.cancel();
    const { daemon } = this.guardState;
    const { tenure } = this;
    const unsettled = daemon.kind === 'unknown' || daemon.kind === 'starting' || daemon.kind === 'stopping';
    const now = clock.now();
    const delays = [
      ...(this.terminating && this.lingersUntil > now ? [this.lingersUntil - now] : []),
      ...(unsettled ? [GUARD_PERIOD] : []),
      ...(tenure.kind === 'active' ? [Math.max(tenure.until - now, 10)] : []),
      ...(tenure.kind === 'adopting' && daemon.kind === 'running' ? [Math.max(daemon.deadline - now, 10)] : []),
    ];
    if (delays.length > 0 && !this.finished.signal.aborted) {
      this.timer = clock.setTimer(Math.min(...delays), () => this.settle());
    }
  }
}
