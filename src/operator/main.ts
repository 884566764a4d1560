import { pino } from 'pino';
import type { Logger } from 'pino';
import { systemClock } from '../kube/clock.ts';
import type { Milliseconds } from '../kube/clock.ts';
import type { ConnectionConfiguration } from '../kube/connection-configuration.ts';
import { inClusterConfiguration } from '../kube/in-cluster-configuration.ts';
import { RestClient } from '../kube/rest-client.ts';
import { parseConfiguration } from './configuration.ts';
import type { OperatorConfiguration } from './configuration.ts';
import { Operator } from './operator.ts';
import { startServer, stopServer } from './server.ts';

/** After SIGTERM the process ends by then, whatever hangs: before kubelet's SIGKILL, and with a line in the log. */
const TERMINATION_LIMIT: Milliseconds = 20_000;

async function main(): Promise<void> {
  const parsed = parseConfiguration(process.env);
  if (parsed.kind === 'invalid') {
    pino({ name: 'operator' }).fatal({ problems: parsed.problems }, 'the environment is wrong');
    process.exitCode = 2;
    return;
  }
  const { configuration } = parsed;
  const { logLevel, podName } = configuration;
  const logger = pino({
    name: 'operator',
    level: logLevel,
    base: { pod: podName },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  await runOperator(configuration, logger);
}

async function runOperator(configuration: OperatorConfiguration, logger: Logger): Promise<void> {
  const api = new RestClient(await connection(), { userAgent: 'impala-operator' });
  const operator = new Operator({ configuration, api, clock: systemClock, random: Math.random, logger });
  // A rejection that nobody awaits leaves all state as it was. After an uncaught exception nothing is known of it.
  process.on('unhandledRejection', (reason) => {
    operator.metrics.defect();
    logger.error({ error: reason instanceof Error ? reason.stack : String(reason) }, 'a defect: unhandled rejection');
  });
  process.on('uncaughtException', (error) => {
    logger.fatal({ error: error.stack }, 'a defect: uncaught exception');
    process.exit(1);
  });

  const stopping = new AbortController();
  const server = await startServer({
    port: configuration.port,
    registry: operator.metrics.registry,
    unreadiness: () => {
      if (stopping.signal.aborted) return 'stopping';
      return operator.ready ? undefined : 'the watches have not brought everything yet';
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'stopping');
      setTimeout(() => {
        logger.fatal('did not stop in time');
        process.exit(1);
      }, TERMINATION_LIMIT).unref();
      stopping.abort();
    });
  }
  logger.info({ image: configuration.operatorImage, port: configuration.port }, 'started');
  await operator.run(stopping.signal);
  await stopServer(server);
  logger.info('stopped');
  // Idle keep-alive connections to the API server would hold the process for a while.
  process.exit(0);
}

/** In a pod its service account's, elsewhere what kubectl would use. */
async function connection(): Promise<ConnectionConfiguration> {
  if (process.env.KUBERNETES_SERVICE_HOST && !process.env.KUBECONFIG) return inClusterConfiguration();
  // Loaded only here: it is several times as large as the operator.
  const { kubeconfigConfiguration } = await import('../kube/kubeconfig-configuration.ts');
  return (await kubeconfigConfiguration()).connection;
}

try {
  await main();
} catch (error) {
  pino({ name: 'operator' }).fatal({ error: error instanceof Error ? error.stack : String(error) }, 'could not start');
  process.exitCode = 1;
}
