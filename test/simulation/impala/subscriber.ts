import type { Milliseconds } from '../../../src/kube/clock.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { SimulatedProcess } from '../engine/simulated-process.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import type { DaemonProcess } from './daemon-process.ts';
import type { Statestored } from './statestored.ts';

/** The flags of the operator: T, R and I. */
export const TIMES = { timeout: 5_000, rpcTimeout: 2_000, retryInterval: 1_000 } as const;
/** SLEEP_INTERVAL_MS of statestore-subscriber.cc: how often it looks whether heartbeats have stopped. */
const POLL: Milliseconds = 5_000;
const ATTEMPTS = 10;

/**
 * A statestore subscriber (impalad, catalogd) outside of Impala's own HA: it registers once, believes every heartbeat
 * that bears its registration's id, and looks every five seconds whether they have stopped for longer than T. Then it
 * registers again: over its old connection first, which a dead process has closed and a lost node has not.
 */
export class Subscriber {
  readonly name: string;
  readonly process: SimulatedProcess;
  /** The process behind it, of a catalogd. */
  readonly catalogd: DaemonProcess | undefined;
  /** The catalogd that the statestored has told it of. */
  knownCatalogd: DaemonProcess | undefined;
  registeredWith: Statestored | undefined;
  registeredAt = 0;
  readonly #network: ClusterNetwork;
  readonly #statestoredOf: (daemon: DaemonProcess) => Statestored | undefined;
  readonly #onRegistered: (subscriber: Subscriber) => void;
  #registration: string | undefined;
  #lastHeartbeat: Milliseconds = 0;
  /** The connection that is kept. */
  #connection: DaemonProcess | undefined;

  constructor(parts: {
    name: string;
    process: SimulatedProcess;
    random: SeededRandom;
    network: ClusterNetwork;
    catalogd?: DaemonProcess;
    statestoredOf: (daemon: DaemonProcess) => Statestored | undefined;
    onRegistered: (subscriber: Subscriber) => void;
  }) {
    this.name = parts.name;
    this.process = parts.process;
    this.catalogd = parts.catalogd;
    this.#network = parts.network;
    this.#statestoredOf = parts.statestoredOf;
    this.#onRegistered = parts.onRegistered;
    this.#attempt(1);
    this.process.setTimer(parts.random.between(1, POLL), () => this.#look());
  }

  /** A heartbeat is taken from whoever knows the registration; while there is none, from anybody. */
  heartbeat(registration: string, catalogd: DaemonProcess | undefined): void {
    if (this.#registration !== registration) return;
    this.#lastHeartbeat = this.process.clock.now();
    this.knownCatalogd = catalogd;
  }

  #recovering = true;

  #look(): void {
    this.process.setTimer(POLL, () => this.#look());
    if (this.#recovering) return;
    if (this.process.clock.now() - this.#lastHeartbeat <= TIMES.timeout) return;
    this.#recovering = true;
    this.#attempt(1);
  }

  #attempt(number: number): void {
    const answer = this.#dial();
    if (answer === 'silence' || answer === 'refused') {
      const wait = (answer === 'silence' ? TIMES.rpcTimeout : 0) + (number >= ATTEMPTS ? POLL : TIMES.retryInterval);
      this.process.setTimer(wait, () => this.#attempt(number >= ATTEMPTS ? 1 : number + 1));
      return;
    }
    this.#registration = answer.register(this);
    this.#connection = answer.daemon;
    this.registeredWith = answer;
    this.registeredAt = this.process.clock.now();
    this.#lastHeartbeat = this.registeredAt;
    this.#recovering = false;
    this.#onRegistered(this);
  }

  #dial(): Statestored | 'silence' | 'refused' {
    const kept = this.#connection;
    if (kept !== undefined) {
      const there = kept.process.node;
      const silent = !there.up || there.frozen || !this.#network.reaches(this.process.node, there);
      if (silent || (kept.alive && !kept.responsive)) {
        this.#connection = undefined;
        return 'silence';
      }
      const old = kept.alive ? this.#statestoredOf(kept) : undefined;
      if (old) return old;
      // Closed by the death of the process: opened anew at once.
      this.#connection = undefined;
    }
    const dialled = this.#network.dial(this.process.node, 'statestore');
    if (dialled.kind !== 'connected') return dialled.kind;
    return this.#statestoredOf(dialled.daemon) ?? 'refused';
  }
}
