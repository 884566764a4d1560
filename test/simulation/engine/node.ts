import type { Milliseconds } from '../../../src/kube/clock.ts';
import type { Timeline } from './timeline.ts';

/** A machine: its clock, and whether it runs. */
export class SimulatedNode {
  readonly name: string;
  /** How fast its clock runs against true time. */
  readonly rate: number;
  /** False while it is switched off: nothing on it lives. */
  up = true;
  /** Counts its boots: nothing survives one. */
  boot = 1;
  readonly #timeline: Timeline;
  readonly #wallOffset: Milliseconds;
  #local: Milliseconds;
  #since: number;
  #frozen = false;
  readonly #thaws: (() => void)[] = [];

  constructor(
    name: string,
    timeline: Timeline,
    clock: { rate: number; uptime: Milliseconds; wallOffset: Milliseconds },
  ) {
    this.name = name;
    this.rate = clock.rate;
    this.#timeline = timeline;
    this.#local = clock.uptime;
    this.#since = timeline.now;
    this.#wallOffset = clock.wallOffset;
  }

  /** Its monotonic clock, /proc/uptime without the rounding. It goes on through a restart here: processes see differences only. */
  get uptime(): Milliseconds {
    return this.#frozen ? this.#local : this.#local + (this.#timeline.now - this.#since) * this.rate;
  }

  /** Of the kernel that runs. */
  get bootId(): string {
    return `${this.name}-${this.boot}`;
  }

  /** What its wall clock shows. */
  get wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#wallOffset + Math.floor(this.uptime));
  }

  /** How much true time passes until its clock has moved on by so much. */
  trueDelay(local: Milliseconds): number {
    return local / this.rate;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** The hypervisor stops the machine, with its clock. */
  freeze(): void {
    this.#local = this.uptime;
    this.#frozen = true;
  }

  thaw(): void {
    this.#since = this.#timeline.now;
    this.#frozen = false;
    for (const callback of this.#thaws.splice(0)) callback();
  }

  whenThawed(callback: () => void): void {
    this.#thaws.push(callback);
  }
}
