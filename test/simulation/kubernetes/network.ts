import type { SeededRandom } from '../engine/random.ts';
import type { Timeline } from '../engine/timeline.ts';

/** Whoever can be cut off: `api`, `operator`, a node (`node-1`), a node's kubelet (`kubelet node-1`), a pod's agent (`agent <pod uid>`). */
export type Party = string;

/** Who can reach whom. A cut is silence in both directions, as of a cable that is pulled: nobody is told. */
export class Network {
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #cuts = new Map<string, number>();
  readonly #healed: (() => void)[] = [];

  constructor(timeline: Timeline, random: SeededRandom) {
    this.#timeline = timeline;
    this.#random = random;
  }

  cut(one: Party, other: Party): void {
    const link = linkOf(one, other);
    this.#cuts.set(link, (this.#cuts.get(link) ?? 0) + 1);
  }

  heal(one: Party, other: Party): void {
    const link = linkOf(one, other);
    const left = (this.#cuts.get(link) ?? 0) - 1;
    if (left > 0) this.#cuts.set(link, left);
    else this.#cuts.delete(link);
    for (const callback of this.#healed.splice(0)) callback();
  }

  /** Whether a packet gets from any of these names of one party to the other. */
  reaches(ones: readonly Party[], other: Party): boolean {
    if (this.#cuts.size === 0) return true;
    // A party that is cut off from itself answers nobody.
    if (this.#cuts.has(linkOf(other, other))) return false;
    return ones.every((one) => one === other || !this.#cuts.has(linkOf(one, other)));
  }

  get whole(): boolean {
    return this.#cuts.size === 0;
  }

  /** Waits until a packet would get through, as a TCP connection that sends again and again does. */
  async whenReachable(ones: readonly Party[], other: Party): Promise<void> {
    while (!this.reaches(ones, other)) {
      await new Promise<void>((resolve) => this.#healed.push(resolve));
      await this.#timeline.sleep(this.#random.between(10, 800));
    }
  }
}

const linkOf = (one: Party, other: Party): string => (one < other ? `${one}|${other}` : `${other}|${one}`);
