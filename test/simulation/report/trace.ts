interface Line {
  readonly at: number;
  readonly column: string;
  readonly text: string;
  /** Renewals: left out but for the last seconds. */
  readonly routine: boolean;
}

/** Of what happens all the time, so much before the end is shown. */
const ROUTINE_SHOWN = 12_000;

const WIDTH = 30;
/** What belongs to no pod comes before and behind them. */
const FIRST = ['FAULT'];
const LAST = ['API', 'operator', 'Impala'];

/** What happened, for people: a line an event, a column a process. */
export class Trace {
  readonly #lines: Line[] = [];
  readonly #lastOf = new Map<string, string>();
  readonly #incarnations = new Map<string, string[]>();

  /** @param uid of the pod: a successor of its name gets columns of its own */
  add(at: number, column: string, text: string, uid?: string): void {
    const last = this.#lines.at(-1);
    const name = uid === undefined ? column : `${column}${"'".repeat(this.#number(column, uid))}`;
    if (last?.text === text && last.column === name) return;
    const topic = `${name} ${text.split(' ', 2).join(' ')}`;
    const routine = this.#lastOf.get(topic) === text || text.startsWith('orders extend');
    this.#lastOf.set(topic, text);
    this.#lines.push({ at, column: name, text, routine });
  }

  #number(column: string, uid: string): number {
    const [pod = ''] = column.split(' ');
    const uids = this.#incarnations.get(pod) ?? [];
    if (!uids.includes(uid)) uids.push(uid);
    this.#incarnations.set(pod, uids);
    return uids.indexOf(uid);
  }

  /** @param lines how many of the last ones */
  toString(lines = 400): string {
    const names = new Set(this.#lines.map(({ column }) => column));
    const pods = [...names].filter((name) => !FIRST.includes(name) && !LAST.includes(name)).sort();
    const columns = [...FIRST, ...pods, ...LAST].filter((name) => names.has(name));
    const row = (time: string, cells: readonly string[]): string =>
      `${time.padStart(9)}  ${cells.map((cell) => cell.padEnd(WIDTH)).join(' ')}`.trimEnd();
    const end = this.#lines.at(-1)?.at ?? 0;
    const shown = this.#lines.filter(({ routine, at }) => !routine || at > end - ROUTINE_SHOWN);
    const body = shown.slice(-lines).flatMap(({ at, column, text }) => {
      const index = columns.indexOf(column);
      return wrap(text).map((part, number) =>
        row(
          number === 0 ? `${(at / 1000).toFixed(3)} s` : '',
          columns.map((_, cell) => (cell === index ? part : '')),
        ),
      );
    });
    return [
      row('', columns),
      row(
        '',
        columns.map((name) => '-'.repeat(name.length)),
      ),
      ...body,
    ].join('\n');
  }
}

function wrap(text: string): string[] {
  const parts: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > WIDTH) {
      parts.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...parts, line];
}
