import type { Milliseconds } from './clock.ts';
import type { Random } from './random.ts';

/** A wait that doubles with each failure in a row, up to a maximum. */
export interface Backoff {
  /** The longest wait after the first failure. */
  readonly initial: Milliseconds;
  readonly maximum: Milliseconds;
}

/** The longest wait after that many failures in a row (1 is the first). */
export function ceiling(backoff: Backoff, failures: number): Milliseconds {
  // The exponent is bounded because 2 ** 1024 is Infinity, which no timer takes.
  return Math.min(backoff.maximum, backoff.initial * 2 ** Math.min(failures - 1, 40));
}

/** A wait anywhere between nothing and the ceiling: spreads out many clients that failed at the same moment. */
export function fullJitter(backoff: Backoff, failures: number, random: Random): Milliseconds {
  return random() * ceiling(backoff, failures);
}

/** A wait between half the ceiling and the ceiling: spread out too, but never a retry at once. */
export function equalJitter(backoff: Backoff, failures: number, random: Random): Milliseconds {
  return ((1 + random()) / 2) * ceiling(backoff, failures);
}
