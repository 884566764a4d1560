import type { WriteStream } from 'node:tty';
import { toAnsi, type Line } from './styled-text.ts';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[?25h\x1b[?1049l';
/** Terminals that know it show what lies between only when it is whole. */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';

/** The terminal's other screen: only lines that have changed are written, so that nothing flickers. */
export class Screen {
  readonly #stream: WriteStream;
  #shown: string[] = [];

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  enter(): void {
    this.#stream.write(ENTER);
    this.#stream.on('resize', this.#forget);
  }

  leave(): void {
    this.#stream.off('resize', this.#forget);
    this.#stream.write(LEAVE);
  }

  draw(lines: readonly Line[]): void {
    const rows = Math.min(lines.length, this.#stream.rows);
    const texts = lines.slice(0, rows).map(toAnsi);
    const changes = texts.flatMap((text, row) =>
      text === this.#shown[row] ? [] : [`\x1b[${row + 1};1H${text}\x1b[K`],
    );
    this.#shown = texts;
    if (changes.length > 0) this.#stream.write(BEGIN_UPDATE + changes.join('') + END_UPDATE);
  }

  readonly #forget = (): void => {
    this.#shown = [];
    this.#stream.write('\x1b[2J');
  };
}
