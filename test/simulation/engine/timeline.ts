/** Something that will happen, unless it is taken back. */
export interface Happening {
  readonly at: number;
  cancelled: boolean;
  cancel(): void;
}

class Entry implements Happening {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled = false;

  constructor(at: number, order: number, callback: () => void) {
    this.at = at;
    this.order = order;
    this.callback = callback;
  }

  cancel(): void {
    this.cancelled = true;
  }

  isBefore(other: Entry): boolean {
    return this.at < other.at || (this.at === other.at && this.order < other.order);
  }
}

/** More happenings than this at one moment is a loop without a wait. */
const HAPPENINGS_AT_ONCE = 20_000;

/**
 * True time, in milliseconds, which no process of the simulation can read: each sees it through the clock of its node.
 * What is due at the same moment happens in the order in which it was planned.
 */
export class Timeline {
  #now = 0;
  #order = 0;
  #heap: Entry[] = [];
  /** How many things have happened. */
  steps = 0;

  get now(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void): Happening {
    return this.at(this.#now + Math.max(0, delay), callback);
  }

  at(moment: number, callback: () => void): Happening {
    const entry = new Entry(Math.max(moment, this.#now), this.#order++, callback);
    this.#push(entry);
    return entry;
  }

  /** Waits on true time, for what belongs to no process: the network, the API server. */
  sleep(delay: number): Promise<void> {
    return new Promise((resolve) => this.after(delay, resolve));
  }

  /**
   * Lets things happen one after the other, each with all that its promises lead to.
   * @param done asked after each; true ends the run
   */
  async run(until: number, done: () => boolean): Promise<void> {
    let atOnce = 0;
    await settled();
    for (;;) {
      const entry = this.#heap[0];
      if (entry === undefined || entry.at > until) break;
      this.#pop();
      if (entry.cancelled) continue;
      atOnce = entry.at > this.#now ? 0 : atOnce + 1;
      if (atOnce > HAPPENINGS_AT_ONCE) throw new Error(`an endless loop without a wait at ${entry.at} ms`);
      this.#now = entry.at;
      this.steps++;
      entry.callback();
      await settled();
      if (done()) return;
    }
    this.#now = Math.max(this.#now, until);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !entry.isBefore(above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right?.isBefore(below)) {
        below = right;
        child++;
      }
      if (!below.isBefore(last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

/** Ends when no promise has anything left to do: the code under test waits for nothing but the timeline. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
