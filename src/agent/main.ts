import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pino, type Logger } from 'pino';
import {
  KEYS_DIRECTORY,
  keyName,
  parseAgentConfiguration,
  SHARED_DIRECTORY,
  type AgentConfiguration,
  type PodFacts,
} from '../daemons/agent-configuration.ts';
import { GROUP } from '../api/names.ts';
import { systemClock, sleep, type Milliseconds } from '../kube/clock.ts';
import type { ConnectionConfiguration } from '../kube/connection-configuration.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { inClusterConfiguration } from '../kube/in-cluster-configuration.ts';
import { leases } from '../kube/resource.ts';
import { RestClient } from '../kube/rest-client.ts';
import { Agent } from './agent.ts';
import { AgentMetrics, type AgentReading } from './agent-metrics.ts';
import { startAgentServer } from './agent-server.ts';
import { bootClock } from './boot-clock.ts';
import { FifoGuardLink } from './guard/guard-link.ts';
import { checkHealth } from './health-check.ts';
import { watchLease } from './lease-watch.ts';
import { TlsPromises } from './promise/tls-promises.ts';
import { Reporter } from './reporter.ts';
import { TokenWarmth } from './token-warmth.ts';

/** What is not done by then, after SIGTERM, is left to kubelet's SIGKILL and to the guard's deadline. */
const TERMINATION_LIMIT: Milliseconds = 20_000;

const TOKEN_CALL_TIMEOUT: Milliseconds = 1_500;

const GUARD_SOURCE = fileURLToPath(new URL('./guard.sh', import.meta.url));

async function main(): Promise<void> {
  const log = pino({ name: 'agent', level: process.env.LOG_LEVEL ?? 'info', timestamp: pino.stdTimeFunctions.isoTime });
  const environment = parseAgentConfiguration(process.env);
  if (environment.kind === 'invalid') {
    log.fatal(environment.problem);
    process.exitCode = 1;
    return;
  }
  const { configuration } = environment;
  const pod = { ...environment.pod, bootId: await readBootId() };
  const logger = log.child({ cluster: configuration.cluster, component: configuration.component, pod: pod.podName });
  // The agent outlives what it did not foresee: its death would cost a hand-over.
  process.on('uncaughtException', (error) => logger.error({ error: error.stack }, 'unhandled error: a defect'));
  try {
    await runAgent(configuration, pod, logger);
    logger.info('the agent is done');
    process.exit(0);
  } catch (error) {
    // What it needs to begin with is not there (the token, the port): kubelet tries again.
    logger.fatal({ error: error instanceof Error ? error.stack : String(error) }, 'the agent cannot start');
    process.exit(1);
  }
}

async function runAgent(configuration: AgentConfiguration, pod: PodFacts, logger: Logger): Promise<void> {
  const clock = bootClock();
  const link = new FifoGuardLink(SHARED_DIRECTORY, () => clock.now());
  link.install(GUARD_SOURCE);
  const lease = { resource: leases, namespace: pod.namespace, name: configuration.pairName };
  const warmth: TokenWarmth = new TokenWarmth(
    systemClock,
    () => agent.tenure.kind === 'active',
    () => void api.get(lease, { timeout: TOKEN_CALL_TIMEOUT }).catch(() => undefined),
  );
  const api: RestClient = await connect(() => warmth.called());
  const environment = { api, clock: systemClock, random: Math.random };
  const recorder = new EventRecorder({ ...environment, controller: `${GROUP}/agent`, instance: pod.podName });
  const metrics: AgentMetrics = new AgentMetrics(() => ({
    ...reading(agent, clock.now()),
    keysExpire: promises.keysExpire,
  }));
  const promises: TlsPromises = new TlsPromises({
    directory: KEYS_DIRECTORY,
    name: keyName(configuration.pairName, pod.namespace),
    host: pod.podIp,
    port: configuration.promisePort,
    clock,
    answer: (request) => agent.promises.answer(request),
    onKeys: (expires) => logger.info({ expires }, 'took the keys into use'),
    onProblem: (problem) => logger.warn({ problem }, 'cannot exchange promises'),
  });
  const agent: Agent = new Agent({
    configuration,
    pod,
    clock,
    api,
    link,
    checkHealth: () => checkHealth(configuration.healthPort, configuration.healthTimeoutSeconds * 1000),
    randomWord: () => randomBytes(6).toString('hex'),
    promises,
    observer: new Reporter({
      configuration,
      pod,
      logger,
      metrics,
      record: (event) => recorder.record(event),
      lease: () => agent.elector.state.observation?.lease,
    }),
  });

  link.listen(agent);
  const watching = new AbortController();
  const watch = watchLease(environment, lease, configuration, agent.elector, watching.signal);
  const answering = promises.run(watching.signal);
  const server = await startAgentServer({
    port: configuration.agentPort,
    ready: () => agent.ready,
    metrics: () => metrics.registry.metrics(),
  });
  process.once('SIGTERM', () => {
    agent.terminate();
    void sleep(systemClock, TERMINATION_LIMIT).then(() => agent.abort());
  });
  logger.info({ member: configuration.member }, 'the agent is up');

  await agent.run();
  watching.abort();
  warmth.end();
  await Promise.all([watch, answering, recorder.close(1_000)]);
  link.close();
  server.close();
}

/** The kernel's boot id, which is the node's, and by which the operator knows that the node was started anew. */
async function readBootId(): Promise<string | undefined> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** @param onCall told of every request that presents the pod's token */
async function connect(onCall: () => void): Promise<RestClient> {
  const connection = await inClusterConfiguration();
  const headers = (): ReturnType<NonNullable<ConnectionConfiguration['headers']>> => {
    onCall();
    return connection.headers?.() ?? {};
  };
  return new RestClient({ ...connection, headers }, { userAgent: 'impala-ha-agent' });
}

/** What the gauges show. */
function reading(agent: Agent, now: Milliseconds): AgentReading {
  const { observation, highestTerm } = agent.elector.state;
  return {
    active: agent.tenure.kind === 'active',
    outageSeconds: agent.promises.outageSeconds,
    ready: agent.ready,
    term: highestTerm,
    leaseAgeSeconds: observation && (now - observation.unchangedSince) / 1000,
  };
}

await main();
