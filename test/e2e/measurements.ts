import { appendFileSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { RESULTS } from './environment.ts';

/** One measured figure of a run. All of a kind make one line of the table. */
export interface Measurement {
  /** What was measured on, as in `statestore`. */
  readonly subject: string;
  /** What was done, as in `SIGKILL`. */
  readonly fault: string;
  /** What it was measured until, as in `slice`. */
  readonly moment: string;
  readonly value: number;
  readonly unit: string;
  /** What each value may be at most, if there is a bound. */
  readonly bound?: number;
  /** What the median may be at most, if there is a bound. */
  readonly medianBound?: number;
}

/** Samples further apart than this do not support a claim that there never were two, in milliseconds. */
export const LONGEST_GAP = 250;

export const MEASUREMENTS = resolve(RESULTS, 'measurements.jsonl');

const measured: Measurement[] = [];

/** Keeps a figure for the table at the end of the run. */
export function record(measurement: Measurement): void {
  measured.push(measurement);
  mkdirSync(RESULTS, { recursive: true });
  appendFileSync(MEASUREMENTS, `${JSON.stringify({ ...measurement, at: new Date().toISOString() })}\n`);
}

/** The values of one kind that this file of cases has measured so far, in their order. */
export function values(subject: string, fault: string, moment: string): number[] {
  return measured
    .filter((one) => one.subject === subject && one.fault === fault && one.moment === moment)
    .map(({ value }) => value);
}

/** @throws for no values: a median of nothing would pass any bound */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error('there is no median of nothing');
  return (low + high) / 2;
}

/** What observing took of one CPU: it stands beside the figures that it must not disturb. */
export function recordLoad(share: number): void {
  record({ subject: 'observer', fault: '-', moment: 'load', value: share * 100, unit: '% of a CPU' });
}

/** The longest time between two samples of a case, in milliseconds: "never two" is worth as much as this is short. */
export function recordGap(value: number): void {
  record({ subject: 'observer', fault: '-', moment: 'longest gap in a case', value, unit: 'ms', bound: LONGEST_GAP });
}
