/** A set of 64-bit hashes in typed arrays, by open addressing. A Set of JavaScript's ends at 16.7 million. */
export class Visited {
  size = 0;
  private low: Uint32Array;
  private high: Uint32Array;
  private mask: number;

  constructor(capacity = 1 << 16) {
    this.low = new Uint32Array(capacity);
    this.high = new Uint32Array(capacity);
    this.mask = capacity - 1;
  }

  /**
   * Adds the hash of the first bytes. Two states are taken for one with a chance of n²/2⁶⁵: 1 in 9 million for 2 million.
   * @returns whether it is new
   */
  add(bytes: Uint8Array, length: number): boolean {
    let one = 0x9747b28c;
    let other = 0x5bd1e995;
    for (let index = 0; index < length; index++) {
      const byte = bytes[index]!;
      one = Math.imul(one ^ byte, 0x01000193);
      other = Math.imul(other ^ byte ^ (one >>> 15), 0x85ebca6b);
      other ^= other >>> 13;
    }
    one = Math.imul(one ^ (one >>> 16), 0xc2b2ae35);
    one ^= one >>> 13;
    other = Math.imul(other ^ (other >>> 16), 0x27d4eb2f);
    other ^= other >>> 15;
    // Zero stands for an empty place.
    return this.put(one >>> 0, other >>> 0 || 1);
  }

  private put(low: number, high: number): boolean {
    let place = low & this.mask;
    while (this.high[place] !== 0) {
      if (this.high[place] === high && this.low[place] === low) return false;
      place = (place + 1) & this.mask;
    }
    this.low[place] = low;
    this.high[place] = high;
    if (++this.size * 2 > this.mask) this.grow();
    return true;
  }

  private grow(): void {
    const { low, high } = this;
    const capacity = low.length * 2;
    this.low = new Uint32Array(capacity);
    this.high = new Uint32Array(capacity);
    this.mask = capacity - 1;
    for (let place = 0; place < low.length; place++) {
      if (high[place] === 0) continue;
      let next = low[place]! & this.mask;
      while (this.high[next] !== 0) next = (next + 1) & this.mask;
      this.low[next] = low[place]!;
      this.high[next] = high[place]!;
    }
  }
}
