export type Style = 'plain' | 'bold' | 'dim' | 'good' | 'bad' | 'warn' | 'accent';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** A line of the screen. */
export type Line = readonly Span[];

export const span = (text: string, style: Style = 'plain'): Span => ({ text, style });

const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '\x1b[1m',
  dim: '\x1b[2m',
  good: '\x1b[32m',
  bad: '\x1b[1;31m',
  warn: '\x1b[33m',
  accent: '\x1b[1;36m',
};
const RESET = '\x1b[0m';

export const toAnsi = (line: Line): string =>
  line.map(({ text, style }) => (style === 'plain' ? text : CODES[style] + text + RESET)).join('');

export const lengthOf = (line: Line): number => line.reduce((sum, { text }) => sum + text.length, 0);

/** The line in as many columns, cut or filled up. */
export function fitted(line: Line, columns: number): Line {
  const cut: Span[] = [];
  let left = columns;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const part = text.length > left ? `${text.slice(0, left - 1)}…` : text;
    cut.push({ text: part, style });
    left -= part.length;
  }
  return left > 0 ? [...cut, span(' '.repeat(left))] : cut;
}
