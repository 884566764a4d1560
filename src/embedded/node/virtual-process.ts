import type { Clock, Milliseconds, Timer } from '../../kube/clock.ts';
import type { GuestProcess } from './guest-process.ts';

/**
 * A process on a virtual node, inside this very process: code of its own, which runs only while it lives and is not
 * stopped. What becomes due while it is stopped waits until it goes on.
 */
export class VirtualProcess implements GuestProcess {
  readonly clock: Clock;
  readonly #host: Clock;
  readonly #death = new AbortController();
  #stopped = false;
  #waiting: (() => void)[] = [];

  constructor(host: Clock) {
    this.#host = host;
    this.clock = {
      // In steps of 10 ms, always the earlier one, as /proc/uptime.
      now: () => Math.floor(host.now() / 10) * 10,
      date: () => host.date(),
      setTimer: (delay, callback) => this.setTimer(delay, callback),
    };
  }

  get node(): { readonly uptime: Milliseconds } {
    return { uptime: this.#host.now() };
  }

  get alive(): boolean {
    return !this.#death.signal.aborted;
  }

  get running(): boolean {
    return this.alive && !this.#stopped;
  }

  /** Aborted when it dies: what it had open at others is closed by that. */
  get death(): AbortSignal {
    return this.#death.signal;
  }

  setTimer(delay: Milliseconds, callback: () => void): Timer {
    let cancelled = false;
    const timer = this.#host.setTimer(Math.max(0, delay), () => this.#enter(() => cancelled || callback()));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  deliver(delay: Milliseconds, callback: () => void): void {
    this.#host.setTimer(delay, () => this.#enter(callback));
  }

  /** An answer from outside: it comes when the process runs, and never once it is dead. */
  receive<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.#enter(() => resolve(value)),
        (error: Error) => this.#enter(() => reject(error)),
      );
    });
  }

  /** SIGSTOP */
  stop(): void {
    this.#stopped = true;
  }

  /** SIGCONT */
  proceed(): void {
    this.#stopped = false;
    for (const callback of this.#waiting.splice(0)) this.deliver(0, callback);
  }

  kill(): void {
    this.#waiting = [];
    this.#death.abort();
  }

  #enter(callback: () => void): void {
    if (!this.alive) return;
    if (this.#stopped) this.#waiting.push(callback);
    else callback();
  }
}
