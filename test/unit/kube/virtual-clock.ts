import type { Clock, Milliseconds, Timer } from '../../../src/kube/clock.ts';

interface PendingTimer {
  readonly due: Milliseconds;
  /** Timers of the same moment fire in the order in which they were set. */
  readonly order: number;
  readonly callback: () => void;
}

/** More timers than this without the time moving is a loop without a wait, which would hang the test. */
const FIRINGS_WITHOUT_PROGRESS = 10_000;

/**
 * A clock that stands still until a test moves it. Hours pass in microseconds, and always in the same order:
 *
 *     const clock = new VirtualClock();
 *     const waiting = sleep(clock, 5_000);
 *     await clock.advance(5_000);   // fires every timer on the way, each followed by all that its promises lead to
 *     await waiting;
 *
 * The wall clock moves along with it, from `epoch` on; `stepWallClock` moves the wall clock alone, as NTP does.
 * It does not wait for real I/O: use it with fakes, not with sockets.
 */
export class VirtualClock implements Clock {
  #now: Milliseconds;
  #wallOffset: Milliseconds;
  #order = 0;
  readonly #timers = new Set<PendingTimer>();

  /** @param start what `now()` begins with: not zero, so that a reading mistaken for a duration shows */
  constructor(start: Milliseconds = 1_000_000, epoch: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#now = start;
    this.#wallOffset = epoch.getTime() - start;
  }

  now(): Milliseconds {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#now + this.#wallOffset);
  }

  setTimer(delay: Milliseconds, callback: () => void): Timer {
    const timer = { due: this.#now + Math.max(0, delay), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** How many timers are set: zero at the end of a test shows that nothing was left behind. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** How long until the next timer, or nothing when none is set. */
  get untilNextTimer(): Milliseconds | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.due - this.#now;
  }

  /** Moves the wall clock alone: no timer and no `now()` may notice. */
  stepWallClock(by: Milliseconds): void {
    this.#wallOffset += by;
  }

  /** Lets everything happen that needs no time. */
  flush(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Moves the time, firing every timer on the way at its own moment. */
  async advance(by: Milliseconds): Promise<void> {
    const target = this.#now + by;
    await this.flush();
    let firings = 0;
    for (let timer = this.#next(); timer !== undefined && timer.due <= target; timer = this.#next()) {
      firings = timer.due > this.#now ? 0 : firings + 1;
      if (firings > FIRINGS_WITHOUT_PROGRESS) throw new Error('timers are set again and again without a delay');
      this.#now = timer.due;
      this.#timers.delete(timer);
      timer.callback();
      await this.flush();
    }
    this.#now = target;
  }

  /**
   * Moves the time from timer to timer until the promise is settled, and returns its result or throws its error.
   * @throws Error when it is not settled within the limit, or no timer is left that could settle it
   */
  async settle<T>(promise: Promise<T>, limit: Milliseconds = 3_600_000): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    promise.then(done, done);
    const end = this.#now + limit;
    await this.flush();
    while (!settled) {
      const next = this.#next();
      if (next === undefined) throw new Error('the promise is not settled, and no timer is set that could settle it');
      if (next.due > end) throw new Error(`the promise is not settled after ${limit} ms`);
      await this.advance(next.due - this.#now);
    }
    return promise;
  }

  #next(): PendingTimer | undefined {
    let first: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
