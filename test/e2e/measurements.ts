import { appendFileSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { RESULTS } from './environment.ts';
import type { Observer } from './observer.ts';

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

/** What observing cost and how closely it looked: it stands beside the figures that rest on it. */
export function recordObserver(observer: Observer): void {
  const figure = (moment: string, value: number, unit: string, bound?: number): void =>
    record({ subject: 'observer', fault: '-', moment, value, unit, ...(bound !== undefined && { bound }) });
  figure('load', observer.load * 100, '% of a CPU');
  figure('largest gap', observer.largestGap(0), 'ms', 250);
}
