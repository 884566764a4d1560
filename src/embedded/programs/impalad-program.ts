import { flagValue } from '../impala/flags.ts';
import type { VirtualSubscriber } from '../impala/impala-directory.ts';
import { VirtualProcess } from '../node/virtual-process.ts';
import type { Program, ProgramContext } from './program.ts';
import { subscribe } from './subscribe.ts';

/** How long an idle impalad takes to leave. */
const LEAVING = 300;

/** A coordinator or an executor, as far as the statestored knows it. */
export function startImpalad(context: ProgramContext): Program {
  const { surroundings, pod, container } = context;
  const { random, clock, loadTime } = surroundings;
  const { name } = pod.metadata;
  const args = container.args ?? [];
  const process = new VirtualProcess(clock);
  const needsCatalog = flagValue(args, 'catalog_service_host') !== undefined;
  let subscriber: VirtualSubscriber | undefined;
  process.setTimer(loadTime.impalad * (0.8 + 0.4 * random()), () => {
    subscriber = subscribe(context, { name: `impalad@${name}`, process, argv: args });
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
