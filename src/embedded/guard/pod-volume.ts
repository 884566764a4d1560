/** Who reads a FIFO and wants to know when there is something to read, or when its last writer has gone. */
export interface FifoReader {
  readable(): void;
}

/** As much as Linux keeps in a pipe. */
const CAPACITY = 65_536;

/**
 * A FIFO as Linux has it: bytes outlive whoever wrote them and whoever should have read them, but not the last process
 * that has it open.
 */
export class Fifo {
  #bytes = '';
  readonly #readers = new Set<FifoReader>();
  readonly #writers = new Set<object>();
  readonly #both = new Set<FifoReader>();

  /** Opens it for reading. */
  openToRead(reader: FifoReader): void {
    this.#readers.add(reader);
  }

  /** Opens it for both, as `<>` does: who has it open never sees its end. */
  openForBoth(reader: FifoReader): void {
    this.#both.add(reader);
    for (const one of this.#readers) one.readable();
  }

  openToWrite(writer: object): void {
    this.#writers.add(writer);
    for (const one of this.#readers) one.readable();
  }

  close(who: object): void {
    this.#readers.delete(who as FifoReader);
    this.#both.delete(who as FifoReader);
    this.#writers.delete(who);
    if (this.#readers.size + this.#writers.size + this.#both.size === 0) this.#bytes = '';
    if (!this.hasWriter) for (const reader of this.#readers) reader.readable();
  }

  get hasWriter(): boolean {
    return this.#writers.size + this.#both.size > 0;
  }

  get hasReader(): boolean {
    return this.#readers.size + this.#both.size > 0;
  }

  /** @returns false when nobody would read it, or it is full */
  write(text: string): boolean {
    if (!this.hasReader || this.#bytes.length + text.length > CAPACITY) return false;
    this.#bytes += text;
    for (const reader of [...this.#readers, ...this.#both]) reader.readable();
    return true;
  }

  /** Takes everything out. */
  readAll(): string {
    const text = this.#bytes;
    this.#bytes = '';
    return text;
  }

  /** Takes one line out, without its line feed; nothing while there is no whole one. */
  readLine(): string | undefined {
    const end = this.#bytes.indexOf('\n');
    if (end < 0) return undefined;
    const line = this.#bytes.slice(0, end);
    this.#bytes = this.#bytes.slice(end + 1);
    return line;
  }
}

/** The in-memory volume that agent and guard of a pod share. */
export class PodVolume {
  readonly orders = new Fifo();
  readonly reports = new Fifo();
  readonly lifeline = new Fifo();
}
