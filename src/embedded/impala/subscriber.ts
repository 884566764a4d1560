import type { Clock, Milliseconds } from '../../kube/clock.ts';
import type { Statestored } from './statestored.ts';

/** The flags of the operator: T, R and I. */
export const TIMES = { timeout: 5_000, rpcTimeout: 2_000, retryInterval: 1_000 } as const;
/** SLEEP_INTERVAL_MS of statestore-subscriber.cc: how often it looks whether heartbeats have stopped. */
export const SUBSCRIBER_POLL: Milliseconds = 5_000;
const ATTEMPTS = 10;

/** The process of a subscriber, as far as it matters here. Its timers end with it, and wait while it is stopped. */
export interface SubscriberProcess {
  /** Alive, and not stopped. */
  readonly running: boolean;
  readonly clock: Pick<Clock, 'now'>;
  setTimer(delay: Milliseconds, callback: () => void): void;
}

/** What came of a connection. */
export type Dialled<Daemon> =
  | { readonly kind: 'connected'; readonly daemon: Daemon }
  /** Nobody listens there: said at once. */
  | { readonly kind: 'refused' }
  /** Nobody says anything. */
  | { readonly kind: 'silence' };

/** The network as one subscriber sees it. */
export interface SubscriberNetwork<Daemon> {
  /** Opens a connection to the statestored's Service. */
  dial(): Dialled<Daemon>;
  /** What becomes of a question on a connection that was opened before: a process that has died has closed it. */
  ask(daemon: Daemon): 'answered' | 'closed' | 'silence';
  /** Whether a daemon's packets arrive. */
  hears(daemon: Daemon): boolean;
}

export interface SubscriberParts<Daemon, Process extends SubscriberProcess> {
  readonly name: string;
  readonly process: Process;
  readonly network: SubscriberNetwork<Daemon>;
  /** When it looks for the first time. */
  readonly phase: () => Milliseconds;
  readonly statestoredOf: (daemon: Daemon) => Statestored<Daemon, Process> | undefined;
  /** The process behind it, of a catalogd. */
  readonly catalogd?: Daemon;
  readonly onRegistered: (subscriber: Subscriber<Daemon, Process>) => void;
}

/**
 * A statestore subscriber (impalad, catalogd) outside of Impala's own HA: it registers once, believes every heartbeat
 * that bears its registration's id, and looks every five seconds whether they have stopped for longer than T. Then it
 * registers again: over its old connection first, which a dead process has closed and a lost node has not.
 */
export class Subscriber<Daemon, Process extends SubscriberProcess> {
  readonly name: string;
  readonly process: Process;
  readonly catalogd: Daemon | undefined;
  /** The catalogd that the statestored has told it of. */
  knownCatalogd: Daemon | undefined;
  registeredWith: Statestored<Daemon, Process> | undefined;
  readonly #parts: SubscriberParts<Daemon, Process>;
  #registration: string | undefined;
  #lastHeartbeat: Milliseconds = 0;
  /** The connection that is kept. */
  #connection: Daemon | undefined;
  #recovering = true;

  constructor(parts: SubscriberParts<Daemon, Process>) {
    this.#parts = parts;
    this.name = parts.name;
    this.process = parts.process;
    this.catalogd = parts.catalogd;
    this.#attempt(1);
    this.process.setTimer(parts.phase(), () => this.#look());
  }

  /** Whether it is registered, as far as it knows. */
  get connected(): boolean {
    return !this.#recovering;
  }

  /** Whether packets of this daemon arrive here. */
  hears(daemon: Daemon): boolean {
    return this.#parts.network.hears(daemon);
  }

  /** A heartbeat is taken from whoever knows the registration. */
  heartbeat(registration: string, catalogd: Daemon | undefined): void {
    if (this.#registration !== registration) return;
    this.#lastHeartbeat = this.process.clock.now();
    this.knownCatalogd = catalogd;
  }

  #look(): void {
    this.process.setTimer(SUBSCRIBER_POLL, () => this.#look());
    if (this.#recovering || this.process.clock.now() - this.#lastHeartbeat <= TIMES.timeout) return;
    this.#recovering = true;
    this.#attempt(1);
  }

  #attempt(number: number): void {
    const answer = this.#reach();
    if (answer === 'silence' || answer === 'refused') {
      const pause = number >= ATTEMPTS ? SUBSCRIBER_POLL : TIMES.retryInterval;
      const wait = (answer === 'silence' ? TIMES.rpcTimeout : 0) + pause;
      this.process.setTimer(wait, () => this.#attempt(number >= ATTEMPTS ? 1 : number + 1));
      return;
    }
    this.#registration = answer.register(this);
    this.#connection = answer.daemon;
    this.registeredWith = answer;
    this.#lastHeartbeat = this.process.clock.now();
    this.#recovering = false;
    this.#parts.onRegistered(this);
  }

  #reach(): Statestored<Daemon, Process> | 'silence' | 'refused' {
    const { network, statestoredOf } = this.#parts;
    const kept = this.#connection;
    if (kept !== undefined) {
      const outcome = network.ask(kept);
      const old = outcome === 'answered' ? statestoredOf(kept) : undefined;
      if (old !== undefined) return old;
      this.#connection = undefined;
      if (outcome === 'silence') return 'silence';
      // Closed by the death of the process: opened anew at once.
    }
    const dialled = network.dial();
    if (dialled.kind !== 'connected') return dialled.kind;
    return statestoredOf(dialled.daemon) ?? 'refused';
  }
}
