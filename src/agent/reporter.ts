import type { Logger } from 'pino';
import type { EventDescription } from '../kube/event.ts';
import type { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import type { AgentMetrics } from './agent-metrics.ts';
import type { AgentObserver } from './agent-parts.ts';
import { podNamedIn } from '../daemons/claim-identity.ts';
import type { AgentConfiguration, PodFacts } from '../daemons/agent-configuration.ts';
import type { ActiveEndpoint } from './endpoint.ts';
import type { OutageEvent } from './promise/promise-collector.ts';
import { describeTakeover, type ReleaseNote, type Takeover } from './takeover.ts';

/** The same failure is logged at most this often; the metric counts every one. */
const LOG_PERIOD_MILLISECONDS = 10_000;

/** What it counts. */
export type AgentCounters = Pick<
  AgentMetrics,
  'transitions' | 'handOvers' | 'failoverSeconds' | 'apiErrors' | 'promisesAsked' | 'promisesAnswered'
>;

/** Tells people: a log line, an event of the ImpalaCluster, a metric. Events are a courtesy: nothing waits for them. */
export class Reporter implements AgentObserver {
  private readonly configuration: AgentConfiguration;
  private readonly pod: PodFacts;
  private readonly logger: Logger;
  private readonly metrics: AgentCounters;
  private readonly record: (event: EventDescription) => void;
  private readonly lease: () => Lease | undefined;
  private readonly lastLogged = new Map<string, number>();

  constructor(parts: {
    configuration: AgentConfiguration;
    pod: PodFacts;
    logger: Logger;
    metrics: AgentCounters;
    record: (event: EventDescription) => void;
    lease: () => Lease | undefined;
  }) {
    this.configuration = parts.configuration;
    this.pod = parts.pod;
    this.logger = parts.logger;
    this.metrics = parts.metrics;
    this.record = parts.record;
    this.lease = parts.lease;
  }

  tookOver(takeover: Takeover, term: number): void {
    const { reason, because } = describeTakeover(takeover);
    this.metrics.transitions.inc({ reason });
    this.logger.info({ term, reason }, `active: ${because}`);
  }

  serving(takeover: Takeover | undefined, term: number): void {
    if (takeover === undefined || takeover.kind === 'reclaimed') {
      this.logger.info({ term }, 'the daemon is healthy');
      return;
    }
    const { because, since, reason } = describeTakeover(takeover);
    const { component } = this.configuration;
    if (takeover.kind === 'first') {
      this.event(
        'Normal',
        'ActiveStarted',
        'Start',
        `The ${component} is active on ${this.pod.podName} (term ${term}).`,
      );
      return;
    }
    const seconds = since === undefined ? undefined : Math.max(0, Date.now() - since) / 1000;
    if (seconds !== undefined) this.metrics.failoverSeconds.observe(seconds);
    const took = seconds === undefined ? '' : ` It took ${seconds.toFixed(1)} s.`;
    this.logger.info({ term, reason, seconds }, 'failover completed');
    // The operator tells of a switchover, from the request to its end.
    if (reason === 'Switchover') return;
    this.event(
      'Normal',
      'FailoverCompleted',
      'Failover',
      `The ${component} is active on ${this.pod.podName} (term ${term}) because ${because}.${took}`,
    );
  }

  handingOver(note: ReleaseNote, term: number): void {
    this.metrics.handOvers.inc({ reason: note.reason });
    this.logger.warn({ term, reason: note.reason }, `handing over: ${note.message}`);
    if (note.reason === 'Switchover') return;
    if (note.reason === 'DaemonUnresponsive')
      this.event('Warning', 'DaemonUnhealthy', 'HealthCheck', `${note.message}.`);
    const { component } = this.configuration;
    this.event(
      'Warning',
      'FailoverStarted',
      'Failover',
      `The ${component} is handed over (term ${term}): ${note.message}.`,
    );
  }

  lost(term: number, to: string): void {
    this.logger.warn({ term, to }, 'the Lease is no longer ours');
    const holder = podNamedIn(to) || 'nobody';
    const { pairName } = this.configuration;
    const { podName } = this.pod;
    this.event(
      'Warning',
      'LeaseLost',
      'Renew',
      `${podName} no longer holds the Lease ${pairName} (term ${term}): ${holder} does.`,
    );
  }

  preflightFailed(text: string): void {
    this.logger.error({ problem: text }, 'the pre-flight failed: this member cannot take over at once');
  }

  endpointWritten(endpoint: ActiveEndpoint): void {
    this.logger.info({ term: endpoint.term, address: endpoint.podIp }, 'the endpoint names this pod');
  }

  outage(event: OutageEvent): void {
    switch (event.kind) {
      case 'began':
        this.logger.warn('the Lease cannot be renewed: active on the promises of the other members');
        return;
      case 'over':
        this.logger.info({ seconds: event.seconds }, 'the Lease was renewed again: no promises are needed any more');
        return;
      case 'asked':
        this.metrics.promisesAsked.inc({ outcome: event.outcome });
        if (event.outcome === 'promised' || this.loggedLately(`${event.peer} ${event.outcome}`)) return;
        this.logger.warn({ member: event.peer, outcome: event.outcome }, 'a promise is missing');
        return;
      case 'answered':
        this.metrics.promisesAnswered.inc({ outcome: event.outcome });
        if (this.loggedLately(`answered ${event.outcome}`)) return;
        this.logger.info({ asker: event.asker, outcome: event.outcome }, 'asked not to claim the Lease');
    }
  }

  callFailed(error: KubernetesApiError, action: string): void {
    this.metrics.apiErrors.inc({ reason: error.reason });
    // A conflict is how optimistic concurrency works, nobody acts on one.
    if (error.reason === 'Conflict' || this.loggedLately(error.reason)) return;
    this.logger.warn({ action, reason: error.reason, error: error.message }, 'a call to the Kubernetes API failed');
  }

  private loggedLately(what: string): boolean {
    const now = Date.now();
    if (now - (this.lastLogged.get(what) ?? 0) < LOG_PERIOD_MILLISECONDS) return true;
    this.lastLogged.set(what, now);
    return false;
  }

  /** Events belong to the ImpalaCluster, which the Lease names as its owner; without one they are only logged. */
  private event(type: 'Normal' | 'Warning', reason: string, action: string, note: string): void {
    const owner = this.lease()?.metadata.ownerReferences?.find((reference) => reference.controller === true);
    if (owner === undefined) return;
    const { apiVersion, kind, name, uid } = owner;
    this.record({
      regarding: { apiVersion, kind, name, uid, namespace: this.pod.namespace },
      type,
      reason,
      action,
      note,
    });
  }
}
