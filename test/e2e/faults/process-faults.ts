import { spawn } from 'node:child_process';
import { AGENT_CONTAINER, DAEMON_CONTAINER } from '../../../src/api/names.ts';
import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { NAMESPACE } from '../environment.ts';
import type { Pod } from '../observer/protocol.ts';
import type { Pair } from '../pair.ts';
import { program } from '../test-cluster.ts';
import { firstProcessOf } from './host-processes.ts';
import { undoLater } from './undo.ts';

/** Faults of single processes, from the node. Each answers with the moment when it struck. */

function signal(pid: number, name: NodeJS.Signals): Instant {
  const at = now();
  process.kill(pid, name);
  return at;
}

/** Stops a process until the case is over; it may be gone by then. */
function freeze(pid: number): Instant {
  undoLater(() => {
    try {
      process.kill(pid, 'SIGCONT');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  });
  return signal(pid, 'SIGSTOP');
}

function daemonOf(pair: Pair): number {
  if (pair.process === undefined) throw new Error(`the daemon of ${pair.name} cannot be seen here`);
  return pair.process.pid;
}

export const killDaemon = (pair: Pair): Instant => signal(daemonOf(pair), 'SIGKILL');
export const freezeDaemon = (pair: Pair): Instant => freeze(daemonOf(pair));

export function killGuard(pair: Pair): Instant {
  return signal(firstProcessOf(pair.active, DAEMON_CONTAINER[pair.component]).pid, 'SIGKILL');
}

export const killAgent = (pod: Pod): Instant => signal(firstProcessOf(pod, AGENT_CONTAINER).pid, 'SIGKILL');
export const freezeAgent = (pod: Pod): Instant => freeze(firstProcessOf(pod, AGENT_CONTAINER).pid);

/**
 * Fills the daemon's container with memory until the kernel kills its largest process: the file counts as the
 * container's memory, whoever wrote it.
 */
export async function runOutOfMemory(pair: Pair): Promise<Instant> {
  const inContainer = [
    'exec',
    '-n',
    NAMESPACE,
    pair.active.metadata.name,
    '-c',
    DAEMON_CONTAINER[pair.component],
    '--',
  ];
  const at = now();
  const fill = 'timeout 20 dd if=/dev/zero of=/dev/shm/fill bs=1M 2>&1; rm -f /dev/shm/fill';
  // dd itself, or the connection to it, may fall victim as well: what counts is the daemon's end.
  void program('kubectl', ...inContainer, 'sh', '-c', fill).catch(() => undefined);
  undoLater(() => program('kubectl', ...inContainer, 'rm', '-f', '/dev/shm/fill').catch(() => undefined));
  return at;
}

/** Has two busy loops run in the daemon's container, for as long as the case lasts but at most so many seconds. */
export function burnProcessor(pair: Pair, limit: number): void {
  const loops = `for i in 1 2; do timeout ${limit} sh -c 'while :; do :; done' & done; wait`;
  const words = ['exec', '-n', NAMESPACE, pair.active.metadata.name, '-c', DAEMON_CONTAINER[pair.component]];
  const burning = spawn('kubectl', [...words, '--', 'sh', '-c', loops], { stdio: 'ignore' });
  undoLater(async () => {
    burning.kill();
    await program('kubectl', ...words, '--', 'pkill', '-f', 'while :; do').catch(() => undefined);
  });
}
