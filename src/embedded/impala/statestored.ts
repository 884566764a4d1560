import type { DaemonProcess } from './daemon-process.ts';
import type { ServiceNetwork } from './service-network.ts';
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
 * has missed ten, and tells everybody of each catalogd that registers. A new process knows nobody.
 */
export class Statestored {
  readonly daemon: DaemonProcess;
  readonly #network: ServiceNetwork;
  readonly #registrations = new Map<string, Registration>();
  #numbers = 0;
  /** The catalogd that registered last. */
  #catalogd: DaemonProcess | undefined;

  constructor(daemon: DaemonProcess, network: ServiceNetwork) {
    this.daemon = daemon;
    this.#network = network;
    this.#beat();
  }

  /** @returns the registration's id */
  register(subscriber: Subscriber): string {
    const id = `${this.daemon.identity.claim}#${++this.#numbers}`;
    // The same name again is the same subscriber: its old record goes first.
    this.#registrations.set(subscriber.name, { subscriber, id, missed: 0 });
    if (subscriber.catalogd !== undefined) this.#catalogd = subscriber.catalogd;
    return id;
  }

  /** Who is registered here. */
  get subscribers(): string[] {
    return [...this.#registrations.keys()];
  }

  #beat(): void {
    for (const registration of [...this.#registrations.values()]) {
      const { subscriber, id } = registration;
      const answers = subscriber.process.running && this.#network.reaches(this.daemon.identity.host, subscriber.host);
      registration.missed = answers ? 0 : registration.missed + 1;
      if (answers) subscriber.heartbeat(id, this.#catalogd);
      if (registration.missed > MOST_MISSED_HEARTBEATS) this.#registrations.delete(subscriber.name);
    }
    this.daemon.identity.process.setTimer(HEARTBEAT_PERIOD, () => this.#beat());
  }
}
