import type { Clock, Milliseconds } from '../kube/clock.ts';

/** More than the operator is ever without an answer or news while all is well: its own Lease changes every 2 s. */
const LONGEST_PAUSE: Milliseconds = 10_000;

/** Knows for how long the API server has answered without a break, as far as this process can tell. */
export class ApiContact {
  readonly #clock: Clock;
  #since: Milliseconds | undefined;
  #last: Milliseconds;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = clock.now();
  }

  /** The API server has answered, or told of something. */
  note(): void {
    const now = this.#clock.now();
    if (this.#since === undefined || now - this.#last > LONGEST_PAUSE) this.#since = now;
    this.#last = now;
  }

  /** For how long it has: 0 when it does not answer now, or never did. */
  unbrokenFor(): Milliseconds {
    const now = this.#clock.now();
    return this.#since === undefined || now - this.#last > LONGEST_PAUSE ? 0 : now - this.#since;
  }
}
