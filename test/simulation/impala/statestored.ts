import type { ClusterNetwork } from './cluster-network.ts';
import type { DaemonProcess } from './daemon-process.ts';
import type { Subscriber } from './subscriber.ts';

const HEARTBEAT_PERIOD = 1_000;
const MOST_MISSED_HEARTBEATS = 10;

interface Registration {
  readonly subscriber: Subscriber;
  readonly id: string;
  missed: number;
}

/**
 * As much of a statestored as registrations take: it accepts anybody at once, sends a heartbeat every second, forgets who
 * has missed ten, and tells coordinators of each catalogd that registers. A new process knows nobody.
 */
export class Statestored {
  readonly daemon: DaemonProcess;
  readonly #network: ClusterNetwork;
  readonly #registrations = new Map<string, Registration>();
  #numbers = 0;
  /** The catalogd that registered last. */
  #catalogd: DaemonProcess | undefined;

  constructor(daemon: DaemonProcess, network: ClusterNetwork) {
    this.daemon = daemon;
    this.#network = network;
    this.#beat();
  }

  /** @returns the registration's id */
  register(subscriber: Subscriber): string {
    const id = `${this.daemon.claim}#${++this.#numbers}`;
    // The same name again is the same subscriber: its old record goes first.
    this.#registrations.set(subscriber.name, { subscriber, id, missed: 0 });
    if (subscriber.catalogd) this.#catalogd = subscriber.catalogd;
    return id;
  }

  isRegistered(subscriber: Subscriber): boolean {
    return this.#registrations.get(subscriber.name)?.subscriber === subscriber;
  }

  #beat(): void {
    for (const registration of [...this.#registrations.values()]) {
      const { subscriber, id } = registration;
      const answers =
        subscriber.process.running && this.#network.reaches(this.daemon.process.node, subscriber.process.node);
      registration.missed = answers ? 0 : registration.missed + 1;
      if (answers) subscriber.heartbeat(id, this.#catalogd);
      if (registration.missed > MOST_MISSED_HEARTBEATS) this.#registrations.delete(subscriber.name);
    }
    this.daemon.process.setTimer(HEARTBEAT_PERIOD, () => this.#beat());
  }
}
