import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import type { PairDaemon, Sighting } from './protocol.ts';

const DAEMONS: readonly PairDaemon[] = ['statestored', 'catalogd'];
const PREFLIGHT = /^--?operator_preflight\b/;

/** Programs that never become a daemon by exec: the pause container, the agent, the runtime. */
const NEVER_DAEMONS = new Set(['pause', 'node', 'MainThread', 'impalad', 'containerd-shim', 'runc']);

/**
 * The samples, counted from a process's first, in which one that is in no pod's cgroup is looked at again: it may not
 * be there yet, or may still be on its way into its container.
 */
const SECOND_LOOKS: readonly number[] = [1, 2, 3, 5, 8, 15, 30, 60, 120];

/** Every so many samples all processes are looked at, not only new ones. */
const FULL_LOOK = 50;

/** More new process ids than this are found faster by listing all processes. */
const MANY = 200;

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
  /** Processes to look at again, by the number of the sample. */
  readonly #secondLooks = new Map<number, Set<number>>();
  /** Processes that are none of ours, as of the last full look. */
  #others = new Set<number>();
  readonly #buffer = Buffer.alloc(1024);
  #lastPid = 0;
  samples = 0;

  constructor(see: (sighting: Sighting) => void) {
    this.#see = see;
  }

  sample(): void {
    this.samples += 1;
    const lastPid = readLastPid();
    const grown = lastPid - this.#lastPid;
    if (this.samples % FULL_LOOK === 1 || grown < 0 || grown > MANY) this.#lookAtAll();
    else for (let pid = this.#lastPid + 1; pid <= lastPid; pid += 1) this.#discover(pid, this.samples);
    this.#lastPid = lastPid;

    const again = this.#secondLooks.get(this.samples);
    this.#secondLooks.delete(this.samples);
    for (const pid of again ?? []) this.#discover(pid, undefined);
    for (const candidate of this.#candidates.values()) this.#follow(candidate);
  }

  #lookAtAll(): void {
    const all = new Set<number>();
    for (const name of readdirSync('/proc')) {
      const first = name.charCodeAt(0);
      if (first < 48 || first > 57) continue;
      const pid = Number(name);
      all.add(pid);
      if (!this.#others.has(pid)) this.#discover(pid, this.samples);
    }
    this.#others = all;
    for (const pid of this.#candidates.keys()) all.delete(pid);
  }

  /** Whether a daemon with this process id is running. */
  runs(pid: number): boolean {
    return this.#candidates.get(pid)?.daemon !== undefined;
  }

  /** @param since the sample that found it first, when it is to be looked at again if it is none of a pod's yet */
  #discover(pid: number, since: number | undefined): void {
    if (this.#candidates.has(pid)) return;
    const podUid = podOf(pid);
    if (podUid === undefined) {
      if (since !== undefined) for (const later of SECOND_LOOKS) this.#lookAgain(pid, since + later);
      return;
    }
    try {
      if (!isProcess(pid)) return;
      const stat = openSync(`/proc/${pid}/stat`, 'r');
      this.#candidates.set(pid, { pid, stat, podUid, command: '', daemon: undefined, lastSeen: now() });
    } catch {
      // It is gone already.
    }
  }

  #lookAgain(pid: number, sample: number): void {
    const there = this.#secondLooks.get(sample);
    if (there === undefined) this.#secondLooks.set(sample, new Set([pid]));
    else there.add(pid);
  }

  #follow(candidate: Candidate): void {
    const at = now();
    const stat = this.#read(candidate);
    if (stat === undefined || !stat.alive) {
      this.#drop(candidate, at);
      return;
    }
    if (stat.command !== candidate.command) {
      if (NEVER_DAEMONS.has(stat.command)) {
        this.#drop(candidate, at);
        this.#others.add(candidate.pid);
        return;
      }
      if (this.#recognize(candidate, stat, at)) candidate.command = stat.command;
    }
    candidate.lastSeen = at;
  }

  /** @returns whether it is clear now what the process is */
  #recognize(candidate: Candidate, { command, parent }: Stat, at: Instant): boolean {
    const { pid, podUid } = candidate;
    if (candidate.daemon !== undefined) return true; // a daemon that renames its main thread stays one
    const argv = argumentsOf(pid);
    // In the midst of an exec a process has its new name, but no arguments yet: a pre-flight would look like a daemon.
    if (argv.length === 0) return false;
    const daemon = daemonOf(argv, command);
    if (daemon === undefined || this.#candidates.get(parent)?.daemon !== undefined) return true;
    candidate.daemon = daemon;
    this.#see({ kind: 'started', at, pid, daemon, podUid, parent });
    return true;
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
}

/** The id that was given out last, to a process or a thread: everything that is new has one up to this. */
function readLastPid(): number {
  return Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1));
}

/** Whether an id is a process's, not that of one of its threads, which /proc hides but does not deny. */
function isProcess(pid: number): boolean {
  return readFileSync(`/proc/${pid}/status`, 'latin1').includes(`\nTgid:\t${pid}\n`);
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

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

function daemonOf(argv: readonly string[], command: string): PairDaemon | undefined {
  const program = argv[0]?.slice(argv[0].lastIndexOf('/') + 1);
  const daemon = DAEMONS.find((name) => name === program || name === command);
  const preflight = argv.some((word) => PREFLIGHT.test(word));
  return preflight ? undefined : daemon;
}
