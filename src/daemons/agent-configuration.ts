import { MEMBERS, PAIR_COMPONENTS, annotations } from '../api/names.ts';
import type { Member, PairComponent } from '../api/names.ts';
import type { EnvironmentVariable } from './daemon.ts';

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
  /** How long after its last renewal an active may live on promises, and how long a member off the roster waits. */
  readonly maxOutageSeconds: number;
  /** Where the agent serves /metrics, /healthz and /readyz. */
  readonly agentPort: number;
  /** Where the agent answers who asks it for a promise, over mutual TLS. */
  readonly promisePort: number;
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
  /** The boot id of the kernel, when it can be read. */
  readonly bootId?: string | undefined;
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

/** Where the agent finds the keys by which the agents of a pair know each other: a Secret, mounted into it alone. */
export const KEYS_DIRECTORY = '/run/impala-ha-keys';

/** The name that the certificate of a pair's agents is made out to, and the only one that they accept of each other. */
export const keyName = (pairName: string, namespace: string): string => `${pairName}.${namespace}`;

/** What the environment of an agent's container says, or why it cannot be used: `problem` names the variable. */
export type AgentEnvironment =
  | { readonly kind: 'valid'; readonly configuration: AgentConfiguration; readonly pod: PodFacts }
  | { readonly kind: 'invalid'; readonly problem: string };

/** The environment of an agent's container, in the pod template. */
export function toEnvironment(configuration: Omit<AgentConfiguration, 'template'>): EnvironmentVariable[] {
  return [
    { name: AGENT_ENVIRONMENT.configuration, value: JSON.stringify(configuration) },
    { name: AGENT_ENVIRONMENT.template, fieldPath: `metadata.annotations['${annotations.template}']` },
    { name: AGENT_ENVIRONMENT.namespace, fieldPath: 'metadata.namespace' },
    { name: AGENT_ENVIRONMENT.podName, fieldPath: 'metadata.name' },
    { name: AGENT_ENVIRONMENT.podUid, fieldPath: 'metadata.uid' },
    { name: AGENT_ENVIRONMENT.podIp, fieldPath: 'status.podIP' },
    { name: AGENT_ENVIRONMENT.nodeName, fieldPath: 'spec.nodeName' },
  ];
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string' && value !== '';
const isPositive: Test = (value) => typeof value === 'number' && Number.isFinite(value) && value > 0;
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isPort: Test = (value) => isCount(value) && (value as number) < 65_536;
const isOneOf =
  (choices: readonly string[]): Test =>
  (value) =>
    choices.includes(value as string);
/** An argument travels to the guard as one word of a line. */
const areArguments: Test = (value) =>
  Array.isArray(value) && value.every((argument) => typeof argument === 'string' && /^-[^\s;]+$/.test(argument));

const FIELDS: Readonly<Record<keyof Omit<AgentConfiguration, 'template'>, Test>> = {
  cluster: isText,
  component: isOneOf(PAIR_COMPONENTS),
  member: isOneOf(MEMBERS),
  pairName: isText,
  leaseDurationSeconds: isCount,
  renewDeadlineSeconds: isCount,
  retryPeriodSeconds: isCount,
  healthPort: isPort,
  healthPeriodSeconds: isPositive,
  healthTimeoutSeconds: isPositive,
  failureThreshold: isCount,
  startTimeoutSeconds: isCount,
  maxOutageSeconds: isCount,
  agentPort: isPort,
  promisePort: isPort,
  spellings: areArguments,
};

type Fixed = Omit<AgentConfiguration, 'template'>;

/** @throws Error that says what is wrong with the value */
function parseFixed(text: string): Fixed {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const fields = value as Record<string, unknown>;
  for (const [name, isValid] of Object.entries(FIELDS)) {
    if (!isValid(fields[name])) throw new Error(`${name} is ${JSON.stringify(fields[name])}`);
  }
  const unknown = Object.keys(fields).find((name) => !(name in FIELDS));
  if (unknown !== undefined) throw new Error(`${unknown} is not known`);
  const fixed = value as Fixed;
  if (fixed.leaseDurationSeconds <= fixed.renewDeadlineSeconds) throw new Error('the lease ends before its deadline');
  return fixed;
}

/**
 * Reads the environment of an agent's container strictly: an agent with half a configuration must not start, and a
 * newer operator's template never comes with an older operator's image.
 */
export function parseAgentConfiguration(environment: Readonly<Record<string, string | undefined>>): AgentEnvironment {
  const missing = Object.values(AGENT_ENVIRONMENT).find((name) => !environment[name]);
  if (missing !== undefined) return { kind: 'invalid', problem: `${missing} is not set` };
  const value = (name: keyof typeof AGENT_ENVIRONMENT): string => environment[AGENT_ENVIRONMENT[name]] ?? '';
  try {
    return {
      kind: 'valid',
      configuration: { ...parseFixed(value('configuration')), template: value('template') },
      pod: {
        namespace: value('namespace'),
        podName: value('podName'),
        podUid: value('podUid'),
        podIp: value('podIp'),
        nodeName: value('nodeName'),
      },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'invalid', problem: `${AGENT_ENVIRONMENT.configuration} cannot be used: ${reason}` };
  }
}
