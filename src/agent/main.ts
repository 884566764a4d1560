import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { parseAgentConfiguration, SHARED_DIRECTORY } from '../daemons/agent-configuration.ts';
import { GROUP } from '../api/names.ts';
import { systemClock, sleep, type Milliseconds } from '../kube/clock.ts';
import type { ConnectionConfiguration } from '../kube/connection-configuration.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { inClusterConfiguration } from '../kube/in-cluster-configuration.ts';
import { watchObject } from '../kube/object-watch.ts';
import { leases } from '../kube/resource.ts';
import { RestClient } from '../kube/rest-client.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { Agent } from './agent.ts';
import { AgentMetrics } from './agent-metrics.ts';
import { startAgentServer } from './agent-server.ts';
import { bootClock } from './boot-clock.ts';
import { FifoGuardLink } from './guard/guard-link.ts';
import { checkHealth } from './health-check.ts';
import { Reporter } from './reporter.ts';
import { TokenWarmth } from './token-warmth.ts';

/** What is not done by then, after SIGTERM, is left to kubelet's SIGKILL and to the guard's deadline. */
const TERMINATION_LIMIT: Milliseconds = 20_000;

const TOKEN_CALL_TIMEOUT: Milliseconds = 1_500;

const GUARD_SOURCE = fileURLToPath(new URL('./guard.sh', import.meta.url));

async function main(): Promise<void> {
  const environment = parseAgentConfiguration(process.env);
  const log = pino({ name: 'agent', level: process.env.LOG_LEVEL ?? 'info', timestamp: pino.stdTimeFunctions.isoTime });
  if (environment.kind === 'invalid') {
    log.fatal(environment.problem);
    process.exitCode = 1;
    return;
  }
  const { configuration, pod } = environment;
  const { cluster, component } = configuration;
  const logger = log.child({ cluster, component, pod: pod.podName });
  // Nothing is known to end here. The agent outlives what it did not foresee: its death would cost a hand-over.
  process.on('uncaughtException', (error) => logger.error({ error: error.stack }, 'unhandled error: a defect'));

  const clock = bootClock();
  const link = new FifoGuardLink(SHARED_DIRECTORY, () => clock.now());
  link.install(GUARD_SOURCE);
  const reference = { resource: leases, namespace: pod.namespace, name: configuration.pairName };
  const warmth: TokenWarmth = new TokenWarmth(
    systemClock,
    () => agent.tenure.kind === 'active',
    () => void api.get(reference, { timeout: TOKEN_CALL_TIMEOUT }).catch(() => undefined),
  );
  const connection = await inClusterConfiguration();
  const headers = (): ReturnType<NonNullable<ConnectionConfiguration['headers']>> => {
    warmth.called();
    return connection.headers?.() ?? {};
  };
  const api: RestClient = new RestClient({ ...connection, headers }, { userAgent: 'impala-ha-agent' });
  const random = Math.random;
  const recorder = new EventRecorder({
    api,
    clock: systemClock,
    random,
    controller: `${GROUP}/agent`,
    instance: pod.podName,
  });
  const metrics: AgentMetrics = new AgentMetrics(() => ({
    active: agent.tenure.kind === 'active',
    ready: agent.ready,
    term: agent.elector.state.highestTerm,
    leaseAgeSeconds: leaseAge(agent, clock.now()),
  }));
  const reporter: Reporter = new Reporter({
    configuration,
    pod,
    logger,
    metrics,
    record: (event) => recorder.record(event),
    lease: () => agent.elector.state.observation?.lease,
  });
  const agent: Agent = new Agent({
    configuration,
    pod,
    clock,
    api,
    link,
    checkHealth: () => checkHealth(configuration.healthPort, configuration.healthTimeoutSeconds * 1000),
    randomWord: () => randomBytes(6).toString('hex'),
    observer: reporter,
  });

  link.listen(agent);
  const watching = new AbortController();
  const watch = watchObject<Lease>(
    { api, clock: systemClock, random },
    reference,
    { onState: (state) => agent.elector.heard(state.kind === 'present' ? state.object : undefined) },
    watching.signal,
  );
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
  await Promise.all([watch, recorder.close(1_000)]);
  link.close();
  server.close();
  logger.info('the agent is done');
  process.exit(0);
}

function leaseAge(agent: Agent, now: Milliseconds): number | undefined {
  const since = agent.elector.state.observation?.unchangedSince;
  return since === undefined ? undefined : (now - since) / 1000;
}

await main();
