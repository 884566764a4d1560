import type { AgentConfiguration, PodFacts } from '../daemons/agent-configuration.ts';
import type { Clock } from '../kube/clock.ts';
import type { KubernetesApi, KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { ActiveEndpoint } from './endpoint.ts';
import type { GuardLink } from './guard/guard-link.ts';
import type { OutageEvent } from './promise/promise-collector.ts';
import type { PromiseTransport } from './promise/promise-message.ts';
import type { ReleaseNote, Takeover } from './takeover.ts';

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
  outage?(event: OutageEvent): void;
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
  /** How the other members are asked for promises. Without it an outage of the API server stops the active. */
  readonly promises?: PromiseTransport;
}
