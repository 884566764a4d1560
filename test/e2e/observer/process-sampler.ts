import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import type { PairDaemon, Sighting } from './protocol.ts';

const DAEMONS: readonly string[] = ['statestored', 'catalogd'] satisfies PairDaemon[];
const PREFLIGHT = '-operator_preflight';

/** Programs that never become a daemon by exec: the pause container, the agent, the runtime. */
const NEVER_DAEMONS = new Set(['pause', 'node', 'MainThread', 'impalad', 'containerd-shim', 'runc']);

/** How many samples a new process is given to be moved into its pod's cgroup before it counts as none of a pod's. */
const SAMPLES_UNTIL_SETTLED = 150;

/** A process in a pod, its /proc/PID/stat kept open: that pins the process, whoever gets its number afterwards. */
interface Candidate {
  readonly pid: number;
  readonly stat: number;
  readonly podUid: string;
  command: string;
  daemon: PairDaemon | undefined;
  lastSeen: Instant;
}

interface Stat {
  command: string;
  alive: boolean;
  parent: number;
}

/**
 * Finds the daemon processes of all pods by looking at /proc: a process in a pod's cgroup whose program is one of the
 * daemons, and that is neither a zombie nor a pre-flight. It reads as little as it can, so that it can look every 20 ms.
 */
export class ProcessSampler {
  readonly #see: (sighting: Sighting) => void;
  readonly #candidates = new Map<number, Candidate>();
  /** Processes that are none of ours, with the number of samples in which they may still turn out to be. */
  readonly #others = new Map<number, { undecided: number; sample: number }>();
  readonly #buffer = Buffer.alloc(1024);
  samples = 0;

  constructor(see: (sighting: Sighting) => void) {
    this.#see = see;
  }

  sample(): void {
    this.samples += 1;
    for (const name of readdirSync('/proc')) {
      const first = name.charCodeAt(0);
      if (first < 48 || first > 57) continue;
      this.#discover(Number(name));
    }
    for (const candidate of this.#candidates.values()) this.#follow(candidate);
    if (this.samples % 50 === 0) this.#forget();
  }

  /** Whether a daemon with this process id is running. */
  runs(pid: number): boolean {
    return this.#candidates.get(pid)?.daemon !== undefined;
  }

  #discover(pid: number): void {
    if (this.#candidates.has(pid)) return;
    const other = this.#others.get(pid);
    if (other !== undefined) {
      other.sample = this.samples;
      if (other.undecided === 0) return;
      other.undecided -= 1;
      // Newcomers are looked at often in their first tenth of a second, then now and then.
      if (other.undecided < SAMPLES_UNTIL_SETTLED - 5 && other.undecided % 25 !== 0) return;
    }
    const podUid = podOf(pid);
    if (podUid === undefined) {
      if (other === undefined) {
        this.#others.set(pid, { undecided: this.samples === 1 ? 0 : SAMPLES_UNTIL_SETTLED, sample: this.samples });
      }
      return;
    }
    try {
      const stat = openSync(`/proc/${pid}/stat`, 'r');
      this.#others.delete(pid);
      this.#candidates.set(pid, { pid, stat, podUid, command: '', daemon: undefined, lastSeen: now() });
    } catch {
      // It is gone already.
    }
  }

  #follow(candidate: Candidate): void {
    const at = now();
    const stat = this.#read(candidate);
    if (stat === undefined || !stat.alive) {
      this.#drop(candidate, at);
      return;
    }
    if (stat.command !== candidate.command) {
      candidate.command = stat.command;
      if (NEVER_DAEMONS.has(stat.command)) {
        this.#drop(candidate, at);
        this.#others.set(candidate.pid, { undecided: 0, sample: this.samples });
        return;
      }
      this.#recognize(candidate, stat.parent, at);
    }
    candidate.lastSeen = at;
  }

  #recognize(candidate: Candidate, parent: number, at: Instant): void {
    const { pid, podUid } = candidate;
    if (candidate.daemon !== undefined) return; // a daemon that renames its main thread stays one
    const daemon = daemonOf(pid, candidate.command);
    if (daemon === undefined || this.#candidates.get(parent)?.daemon !== undefined) return;
    candidate.daemon = daemon;
    this.#see({ kind: 'started', at, pid, daemon, podUid, parent });
  }

  #drop(candidate: Candidate, at: Instant): void {
    const { pid, podUid, lastSeen } = candidate;
    closeSync(candidate.stat);
    this.#candidates.delete(pid);
    if (candidate.daemon !== undefined) this.#see({ kind: 'ended', at, lastSeen, pid, podUid });
  }

  #read(candidate: Candidate): Stat | undefined {
    try {
      const length = readSync(candidate.stat, this.#buffer, 0, this.#buffer.length, 0);
      return parseStat(this.#buffer.toString('latin1', 0, length));
    } catch {
      return undefined;
    }
  }

  #forget(): void {
    for (const [pid, other] of this.#others) if (other.sample < this.samples) this.#others.delete(pid);
  }
}

/**
 * Reads a line of /proc/PID/stat. A main thread that is a zombie while other threads still run is a process that has
 * not ended: it may hold sockets and answer on them.
 */
export function parseStat(line: string): Stat | undefined {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = line.slice(close + 2).split(' ', 18);
  const [state, parent, threads] = [fields[0], Number(fields[1]), Number(fields[17])];
  const ended = state === 'X' || (state === 'Z' && threads <= 1);
  return { command: line.slice(open + 1, close), alive: !ended, parent };
}

/** The uid of the pod whose cgroup a process is in (cgroup v1 or v2, any driver). */
function podOf(pid: number): string | undefined {
  try {
    const found = /kubepods.*pod([0-9a-f]{8}[-_][-_0-9a-f]{27})/.exec(readFileSync(`/proc/${pid}/cgroup`, 'latin1'));
    return found?.[1]?.replaceAll('_', '-');
  } catch {
    return undefined;
  }
}

function daemonOf(pid: number, command: string): PairDaemon | undefined {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    const program = argv[0]?.slice(argv[0].lastIndexOf('/') + 1) ?? '';
    const daemon = DAEMONS.find((name) => name === program || name === command);
    if (daemon === undefined || argv.some((word) => word.replace(/^-/, '').startsWith(PREFLIGHT))) return undefined;
    return daemon as PairDaemon;
  } catch {
    return undefined;
  }
}
