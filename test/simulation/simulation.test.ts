import { availableParallelism } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import type { Rule } from './invariants.ts';
import { MUTATIONS } from './mutations.ts';
import { runParallel } from './run-parallel.ts';

const FIXED_RUNS = 1_950;
const FRESH_RUNS = 50;
const SAFETY: readonly Rule[] = ['two daemons', 'past its deadline', 'slice goes back', 'catalogd registers'];
/** How many runs a broken rule may take to be noticed: some need three things to go wrong within one lease. */
const MOST_RUNS = 4_000;
const workers = Math.min(availableParallelism(), 4);

function* seedsFrom(from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed++) yield seed;
}

const describeViolations = ({ violations }: Awaited<ReturnType<typeof runParallel>>): string[] =>
  violations.map(
    ({ seed, violation }) => `npm run simulate -- --seed ${seed}: ${violation?.rule}: ${violation?.message}`,
  );

describe('pairs under faults', () => {
  test('keep every rule in every run, and are whole again when the faults have ended', async () => {
    const fixed = await runParallel(seedsFrom(1, FIXED_RUNS), { workers });
    expect(describeViolations(fixed)).toEqual([]);
    expect(fixed.runs).toBe(FIXED_RUNS);
    // A run in which nothing happens would keep every rule.
    const met = [...fixed.coverage.counts.values()].flatMap((states) => [...states.values()]);
    expect(met.reduce((sum, times) => sum + times, 0)).toBeGreaterThan(5 * FIXED_RUNS);
  }, 240_000);

  test('keep them in runs that nobody has seen before', async () => {
    const from = 1_000_000 + Math.floor(Math.random() * 1e9);
    const fresh = await runParallel(seedsFrom(from, FRESH_RUNS), { workers });
    process.stdout.write(`fresh seeds: ${from} to ${from + FRESH_RUNS - 1}\n`);
    expect(describeViolations(fresh)).toEqual([]);
    expect(fresh.runs).toBe(FRESH_RUNS);
  }, 120_000);
});

describe('a rule that is broken on purpose is noticed:', () => {
  test.each(MUTATIONS.map((one) => [one.name, one.breaks, one] as const))(
    '%s (%s)',
    async (mutation, _, { noticedBy, noticedAs }) => {
      const stopAt = noticedAs === undefined ? SAFETY : [noticedAs];
      const known = await runParallel([noticedBy], { workers: 1, mutation, stopAt });
      if (known.violations.length > 0) return;
      // The runs have changed since: any other will do.
      const { violations } = await runParallel(seedsFrom(1, MOST_RUNS), { workers, mutation, stopAt });
      expect(violations.length).toBeGreaterThan(0);
    },
    120_000,
  );
});
