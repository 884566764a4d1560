import { randomBytes } from 'node:crypto';
import { Agent } from '../../agent/agent.ts';
import { watchLease } from '../../agent/lease-watch.ts';
import { Reporter } from '../../agent/reporter.ts';
import { GROUP } from '../../api/names.ts';
import { parseAgentConfiguration } from '../../daemons/agent-configuration.ts';
import { EventRecorder } from '../../kube/event-recorder.ts';
import { leases } from '../../kube/resource.ts';
import { VirtualGuardLink } from '../guard/virtual-guard-link.ts';
import { ProcessApi } from '../node/process-api.ts';
import { VirtualProcess } from '../node/virtual-process.ts';
import type { Program, ProgramContext } from './program.ts';

const TERMINATION_LIMIT = 20_000;
const EVENTS_LIMIT = 1_000;

/** The HA agent: the product's own, in the surroundings that src/agent/main.ts gives it on a real node. */
export function startAgent(context: ProgramContext): Program {
  const { surroundings, room, environment } = context;
  const parsed = parseAgentConfiguration(environment);
  if (parsed.kind === 'invalid') throw new Error(parsed.problem);
  const { configuration, pod } = parsed;
  const { cluster, component } = configuration;
  const logger = surroundings.logger.child({ name: 'agent', cluster, component, pod: pod.podName });
  const process = new VirtualProcess(surroundings.clock);
  const connection = surroundings.connect('impala-ha-agent');
  const api = new ProcessApi(process, connection);
  const link = new VirtualGuardLink(room.volume, process, { sending: () => undefined, sent: () => undefined });
  const tools = { api, clock: process.clock, random: surroundings.random };
  const recorder = new EventRecorder({ ...tools, controller: `${GROUP}/agent`, instance: pod.podName });
  const agent: Agent = new Agent({
    configuration,
    pod,
    clock: process.clock,
    api,
    link,
    checkHealth: () => checkHealth(context, process, configuration.healthTimeoutSeconds * 1000),
    randomWord: () => randomBytes(6).toString('hex'),
    promises: surroundings.promises.from(context.host, process),
    observer: new Reporter({
      configuration,
      pod,
      logger,
      metrics: surroundings.agentCounters,
      record: (event) => recorder.record(event),
      lease: () => agent.elector.state.observation?.lease,
    }),
  });
  surroundings.promises.listen(context.address, {
    process,
    host: context.host,
    answer: (request) => agent.promises.answer(request),
  });
  link.listen(agent);
  const watching = new AbortController();
  const reference = { resource: leases, namespace: pod.namespace, name: configuration.pairName };
  void watchLease(tools, reference, configuration, agent.elector, watching.signal);
  const end = (code: number): void => {
    if (!process.alive) return;
    process.kill();
    link.died();
    watching.abort();
    agent.abort();
    connection.close?.();
    context.exited(code);
  };
  void agent
    .run()
    .then(() => recorder.close(EVENTS_LIMIT))
    .then(() => end(0));
  return {
    get started() {
      return process.running;
    },
    get ready() {
      return process.running && agent.ready;
    },
    terminate: () => {
      process.deliver(0, () => agent.terminate());
      process.setTimer(TERMINATION_LIMIT, () => agent.abort());
    },
    kill: () => end(137),
    stop: () => process.stop(),
    proceed: () => process.proceed(),
  };
}

/** A request on the loopback interface: a daemon that is stopped does not answer it. */
function checkHealth({ room }: ProgramContext, process: VirtualProcess, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const { daemon } = room;
    if (daemon?.alive === true && !daemon.responsive) process.setTimer(timeout, () => resolve(false));
    else process.deliver(1, () => resolve(daemon?.alive === true && daemon.serving));
  });
}
