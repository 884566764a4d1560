/** Cuts what arrives into lines, none of them longer than a limit. */
export class LineReader {
  readonly #limit: number;
  #rest = Buffer.alloc(0);

  /** @param limit in bytes, without the line's end */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a line has begun that has not ended. */
  get within(): boolean {
    return this.#rest.length > 0;
  }

  /** @returns the lines that this ends; nothing when one is too long: then there is no going on */
  read(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > this.#limit) return undefined;
      lines.push(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > this.#limit) return undefined;
    // A copy: the chunk's own memory is larger, and somebody else's.
    this.#rest = Buffer.from(rest);
    return lines;
  }
}
