import type { Clock, Milliseconds, Timer } from '../../../src/kube/clock.ts';
import type { SimulatedNode } from './node.ts';
import type { Happening, Timeline } from './timeline.ts';

type Kind = 'timer' | 'message';

/**
 * A process on a node: it runs code only while it lives and is not paused. What becomes due meanwhile waits until it
 * runs again.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly node: SimulatedNode;
  readonly clock: Clock;
  readonly #timeline: Timeline;
  #alive = true;
  #pauses = 0;
  #first: Kind = 'timer';
  #waiting: { kind: Kind; callback: () => void }[] = [];

  constructor(name: string, node: SimulatedNode, timeline: Timeline) {
    this.name = name;
    this.node = node;
    this.#timeline = timeline;
    this.clock = {
      // In steps of 10 ms, always the earlier one, as the agent's boot clock.
      now: () => Math.floor(node.uptime / 10) * 10,
      date: () => node.wallTime,
      setTimer: (delay, callback) => this.setTimer(delay, callback),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  get running(): boolean {
    return this.#alive && this.#pauses === 0 && !this.node.frozen;
  }

  /** Calls back after that long on the node's clock, and not before. */
  setTimer(delay: Milliseconds, callback: () => void): Timer {
    const due = this.node.uptime + Math.max(0, delay);
    let happening: Happening;
    let cancelled = false;
    const fire = (): void => {
      if (cancelled) return;
      const left = due - this.node.uptime;
      if (this.node.frozen) this.node.whenThawed(fire);
      else if (left > 0.001) happening = this.#timeline.after(this.node.trueDelay(left), fire);
      else this.#enter('timer', () => cancelled || callback());
    };
    happening = this.#timeline.after(this.node.trueDelay(due - this.node.uptime), fire);
    return {
      cancel: () => {
        cancelled = true;
        happening.cancel();
      },
    };
  }

  /** Something reaches the process from outside, after that much true time. */
  deliver(delay: number, callback: () => void): void {
    this.#timeline.after(delay, () => this.#enter('message', callback));
  }

  /** Runs the callback as soon as the process runs. */
  #enter(kind: Kind, callback: () => void): void {
    if (!this.#alive) return;
    if (this.running) callback();
    else {
      if (this.node.frozen && this.#waiting.length === 0) this.node.whenThawed(() => this.#resumed());
      this.#waiting.push({ kind, callback });
    }
  }

  pause(): void {
    this.#pauses++;
  }

  /** @param first what the event loop comes to first: it may have been stopped anywhere in its round */
  resume(first: Kind = 'timer'): void {
    this.#pauses = Math.max(0, this.#pauses - 1);
    this.#first = first;
    this.#resumed();
  }

  #resumed(): void {
    if (!this.running) {
      if (this.#alive && this.node.frozen) this.node.whenThawed(() => this.#resumed());
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const kind of this.#first === 'timer' ? (['timer', 'message'] as const) : (['message', 'timer'] as const)) {
      for (const { callback } of waiting.filter((one) => one.kind === kind)) {
        this.#timeline.after(0, () => this.#enter(kind, callback));
      }
    }
  }

  kill(): void {
    this.#alive = false;
    this.#waiting = [];
  }
}
