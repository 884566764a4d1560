/** Milliseconds on a clock that only ever advances; meaningful only as a difference to another reading of the same clock. */
export type Milliseconds = number;

/** A timer that has been set and can be taken back. */
export interface Timer {
  /** Takes the timer back; does nothing when it has fired already. */
  cancel(): void;
}

/**
 * Where time comes from. Everything that waits or measures takes one, so that the same code runs in real time and under
 * the virtual clock of a simulation.
 */
export interface Clock {
  /** The monotonic clock that every deadline is counted on. */
  now(): Milliseconds;
  /** The wall clock: for timestamps that people and other programs read, never for a decision. */
  date(): Date;
  /** Calls back once, at the earliest after that many milliseconds. */
  setTimer(delay: Milliseconds, callback: () => void): Timer;
}

/**
 * Waits on a clock.
 * @param signal ends the wait early, without an error: whoever waits looks at the signal next anyway
 */
export function sleep(clock: Clock, delay: Milliseconds, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(delay, done);
    signal?.addEventListener('abort', done);
  });
}

/** Real time, by the process's own monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  setTimer: (delay, callback) => {
    const handle = setTimeout(callback, delay);
    return { cancel: () => clearTimeout(handle) };
  },
};
