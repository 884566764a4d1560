import type { Clock, Milliseconds } from './clock.ts';

/** Lets through a burst at once and, in the long run, one per period. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #period: Milliseconds;
  #tokens: number;
  #filledAt: Milliseconds;

  constructor(clock: Clock, burst: number, period: Milliseconds) {
    this.#clock = clock;
    this.#burst = burst;
    this.#period = period;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** Takes a token. @returns false when there is none */
  take(): boolean {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) / this.#period);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
