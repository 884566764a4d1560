import type { Clock, Milliseconds, Timer } from '../../kube/clock.ts';

/** A process as the programs in it know it: it runs code only while it lives and is not stopped. */
export interface GuestProcess {
  /** The machine's: milliseconds since its start. */
  readonly node: { readonly uptime: Milliseconds };
  readonly clock: Clock;
  readonly alive: boolean;
  /** Alive and not stopped. */
  readonly running: boolean;
  /** Calls back when the time has passed and the process runs. */
  setTimer(delay: Milliseconds, callback: () => void): Timer;
  /** Something reaches the process from outside, after that long. */
  deliver(delay: Milliseconds, callback: () => void): void;
}
