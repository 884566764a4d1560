import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { RESULTS } from './environment.ts';
import { median, MEASUREMENTS } from './measurements.ts';
import type { Measurement } from './measurements.ts';

/** A line of the table: all measurements of one kind. */
interface Row {
  subject: string;
  fault: string;
  until: string;
  n: number;
  median: string;
  max: string;
  bound: string;
  ok: string;
}

/** Prints, at the end of the run, everything that was measured beside what was promised. */
export default class MeasurementReporter {
  onRunComplete(): void {
    if (!existsSync(MEASUREMENTS)) return;
    const lines = readFileSync(MEASUREMENTS, 'utf8').trim().split('\n');
    const rows = table(lines.map((line) => JSON.parse(line) as Measurement));
    writeFileSync(resolve(RESULTS, 'table.json'), `${JSON.stringify(rows, null, 2)}\n`);
    process.stdout.write(`\n${format(rows)}\n`);
  }
}

function table(measurements: readonly Measurement[]): Row[] {
  const groups = Map.groupBy(measurements, ({ subject, fault, moment }) => [subject, fault, moment].join('\0'));
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (first === undefined) throw new Error('an empty group');
    const { subject, fault, moment, unit, bound, medianBound } = first;
    const numbers = group.map(({ value }) => value ?? NaN);
    const [middle, most] = [median(numbers), Math.max(...numbers)];
    const missed = !(bound === undefined || most <= bound) || !(medianBound === undefined || middle <= medianBound);
    const bounds = [
      ...(medianBound === undefined ? [] : [`median ${figure(medianBound, unit)}`]),
      ...(bound === undefined ? [] : [figure(bound, unit)]),
    ];
    return {
      subject,
      fault,
      until: moment,
      n: group.length,
      median: figure(middle, unit),
      max: figure(most, unit),
      bound: bounds.join(', '),
      ok: bounds.length === 0 ? '' : missed ? 'MISSED' : 'ok',
    };
  });
}

function figure(value: number, unit: string): string {
  if (unit === 'ms') return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`;
  return `${value.toFixed(1)} ${unit}`;
}

/** The rows as text, in columns. */
function format(rows: readonly Row[]): string {
  const columns = ['subject', 'fault', 'until', 'n', 'median', 'max', 'bound', 'ok'] as const;
  const lines = [Object.fromEntries(columns.map((column) => [column, column])), ...rows];
  const widths = columns.map((column) => Math.max(...lines.map((line) => String(line[column]).length)));
  return lines
    .map((line) =>
      columns
        .map((column, index) => String(line[column]).padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
