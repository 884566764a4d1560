import type { SeededRandom } from '../engine/random.ts';

/** How a call of a client goes wrong on its way to the API server, in it, or on the way back. */
export const API_FAULTS = [
  'slow',
  'late',
  'request lost',
  'answer lost',
  '401',
  '409',
  '429',
  '500',
  '500 after the write',
] as const;
export type ApiFault = (typeof API_FAULTS)[number];

interface Front {
  readonly client: string | undefined;
  readonly fault: ApiFault;
  readonly probability: number;
}

/** The faults that calls meet at present. */
export class ApiWeather {
  readonly #random: SeededRandom;
  readonly #fronts = new Set<Front>();
  readonly #once = new Map<string, ApiFault>();
  readonly #stalled = new Map<string, number>();
  #down = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** @param client whose calls; those of all when left out. @returns ends it */
  begin(front: Front): () => void {
    this.#fronts.add(front);
    return () => void this.#fronts.delete(front);
  }

  /** The next call of this client goes wrong like this. */
  once(client: string, fault: ApiFault): void {
    this.#once.set(client, fault);
  }

  /** Calls that have not gone wrong by now will not. */
  calm(): void {
    this.#once.clear();
  }

  /** The API server is away: connections are refused. @returns ends it */
  outage(): () => void {
    this.#down++;
    return () => void this.#down--;
  }

  get down(): boolean {
    return this.#down > 0;
  }

  /** The watches of a client stall: nothing comes, and nobody says so. @returns ends it */
  stall(client: string): () => void {
    this.#stalled.set(client, (this.#stalled.get(client) ?? 0) + 1);
    return () => void this.#stalled.set(client, (this.#stalled.get(client) ?? 1) - 1);
  }

  isStalled(client: string): boolean {
    return (this.#stalled.get(client) ?? 0) > 0;
  }

  /** What the next call of a client meets. */
  of(client: string): ApiFault | undefined {
    const once = this.#once.get(client);
    this.#once.delete(client);
    if (once !== undefined) return once;
    for (const front of this.#fronts) {
      const meets = front.client === undefined || front.client === client;
      if (meets && this.#random.chance(front.probability)) return front.fault;
    }
    return undefined;
  }
}
