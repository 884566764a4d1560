/**
 * src/agent/guard/guard.sh in TypeScript, line by line: a generator that yields wherever bash blocks. A test plays the
 * same scripts on both.
 */
import type { Milliseconds } from '../../kube/clock.ts';
import type { GuestProcess } from '../node/guest-process.ts';
import type { FifoReader, PodVolume } from './pod-volume.ts';

/** A process that the guard has started. */
export interface Child {
  readonly alive: boolean;
  /** Once it has ended. */
  readonly code: number;
  terminate(): void;
  kill(): void;
  /** Called once, at its end. */
  onEnd: () => void;
}

export interface GuardSurroundings {
  /** A random id of this run of the guard. */
  readonly id: string;
  readonly volume: PodVolume;
  /** PID 1 of the daemon's container. */
  readonly process: GuestProcess;
  /** @param argument one more flag, or `-` */
  startDaemon(argument: string, order: { term: number; claim: string }): Child;
  startPreflight(): Child;
  /** What the pre-flight's output says, once it has ended; nothing when it was as it should be. */
  preflightProblem(): string | undefined;
  /** The container ends. */
  exit(code: number): void;
}

/** How long `read` waits. */
const POLL: Milliseconds = 100;
const PREFLIGHT_CENTISECONDS = 6000;

type Wait = { for: 'order' } | { for: 'end'; of: Child } | { for: 'pause' };

export class VirtualGuard {
  readonly #surroundings: GuardSurroundings;
  readonly #script: Generator<Wait, void, string | undefined>;
  #wait: Wait | undefined;
  /** When the present `read` began: its time-outs fall on multiples of the poll from there. */
  #readingSince: Milliseconds = 0;
  #wakeAt: Milliseconds = Number.POSITIVE_INFINITY;
  #wakeUp: { cancel(): void } | undefined;

  daemon: Child | undefined;
  deadline = 0;
  #startedBy = 0;
  #term = 0;
  #claim = '-';
  #lastSequence = 0;
  #lastCode = 0;
  #preflight: 'pending' | 'passed' | 'failed' = 'pending';
  #preflightProcess: Child | undefined;
  #preflightEnds = 0;
  #terminating = false;
  /** It has the reports open to read as well, but never reads them. */
  readonly #reportsEnd: FifoReader = { readable: () => undefined };

  constructor(surroundings: GuardSurroundings) {
    this.#surroundings = surroundings;
    const { volume } = surroundings;
    volume.orders.openForBoth(this);
    volume.reports.openForBoth(this.#reportsEnd);
    this.#script = this.#main();
    this.#advance(undefined);
  }

  /** SIGTERM: the trap only sets a variable. */
  terminate(): void {
    this.#terminating = true;
    this.#poke();
  }

  /** The process is gone, with its descriptors. */
  died(): void {
    this.#wakeUp?.cancel();
    this.#surroundings.volume.orders.close(this);
    this.#surroundings.volume.reports.close(this.#reportsEnd);
  }

  /** An order may be there: `read` ends as soon as a whole line is. */
  readable(): void {
    if (this.#wait?.for !== 'order') return;
    this.#surroundings.process.deliver(0, () => {
      if (this.#wait?.for !== 'order') return;
      const line = this.#surroundings.volume.orders.readLine();
      if (line !== undefined) this.#advance(line);
    });
  }

  get #now(): number {
    return Math.floor(this.#surroundings.process.node.uptime / 10);
  }

  #report(...words: (string | number)[]): void {
    this.#surroundings.volume.reports.write(`${words.join(' ')} ;\n`);
  }

  /** Something has changed that the loop looks at after its next time-out. */
  #poke(): void {
    if (this.#wait?.for === 'order') this.#wakeAfter(0);
  }

  /** Has `read` time out at the first of its polls that is due no sooner than this. */
  #wakeAfter(delay: Milliseconds): void {
    const { process } = this.#surroundings;
    const now = process.node.uptime;
    const polls = Math.max(1, Math.ceil((now + delay - this.#readingSince) / POLL));
    const at = this.#readingSince + polls * POLL;
    if (at >= this.#wakeAt) return;
    this.#wakeUp?.cancel();
    this.#wakeAt = at;
    this.#wakeUp = process.setTimer(at - now, () => {
      if (this.#wait?.for === 'order') this.#advance(undefined);
    });
  }

  #advance(input: string | undefined): void {
    this.#wakeUp?.cancel();
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#wait = undefined;
    const { done, value } = this.#script.next(input);
    if (done) return;
    this.#wait = value;
    const { process } = this.#surroundings;
    switch (value.for) {
      case 'order': {
        this.#readingSince = process.node.uptime;
        this.readable();
        // Polls that would find nothing to do are left out.
        if (this.daemon !== undefined) this.#wakeAfter(this.deadline * 10 - process.node.uptime);
        if (this.#preflightProcess) this.#wakeAfter(this.#preflightEnds * 10 - process.node.uptime);
        const ended = this.daemon?.alive === false || this.#preflightProcess?.alive === false;
        if (ended || this.#terminating) this.#wakeAfter(0);
        return;
      }
      case 'end':
        if (!value.of.alive) process.deliver(0, () => this.#advance(undefined));
        return;
      case 'pause':
        process.setTimer(10, () => this.#advance(undefined));
    }
  }

  /** A child has ended: `wait` returns, or the loop finds it at its next look. */
  #childEnded(child: Child): void {
    if (this.#wait?.for === 'end' && this.#wait.of === child) {
      this.#surroundings.process.deliver(0, () => this.#advance(undefined));
    } else this.#poke();
  }

  *#main(): Generator<Wait, void, string | undefined> {
    this.#report('hello', this.#surroundings.id);
    this.#startPreflight();
    for (;;) {
      const order: string | undefined = yield { for: 'order' };
      const now = this.#now;
      if (this.daemon && !this.daemon.alive) yield* this.#reapDaemon();
      if (this.daemon && now >= this.deadline) yield* this.#killDaemon();
      if (order !== undefined) {
        const words = order.split(/\s+/).filter((word) => word !== '');
        if (words.length >= 4) yield* this.#obey(words);
      }
      if (this.#preflightProcess) {
        if (!this.#preflightProcess.alive) yield* this.#endPreflight();
        else if (now >= this.#preflightEnds) yield* this.#endPreflight('the pre-flight took longer than 60 s');
      }
      if (this.#terminating) {
        yield* this.#terminate();
        return;
      }
    }
  }

  *#reapDaemon(): Generator<Wait, void, string | undefined> {
    const { daemon } = this;
    if (!daemon) return;
    if (daemon.alive) yield { for: 'end', of: daemon };
    this.#lastCode = daemon.code;
    this.#report('exited', this.#surroundings.id, this.#startedBy, daemon.code);
    this.daemon = undefined;
  }

  *#killDaemon(): Generator<Wait, void, string | undefined> {
    if (!this.daemon) return;
    this.daemon.kill();
    yield* this.#reapDaemon();
  }

  #startPreflight(): void {
    const child = this.#surroundings.startPreflight();
    child.onEnd = () => this.#childEnded(child);
    this.#preflightProcess = child;
    this.#preflightEnds = this.#now + PREFLIGHT_CENTISECONDS;
  }

  *#endPreflight(why = ''): Generator<Wait, void, string | undefined> {
    const child = this.#preflightProcess;
    if (!child) return;
    if (why !== '') child.kill();
    if (child.alive) yield { for: 'end', of: child };
    this.#preflightProcess = undefined;
    const problem = why || this.#surroundings.preflightProblem();
    this.#preflight = problem === undefined ? 'passed' : 'failed';
    const text = problem === undefined ? '-' : Buffer.from(problem).toString('base64');
    this.#report('preflight', this.#surroundings.id, this.#preflight, text);
  }

  *#obey(words: string[]): Generator<Wait, void, string | undefined> {
    const { id } = this.#surroundings;
    const [verb, guard, sequenceWord = ''] = words;
    if (words.at(-1) !== ';' || !isNumber(sequenceWord)) return;
    const sequence = Number(sequenceWord);
    if (verb === 'state?') {
      const what = this.daemon ? 'running' : 'idle';
      const { deadline } = this;
      this.#report('state', id, sequence, what, this.#startedBy, this.#term, this.#claim, deadline, this.#preflight);
      return;
    }
    if (guard !== id || sequence <= this.#lastSequence) return;
    this.#lastSequence = sequence;
    if (verb === 'start') yield* this.#start(words, sequence);
    else if (verb === 'extend') this.#extend(words, sequence);
    else if (verb === 'stop') {
      yield* this.#killDaemon();
      this.#report('stopped', id, sequence, 'ordered');
    }
  }

  *#start(words: string[], sequence: number): Generator<Wait, void, string | undefined> {
    const { id } = this.#surroundings;
    const [, , , term = '', claim = '', deadline = '', argument = '-'] = words;
    if (words.length !== 8 || !isNumber(term) || !isNumber(deadline)) return;
    if (this.daemon) this.#report('running', id, this.#startedBy);
    else if (this.#terminating || this.#now >= Number(deadline)) this.#report('stopped', id, sequence, 'late');
    else {
      yield* this.#endPreflight('the daemon was started before the pre-flight had ended');
      Object.assign(this, { deadline: Number(deadline) });
      this.#term = Number(term);
      this.#claim = claim;
      this.#startedBy = sequence;
      const child = this.#surroundings.startDaemon(argument, { term: this.#term, claim });
      child.onEnd = () => this.#childEnded(child);
      this.daemon = child;
      this.#report('running', id, sequence);
    }
  }

  #extend(words: string[], sequence: number): void {
    const { id } = this.#surroundings;
    const [, , , term = '', claim = '', deadline = ''] = words;
    if (words.length !== 7 || !isNumber(term) || !isNumber(deadline)) return;
    if (!this.daemon) this.#report('stopped', id, sequence, 'idle');
    else {
      this.#term = Number(term);
      this.#claim = claim;
      this.deadline = Math.max(this.deadline, Number(deadline));
      this.#report('extended', id, sequence);
    }
  }

  *#terminate(): Generator<Wait, void, string | undefined> {
    this.#report('terminating', this.#surroundings.id);
    yield* this.#endPreflight('terminated');
    const { daemon } = this;
    if (daemon) {
      const limit = this.#now + 100;
      daemon.terminate();
      while (daemon.alive && this.#now < limit && this.#now < this.deadline) yield { for: 'pause' };
      daemon.kill();
      yield* this.#reapDaemon();
    }
    this.#surroundings.exit(this.#lastCode);
  }
}

const isNumber = (word: string): boolean => /^[0-9]+$/.test(word);
