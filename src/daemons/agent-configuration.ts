import type { Member, PairComponent } from '../api/names.ts';

/**
 * What the agent of one pod needs to know, as its pod template says it. The template carries the fixed part as JSON in
 * one environment variable and the pod's own facts through the downward API.
 */
export interface AgentConfiguration {
  readonly cluster: string;
  readonly component: PairComponent;
  readonly member: Member;
  /** The one Lease, and the one EndpointSlice, that this pair has (both have this name). */
  readonly pairName: string;
  readonly leaseDurationSeconds: number;
  readonly renewDeadlineSeconds: number;
  readonly retryPeriodSeconds: number;
  /** The daemon's metrics web server: `/healthz` there is the only thing that counts as health. */
  readonly healthPort: number;
  readonly healthPeriodSeconds: number;
  readonly healthTimeoutSeconds: number;
  readonly failureThreshold: number;
  /** How long a daemon may take until its first healthy answer. */
  readonly startTimeoutSeconds: number;
  /** Where the agent serves /metrics, /healthz and /readyz. */
  readonly agentPort: number;
  /**
   * Extra arguments of the daemon, by the spelling that stands in the Lease: index 0 is the name with the cluster
   * domain, 1 the one without. Empty for a component whose address nobody caches.
   */
  readonly spellings: readonly string[];
  /** Changes with every change of the pod template. Starts that failed under another template do not count. */
  readonly template: string;
}

/** What the downward API tells of the pod. */
export interface PodFacts {
  readonly namespace: string;
  readonly podName: string;
  readonly podUid: string;
  readonly podIp: string;
  readonly nodeName: string;
}

/** The environment variables of the agent's container. */
export const AGENT_ENVIRONMENT = {
  configuration: 'AGENT_CONFIGURATION',
  /** From the pod's own annotation, since a template cannot contain its own hash twice. */
  template: 'AGENT_TEMPLATE',
  namespace: 'POD_NAMESPACE',
  podName: 'POD_NAME',
  podUid: 'POD_UID',
  podIp: 'POD_IP',
  nodeName: 'NODE_NAME',
} as const;

/** The in-memory volume that agent and guard share: the guard's script and the FIFOs. */
export const SHARED_DIRECTORY = '/run/impala-ha';
export const GUARD_SCRIPT = `${SHARED_DIRECTORY}/guard.sh`;
