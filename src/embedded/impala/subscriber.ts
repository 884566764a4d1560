import type { Milliseconds } from '../../kube/clock.ts';
import type { Random } from '../../kube/random.ts';
import type { VirtualProcess } from '../node/virtual-process.ts';
import type { DaemonProcess } from './daemon-process.ts';
import type { NetworkNode, ServiceNetwork } from './service-network.ts';
import type { Statestored } from './statestored.ts';

/** The flags of the operator: T, R and I. */
export const TIMES = { timeout: 5_000, rpcTimeout: 2_000, retryInterval: 1_000 } as const;
/** SLEEP_INTERVAL_MS of statestore-subscriber.cc: how often it looks whether heartbeats have stopped. */
const POLL: Milliseconds = 5_000;
const ATTEMPTS = 10;

interface SubscriberParts {
  readonly name: string;
  readonly process: VirtualProcess;
  readonly host: NetworkNode;
  /** The statestored's Service, as `<namespace>/<name>`. */
  readonly service: string;
  readonly random: Random;
  readonly network: ServiceNetwork;
  readonly statestoredOf: (daemon: DaemonProcess) => Statestored | undefined;
  /** The process behind it, of a catalogd. */
  readonly catalogd?: DaemonProcess;
  readonly onRegistered?: (subscriber: Subscriber) => void;
}

/**
 * A statestore subscriber (impalad, catalogd) outside of Impala's own HA: it registers once, believes every heartbeat
 * that bears its registration's id, and looks every five seconds whether they have stopped for longer than T. Then it
 * registers again: over its old connection first, which a dead process has closed and a lost node has not.
 */
export class Subscriber {
  readonly name: string;
  readonly process: VirtualProcess;
  readonly host: NetworkNode;
  readonly catalogd: DaemonProcess | undefined;
  /** The catalogd that the statestored has told it of. */
  knownCatalogd: DaemonProcess | undefined;
  registeredWith: Statestored | undefined;
  readonly #parts: SubscriberParts;
  #registration: string | undefined;
  #lastHeartbeat: Milliseconds = 0;
  /** The connection that is kept. */
  #connection: DaemonProcess | undefined;
  #recovering = true;

  constructor(parts: SubscriberParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.process = parts.process;
    this.host = parts.host;
    this.catalogd = parts.catalogd;
    this.#attempt(1);
    this.process.setTimer(parts.random() * POLL, () => this.#look());
  }

  /** Whether it is registered, as far as it knows. */
  get connected(): boolean {
    return !this.#recovering;
  }

  /** A heartbeat is taken from whoever knows the registration. */
  heartbeat(registration: string, catalogd: DaemonProcess | undefined): void {
    if (this.#registration !== registration) return;
    this.#lastHeartbeat = this.process.clock.now();
    this.knownCatalogd = catalogd;
  }

  #look(): void {
    this.process.setTimer(POLL, () => this.#look());
    if (this.#recovering || this.process.clock.now() - this.#lastHeartbeat <= TIMES.timeout) return;
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
    this.#lastHeartbeat = this.process.clock.now();
    this.#recovering = false;
    this.#parts.onRegistered?.(this);
  }

  #dial(): Statestored | 'silence' | 'refused' {
    const { network, statestoredOf, service } = this.#parts;
    const kept = this.#connection;
    if (kept !== undefined) {
      const silent = !network.reaches(this.host, kept.identity.host) || (kept.alive && !kept.responsive);
      const old = kept.alive && !silent ? statestoredOf(kept) : undefined;
      if (old !== undefined) return old;
      // Closed by the death of the process: opened anew at once.
      this.#connection = undefined;
      if (silent) return 'silence';
    }
    const dialled = network.dial(this.host, service);
    if (dialled.kind !== 'connected') return dialled.kind;
    return statestoredOf(dialled.daemon) ?? 'refused';
  }
}
