// Plays the demo and records what the terminal shows, as an animated picture: docs/demo.svg.
import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { Actions } from '../src/demo/actions.ts';
import { DemoCluster } from '../src/demo/demo-cluster.ts';
import { Meter } from '../src/demo/meter.ts';
import { snapshotOf } from '../src/demo/snapshot.ts';
import { Story } from '../src/demo/story.ts';
import type { Line, Style } from '../src/demo/styled-text.ts';
import { COLUMNS, view } from '../src/demo/view.ts';
import { sleep, systemClock } from '../src/kube/clock.ts';

const OUTPUT = 'docs/demo.svg';
/** A frame a second, of a run of half a minute. */
const FRAME = 1_000;
/** How long the last frame stays. */
const LAST = 4;

const CELL = { width: 7.8, height: 17 };
const MARGIN = 14;
const COLOURS: Readonly<Record<Style, string>> = {
  plain: '#d5dbe3',
  bold: '#ffffff',
  dim: '#7d8794',
  good: '#6cc872',
  bad: '#ff6b62',
  warn: '#e5b94e',
  accent: '#5cc8e8',
};

async function record(): Promise<Line[][]> {
  const demo = await DemoCluster.start(pino({ level: 'silent' }));
  const meter = new Meter(demo);
  const actions = new Actions(demo);
  const playing = new AbortController();
  const frames: Line[][] = [];
  const begin = performance.now();
  let said = 'kubectl apply -f examples/quickstart.yaml';
  let chapter: string | undefined;
  const take = (): void => {
    const input = {
      snapshot: snapshotOf(demo),
      handOvers: meter.handOvers,
      // The picture shows no path of the machine that it was taken on.
      kubeconfig: '/tmp/impala-demo-0a1b2c/kubeconfig',
      said,
      chapter,
      violation: meter.violations[0],
      elapsed: (performance.now() - begin) / 1000,
      rows: Infinity,
    };
    frames.push(view(input));
  };
  const filming = (async () => {
    while (!playing.signal.aborted) {
      take();
      await sleep(systemClock, FRAME, playing.signal);
    }
  })();
  try {
    meter.start();
    await demo.applyQuickstart();
    const narrator = {
      chapter: (title: string): void => void (chapter = title),
      say: (text: string): void => void (said = text),
    };
    const story = new Story({ demo, actions, meter, narrator, signal: playing.signal });
    await story.whole();
    await story.play();
    chapter = undefined;
    said = 'that was the story; now it is your turn';
    take();
  } finally {
    playing.abort();
    await filming;
    meter.stop();
    await demo.stop();
  }
  return frames;
}

/** A line that stands for some frames. */
interface Run {
  readonly row: number;
  readonly line: Line;
  readonly from: number;
  to: number;
}

function runsOf(frames: readonly Line[][]): Run[] {
  const runs: Run[] = [];
  const open = new Map<number, Run>();
  frames.forEach((lines, frame) => {
    lines.forEach((line, row) => {
      const last = open.get(row);
      if (last !== undefined && JSON.stringify(last.line) === JSON.stringify(line)) {
        last.to = frame + 1;
        return;
      }
      const run = { row, line, from: frame, to: frame + 1 };
      open.set(row, run);
      runs.push(run);
    });
  });
  return runs.filter(({ line }) => line.some(({ text }) => text.trim() !== ''));
}

function picture(frames: readonly Line[][]): string {
  const total = frames.length + LAST;
  const rows = Math.max(...frames.map((lines) => lines.length));
  const width = COLUMNS * CELL.width + 2 * MARGIN;
  const height = rows * CELL.height + 2 * MARGIN;
  const intervals = new Map<string, string>();
  const texts = runsOf(frames).map((run) => {
    const to = run.to === frames.length ? total : run.to;
    const name = `f${run.from}-${to}`;
    if (run.from > 0 || to < total) intervals.set(name, keyframes(name, run.from / total, to / total));
    const y = MARGIN + run.row * CELL.height + 12;
    return `<text class="${name}" y="${y}">${spans(run.line)}</text>`;
  });
  const rules = [...intervals].map(
    ([name, frames]) => `${frames}.${name}{visibility:hidden;animation:${name} ${total}s step-end infinite}`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The demo in a terminal">`,
    '<style>',
    'text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}',
    ...Object.entries(COLOURS).map(([style, colour]) => `.${style}{fill:${colour}}`),
    '.bold,.accent,.bad{font-weight:bold}',
    ...rules,
    '</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#14181d"/>`,
    ...texts,
    '</svg>',
    '',
  ].join('\n');
}

function keyframes(name: string, from: number, to: number): string {
  const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;
  const before = from > 0 ? '0%{visibility:hidden}' : '';
  const after = to < 1 ? `${percent(to)}{visibility:hidden}` : '';
  return `@keyframes ${name}{${before}${percent(from)}{visibility:visible}${after}}`;
}

/** Each word where it belongs: renderers differ in what they make of spaces. */
function spans(line: Line): string {
  let column = 0;
  return line
    .map(({ text, style }) => {
      const words = [...text.matchAll(/\S+( \S+)*/g)].map(({ 0: word, index }) => {
        const x = MARGIN + (column + index) * CELL.width;
        const length = (word.length * CELL.width).toFixed(1);
        return `<tspan class="${style}" x="${x.toFixed(1)}" textLength="${length}">${escaped(word)}</tspan>`;
      });
      column += text.length;
      return words.join('');
    })
    .join('');
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const frames = await record();
await writeFile(OUTPUT, picture(frames));
console.log(`wrote ${OUTPUT}: ${frames.length} frames`);
process.exit();
