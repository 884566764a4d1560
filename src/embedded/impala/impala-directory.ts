import type { DaemonProcess } from './daemon-process.ts';
import type { Statestored } from './statestored.ts';
import type { Subscriber } from './subscriber.ts';

/** Who is who among the modelled daemons. */
export class ImpalaDirectory {
  readonly #statestoreds = new Map<DaemonProcess, Statestored>();
  readonly #subscribers = new Map<string, Subscriber>();
  /** Told of each registration. */
  onRegistered: (subscriber: Subscriber) => void = () => undefined;

  addStatestored(statestored: Statestored): void {
    const { daemon } = statestored;
    this.#statestoreds.set(daemon, statestored);
    daemon.onDeath.push(() => this.#statestoreds.delete(daemon));
  }

  statestoredOf(daemon: DaemonProcess): Statestored | undefined {
    return this.#statestoreds.get(daemon);
  }

  /** @param key its namespace and pod */
  addSubscriber(key: string, subscriber: Subscriber): void {
    this.#subscribers.set(key, subscriber);
    subscriber.process.death.addEventListener('abort', () => {
      if (this.#subscribers.get(key) === subscriber) this.#subscribers.delete(key);
    });
  }

  subscriberOf(key: string): Subscriber | undefined {
    return this.#subscribers.get(key);
  }
}
