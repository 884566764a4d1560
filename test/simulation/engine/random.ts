/** A source of randomness that begins with a seed: the same seed gives the same numbers, on every machine. */
export class SeededRandom {
  #state: number;

  /** @param seed a number, or a text such as `7/latency`, which gives streams of their own for each purpose */
  constructor(seed: number | string) {
    this.#state = hash(String(seed));
  }

  /** In [0, 1), as `Math.random` (mulberry32, by Tommy Ettinger: public domain). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  between(least: number, below: number): number {
    return least + (below - least) * this.next();
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.next() * choices.length)];
    if (choice === undefined) throw new Error('nothing to pick from');
    return choice;
  }

  word(): string {
    return Math.floor(this.next() * 0xffff_ffff)
      .toString(16)
      .padStart(8, '0');
  }
}

/** FNV-1a, stirred: close seeds must not give close numbers. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
