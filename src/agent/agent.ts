import { annotations } from '../api/names.ts';
import { claimIdentity } from '../daemons/claim-identity.ts';
import type { Preference } from '../daemons/lease-notes.ts';
import type { Milliseconds, Timer } from '../kube/clock.ts';
import type { AnnotationChanges } from '../kube/election/lease-write.ts';
import { Elector } from '../kube/election/elector.ts';
import type { ElectionRules } from '../kube/election/election.ts';
import type { Desire } from '../kube/election/next-action.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { endpointSlices, leases } from '../kube/resource.ts';
import { candidacy } from './candidacy.ts';
import { initialCustody, ordering, reportedTo, type Custody, type Ordering } from './custody.ts';
import { decide, reasonToStop, type Decision, type HandOverReason, type Situation, type Tenure } from './decision.ts';
import type { AgentParts } from './agent-parts.ts';
import { isShownIn, type ActiveEndpoint } from './endpoint.ts';
import { EndpointWriter } from './endpoint-writer.ts';
import * as view from './guard/daemon-view.ts';
import type { GuardListener } from './guard/guard-link.ts';
import type { Report } from './guard/message.ts';
import { firstTerm } from './first-look.ts';
import { HealthWatch } from './health-watch.ts';
import { PromiseExchange } from './promise/promise-exchange.ts';
import { Succession } from './succession.ts';
import { servedByHolding, switchoverToServe } from './switchover.ts';
import { Attendance } from './attendance.ts';
import { electionRules, followsTheLease, takeUp, tenureOf } from './tenure.ts';

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
  private readonly succession: Succession;
  private readonly endpoint: EndpointWriter;
  readonly promises: PromiseExchange;
  private readonly finished = new AbortController();

  private custody = initialCustody;
  private terminating = false;
  private decision: Decision = { order: undefined, renew: true, release: false };
  /** Whether the term in the EndpointSlice is known: no candidate before that. */
  private termsKnown = false;
  private askedBy = 0;
  private askedAt = Number.NEGATIVE_INFINITY;
  private settling = false;
  private settleAgain = false;
  private timer: Timer | undefined;

  constructor(parts: AgentParts) {
    const { configuration, pod, clock, api, observer } = parts;
    this.parts = parts;
    this.rules = electionRules(configuration, pod);
    this.attendance = new Attendance(configuration.member, pod, configuration.template, pod.bootId);
    this.succession = new Succession(parts, this.attendance);
    this.health = new HealthWatch(parts.checkHealth, clock, configuration, () => this.healthChanged());
    const { namespace } = pod;
    this.elector = new Elector({
      api,
      clock,
      reference: { resource: leases, namespace, name: configuration.pairName },
      rules: this.rules,
      callTimeout: CALL_TIMEOUT,
      newIdentity: () => claimIdentity(pod.podName, pod.podUid, parts.randomWord()),
      desire: () => this.desire(),
      claimAnnotations: (lease, afterRelease) => this.claimAnnotations(lease, afterRelease),
      releaseAnnotations: () => this.succession.releaseAnnotations(),
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
    this.promises = new PromiseExchange({
      ...parts,
      rules: this.rules,
      elector: this.elector,
      transport: parts.promises,
      onEvent: (event) => observer.outage?.(event),
    });
  }

  /** Whether this pod is as it should be: the active's daemon serves, the standby's could be started at once. */
  get ready(): boolean {
    const { guard, daemon } = this.guardState;
    if (daemon.kind !== 'none') return this.health.current?.phase === 'serving';
    const silence = this.parts.clock.now() - this.elector.lastWatched;
    return guard.kind === 'present' && guard.preflight === 'passed' && followsTheLease(this.lease, silence, this.rules);
  }

  get tenure(): Tenure {
    return tenureOf(this.elector.state, this.rules, this.guardState.daemon, this.parts.clock.now());
  }

  /** Campaigns until it was told to terminate and has done what that takes; never throws. */
  async run(): Promise<void> {
    this.settle();
    await Promise.all([this.elector.run(this.finished.signal), this.learnTerm()]);
    this.timer?.cancel();
    this.health.end();
  }

  private async learnTerm(): Promise<void> {
    const term = await firstTerm(this.parts, CALL_TIMEOUT, this.finished.signal);
    if (term === undefined) return;
    this.termsKnown = true;
    this.elector.termSeen(term);
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
    this.succession.notice(tenure, this.health.current?.phase === 'serving', this.lease);
    this.attendance.read(this.lease);
    const asked = this.promises.outage ? undefined : switchoverToServe(this.lease, this.parts.configuration.member);
    this.decision = decide(this.situation(tenure, asked), now);
    this.carryOut(this.decision, tenure, now, asked);
    this.endpoint.update(this.finished.signal);
    this.promises.update(this.lease, this.keepsAlive, this.finished.signal);
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

  private situation(tenure: Tenure, asked: Preference | undefined): Situation {
    const { terminating, health } = this;
    return { ...this.custody, tenure, health: health.current, terminating, switchover: asked !== undefined };
  }

  /** Whether there is a daemon that promises may keep alive: not one that is to stop, or whose guard is silent. */
  private get keepsAlive(): boolean {
    const { daemon } = this.guardState;
    const alive = daemon.kind === 'running' || daemon.kind === 'starting';
    const { order, renew, release } = this.decision;
    return this.tenure.kind === 'active' && alive && renew && !release && order !== 'stop' && !this.terminating;
  }

  private carryOut(decision: Decision, tenure: Tenure, now: Milliseconds, asked: Preference | undefined): void {
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
        this.succession.starting();
        break;
      case 'stop':
        this.succession.stopping(reasonToStop(this.situation(tenure, asked)), asked);
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

  private died(death: view.Death, known?: HandOverReason): void {
    const { guard } = this.guardState;
    const { tenure, lease } = this;
    const terminating = guard.kind === 'present' && guard.terminating;
    const loading = this.health.current?.phase === 'starting';
    this.succession.died(death, { known, terminating, loading, tenure, lease });
    this.health.end();
  }

  private healthChanged(): void {
    if (this.health.current?.phase === 'serving') this.succession.serving();
    this.settle();
  }

  private get lease(): Lease | undefined {
    return this.elector.state.observation?.lease;
  }

  private desire(): Desire {
    const { clock, configuration } = this.parts;
    const { guardState, terminating } = this;
    const { member, template } = configuration;
    const candidate = { member, template, guardState, terminating, leaseDuration: this.rules.leaseDuration };
    const stands = this.termsKnown ? candidacy(candidate, this.lease, clock.now()) : 'never';
    return {
      // The claim that is taken up was made by a predecessor: it waits for nothing, and its daemon runs already.
      claim: this.tenure.kind === 'adopting' ? { after: 0 } : stands,
      renew: this.decision.renew,
      release: this.decision.release,
      annotations: this.attendance.annotation(guardState.guard, terminating),
      holderAnnotations: servedByHolding(this.lease, member),
      roster: this.promises.roster(this.lease),
    };
  }

  private claimAnnotations(lease: Lease, afterRelease: boolean): AnnotationChanges {
    const reclaiming = this.elector.state.standing.kind === 'reclaiming';
    const spelled = this.parts.configuration.spellings.length > 0;
    return this.succession.claimAnnotations(lease, { afterRelease, reclaiming }, spelled ? this.spelling() : undefined);
  }

  private spelling(): number {
    return this.lease?.metadata.annotations?.[annotations.hostnameSpelling] === '1' ? 1 : 0;
  }

  private activeEndpoint(): ActiveEndpoint | undefined {
    const { tenure } = this;
    if (tenure.kind !== 'active' || !isShownIn(this.lease, tenure)) return undefined;
    return { ...this.parts.pod, claim: tenure.claim, term: tenure.term };
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
      ...(this.keepsAlive ? [Math.max((this.promises.nextLook ?? Number.POSITIVE_INFINITY) - now, 10)] : []),
      ...(tenure.kind === 'adopting' && daemon.kind === 'running' ? [Math.max(daemon.deadline - now, 10)] : []),
    ];
    if (delays.length > 0 && !this.finished.signal.aborted) {
      this.timer = clock.setTimer(Math.min(...delays), () => this.settle());
    }
  }
}
