import type { GuardLink, GuardListener } from '../../agent/guard/guard-link.ts';
import { decodeReport, encodeOrder, type Order } from '../../agent/guard/message.ts';
import type { GuestProcess } from '../node/guest-process.ts';
import type { FifoReader, PodVolume } from './pod-volume.ts';

export interface LinkObserver {
  /** Told before an order leaves: may pause or kill the agent. */
  sending(order: Order): void;
  sent(line: string): void;
}

/** The three FIFOs as the agent's FifoGuardLink uses them, on the model of a volume. */
export class VirtualGuardLink implements GuardLink {
  readonly #volume: PodVolume;
  readonly #process: GuestProcess;
  readonly #observer: LinkObserver;
  readonly #reports: FifoReader = { readable: () => this.#look(() => this.#readReports()) };
  readonly #lifeline: FifoReader = { readable: () => this.#look(() => this.#readLifeline()) };
  #listener: GuardListener | undefined;
  #partial = '';
  #sequence = 0;
  #reportsHadWriter = false;
  #lifelineHadWriter = false;

  constructor(volume: PodVolume, process: GuestProcess, observer: LinkObserver) {
    this.#volume = volume;
    this.#process = process;
    this.#observer = observer;
  }

  listen(listener: GuardListener): void {
    this.#listener = listener;
    this.#volume.reports.openToRead(this.#reports);
    this.#volume.lifeline.openToRead(this.#lifeline);
    this.#reportsHadWriter = this.#volume.reports.hasWriter;
    this.#lifelineHadWriter = this.#volume.lifeline.hasWriter;
    this.#reports.readable();
  }

  /** The process is gone, with its descriptors. */
  died(): void {
    this.#listener = undefined;
    this.#volume.reports.close(this.#reports);
    this.#volume.lifeline.close(this.#lifeline);
  }

  send(order: Order): boolean {
    this.#observer.sending(order);
    const line = encodeOrder(order);
    if (!this.#process.running) {
      // Stopped between the decision and the write.
      this.#process.deliver(0, () => void this.#write(line));
      return true;
    }
    return this.#write(line);
  }

  #write(line: string): boolean {
    this.#observer.sent(line);
    return this.#volume.orders.write(line);
  }

  lifelineHeld(): boolean {
    return this.#volume.lifeline.hasWriter;
  }

  nextSequence(): number {
    this.#sequence = Math.max(this.#sequence + 1, Math.floor(this.#process.clock.now()));
    return this.#sequence;
  }

  /** A descriptor is readable: the event loop comes to it when the process runs. */
  #look(read: () => void): void {
    if (this.#volume.reports.hasWriter) this.#reportsHadWriter = true;
    if (this.#volume.lifeline.hasWriter) this.#lifelineHadWriter = true;
    this.#process.deliver(0.2, read);
  }

  #readReports(): void {
    if (this.#listener === undefined) return;
    const lines = (this.#partial + this.#volume.reports.readAll()).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) {
      const report = decodeReport(line);
      if (report) this.#listener?.reported(report);
    }
    if (this.#volume.reports.hasWriter || !this.#reportsHadWriter) return;
    this.#reportsHadWriter = false;
    this.#partial = '';
    this.#listener?.reportsClosed();
  }

  #readLifeline(): void {
    if (this.#listener === undefined || this.#volume.lifeline.hasWriter || !this.#lifelineHadWriter) return;
    this.#lifelineHadWriter = false;
    this.#listener.lifelineEnded();
  }
}
