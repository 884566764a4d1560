import type { Clock, Milliseconds } from '../../kube/clock.ts';
import { TokenBucket } from '../../kube/token-bucket.ts';

/** Connections that an address may begin at once, and after how long one more. */
const BURST = 16;
const PERIOD: Milliseconds = 500;
/** Addresses that are remembered; the one that came first is forgotten first. */
const ADDRESSES = 64;

/** How many connections of which it is not known yet who they are may be open, from one address and in all. */
const STRANGERS_OF_ONE = 2;
const STRANGERS = 8;

/** What can be closed. */
export interface Closable {
  destroy(): void;
}

/**
 * Who may begin a connection: as many as the peer needs, however many others knock. One address, whatever it does, does
 * not keep another out; nor does a crowd for long, because of those that have not yet shown who they are the oldest has
 * to go.
 */
export class Admission {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #strangers = new Map<Closable, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns false for a connection that is to be closed at once; any other is a stranger until it is known, or left */
  admit(connection: Closable, address: string): boolean {
    const open = [...this.#strangers.values()].filter((other) => other === address).length;
    if (!this.#bucketOf(address).take() || open >= STRANGERS_OF_ONE) return false;
    this.#strangers.set(connection, address);
    if (this.#strangers.size > STRANGERS) {
      const [oldest] = this.#strangers.keys();
      if (oldest !== undefined) {
        this.left(oldest);
        oldest.destroy();
      }
    }
    return true;
  }

  /** It has closed, or is no stranger any longer. */
  left(connection: Closable): void {
    this.#strangers.delete(connection);
  }

  #bucketOf(address: string): TokenBucket {
    const known = this.#buckets.get(address);
    if (known !== undefined) return known;
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= ADDRESSES && oldest !== undefined) this.#buckets.delete(oldest);
    const bucket = new TokenBucket(this.#clock, BURST, PERIOD);
    this.#buckets.set(address, bucket);
    return bucket;
  }
}
