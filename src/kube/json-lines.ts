const NEWLINE = 0x0a;

/**
 * Puts lines together from chunks that are cut anywhere, in the middle of a character too: a newline byte never occurs
 * inside a character of UTF-8, so lines are cut as bytes and decoded whole.
 */
export class LineDecoder {
  #rest: Buffer[] = [];

  /** The lines that this chunk completes, without their newlines and without empty ones. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...this.#rest, chunk.subarray(start, end)]).toString('utf8');
      this.#rest = [];
      start = end + 1;
      if (line.trim() !== '') lines.push(line);
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
    return lines;
  }

  /** Whether a line has begun that no newline has ended. */
  get incomplete(): boolean {
    return this.#rest.length > 0;
  }
}
