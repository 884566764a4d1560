import { flagValue, serviceOf } from '../impala/flags.ts';
import { Subscriber } from '../impala/subscriber.ts';
import { VirtualProcess } from '../node/virtual-process.ts';
import type { Program, ProgramContext } from './program.ts';

/** How long an idle impalad takes to leave. */
const LEAVING = 300;

/** A coordinator or an executor, as far as the statestored knows it. */
export function startImpalad(context: ProgramContext): Program {
  const { surroundings, host, pod, container } = context;
  const { random, network, impala, clock, loadTime } = surroundings;
  const { name, namespace = '' } = pod.metadata;
  const args = container.args ?? [];
  const process = new VirtualProcess(clock);
  const needsCatalog = flagValue(args, 'catalog_service_host') !== undefined;
  let subscriber: Subscriber | undefined;
  process.setTimer(loadTime.impalad * (0.8 + 0.4 * random()), () => {
    const made = new Subscriber({
      name: `impalad@${name}`,
      process,
      host,
      service: serviceOf(flagValue(args, 'state_store_host') ?? ''),
      random,
      network,
      statestoredOf: (statestored) => impala.statestoredOf(statestored),
      onRegistered: (registered) => impala.onRegistered(registered),
    });
    subscriber = made;
    impala.addSubscriber(`${namespace}/${name}`, made);
  });
  const end = (code: number): void => {
    if (!process.alive) return;
    process.kill();
    context.exited(code);
  };
  return {
    get started() {
      return process.alive;
    },
    get ready() {
      if (!process.running || subscriber?.connected !== true) return false;
      return !needsCatalog || subscriber.knownCatalogd !== undefined;
    },
    terminate: () => process.setTimer(LEAVING, () => end(0)),
    kill: () => end(137),
    stop: () => process.stop(),
    proceed: () => process.proceed(),
  };
}
