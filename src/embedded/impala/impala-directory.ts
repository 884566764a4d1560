import type { DaemonProcess } from './daemon-process.ts';
import type { VirtualProcess } from '../node/virtual-process.ts';
import type { Statestored } from './statestored.ts';
import type { Subscriber } from './subscriber.ts';

export type VirtualStatestored = Statestored<DaemonProcess, VirtualProcess>;
export type VirtualSubscriber = Subscriber<DaemonProcess, VirtualProcess>;

/** Who is who among the modelled daemons. */
export class ImpalaDirectory {
  readonly #statestoreds = new Map<DaemonProcess, VirtualStatestored>();
  readonly #subscribers = new Map<string, VirtualSubscriber>();
  /** Told of each registration. */
  onRegistered: (subscriber: VirtualSubscriber) => void = () => undefined;

  addStatestored(statestored: VirtualStatestored): void {
    const { daemon } = statestored;
    this.#statestoreds.set(daemon, statestored);
    daemon.onDeath.push(() => this.#statestoreds.delete(daemon));
  }

  statestoredOf(daemon: DaemonProcess): VirtualStatestored | undefined {
    return this.#statestoreds.get(daemon);
  }

  /** @param key its namespace and pod */
  addSubscriber(key: string, subscriber: VirtualSubscriber): void {
    this.#subscribers.set(key, subscriber);
    subscriber.process.death.addEventListener('abort', () => {
      if (this.#subscribers.get(key) === subscriber) this.#subscribers.delete(key);
    });
  }

  subscriberOf(key: string): VirtualSubscriber | undefined {
    return this.#subscribers.get(key);
  }
}
