import { randomBytes } from 'node:crypto';
import type { PairComponent } from '../../api/names.ts';
import { VirtualGuard, type Child } from '../guard/virtual-guard.ts';
import { DaemonProcess } from '../impala/daemon-process.ts';
import { flagValue } from '../impala/flags.ts';
import { Statestored } from '../impala/statestored.ts';
import { VirtualProcess } from '../node/virtual-process.ts';
import type { Program, ProgramContext } from './program.ts';
import { subscribe } from './subscribe.ts';

/** gflags reads the flags and says what is wrong with them: no more than that takes. */
const PREFLIGHT = { least: 50, most: 200 };

/** The container of a pair's daemon: the guard as PID 1, and what it starts. */
export function startGuard(context: ProgramContext): Program {
  const { surroundings, room, container } = context;
  const process = new VirtualProcess(surroundings.clock);
  const argv = container.command?.slice(2) ?? [];
  const end = (code: number): void => {
    if (!process.alive) return;
    process.kill();
    guard.died();
    // The kernel kills what is left in the pid namespace.
    room.daemon?.end(137);
    context.exited(code);
  };
  const guard: VirtualGuard = new VirtualGuard({
    id: randomBytes(8).toString('hex'),
    volume: room.volume,
    process,
    startDaemon: (argument, order) => startDaemon(context, argument === '-' ? argv : [...argv, argument], order),
    startPreflight: () => startPreflight(context),
    preflightProblem: () => undefined,
    exit: end,
  });
  return {
    get started() {
      return process.alive;
    },
    get ready() {
      return process.alive;
    },
    terminate: () => process.deliver(0, () => guard.terminate()),
    kill: () => end(137),
    stop: () => {
      process.stop();
      room.daemon?.identity.process.stop();
    },
    proceed: () => {
      process.proceed();
      room.daemon?.identity.process.proceed();
    },
  };
}

function startDaemon(
  context: ProgramContext,
  argv: readonly string[],
  order: { term: number; claim: string },
): DaemonProcess {
  const { surroundings, host, address, pod, room } = context;
  const { network, impala, random } = surroundings;
  const component: PairComponent = argv.some((word) => word.endsWith('/statestored')) ? 'statestore' : 'catalog';
  const process = new VirtualProcess(surroundings.clock);
  const { name, namespace = '' } = pod.metadata;
  const load = surroundings.loadTime[component] * (0.8 + 0.4 * random());
  const daemon = new DaemonProcess({ component, process, host, address, pod: name, namespace, ...order }, load);
  room.daemon = daemon;
  room.volume.lifeline.openToWrite(daemon);
  network.daemons.add(daemon);
  daemon.onDeath.push(() => {
    network.daemons.delete(daemon);
    room.volume.lifeline.close(daemon);
  });
  daemon.onServing.push(() => {
    if (component === 'statestore') impala.addStatestored(new Statestored(daemon, order.claim, process));
    // Under the name of its Service: its successor replaces it.
    else
      subscribe(context, {
        name: `catalog-server@${flagValue(argv, 'hostname') ?? name}`,
        process,
        argv,
        catalogd: daemon,
      });
  });
  return daemon;
}

function startPreflight({ surroundings: { clock, random } }: ProgramContext): Child {
  const process = new VirtualProcess(clock);
  const child: Child = {
    get alive() {
      return process.alive;
    },
    code: 1,
    onEnd: () => undefined,
    terminate: () => child.kill(),
    kill: () => {
      if (!process.alive) return;
      process.kill();
      child.onEnd();
    },
  };
  process.setTimer(PREFLIGHT.least + random() * (PREFLIGHT.most - PREFLIGHT.least), () => child.kill());
  return child;
}
