import type { Milliseconds } from '../../kube/clock.ts';
import type { Subscriber, SubscriberProcess } from './subscriber.ts';

const HEARTBEAT_PERIOD: Milliseconds = 1_000;
const MOST_MISSED_HEARTBEATS = 10;

interface Registration<Daemon, Process extends SubscriberProcess> {
  readonly subscriber: Subscriber<Daemon, Process>;
  readonly id: string;
  missed: number;
}

/**
 * As much of a statestored as registrations take: it accepts anybody at once, sends a heartbeat every second, forgets who
 * has missed ten, and tells everybody of each catalogd that registers. A new process knows nobody.
 */
export class Statestored<Daemon, Process extends SubscriberProcess> {
  readonly daemon: Daemon;
  readonly #claim: string;
  readonly #process: Pick<SubscriberProcess, 'setTimer'>;
  readonly #registrations = new Map<string, Registration<Daemon, Process>>();
  #numbers = 0;
  /** The catalogd that registered last. */
  #catalogd: Daemon | undefined;

  /** @param claim of whoever started it: another one's registrations have other ids */
  constructor(daemon: Daemon, claim: string, process: Pick<SubscriberProcess, 'setTimer'>) {
    this.daemon = daemon;
    this.#claim = claim;
    this.#process = process;
    this.#beat();
  }

  /** @returns the registration's id */
  register(subscriber: Subscriber<Daemon, Process>): string {
    const id = `${this.#claim}#${++this.#numbers}`;
    // The same name again is the same subscriber: its old record goes first.
    this.#registrations.set(subscriber.name, { subscriber, id, missed: 0 });
    if (subscriber.catalogd !== undefined) this.#catalogd = subscriber.catalogd;
    return id;
  }

  #beat(): void {
    for (const registration of [...this.#registrations.values()]) {
      const { subscriber, id } = registration;
      const answers = subscriber.process.running && subscriber.hears(this.daemon);
      registration.missed = answers ? 0 : registration.missed + 1;
      if (answers) subscriber.heartbeat(id, this.#catalogd);
      if (registration.missed > MOST_MISSED_HEARTBEATS) this.#registrations.delete(subscriber.name);
    }
    this.#process.setTimer(HEARTBEAT_PERIOD, () => this.#beat());
  }
}
