import { Coverage } from './report/coverage.ts';
import { simulate, type Outcome } from './simulate.ts';

/** What came of some runs. */
export interface Batch {
  readonly outcomes: readonly Outcome[];
  readonly coverage: [string, [string, number][]][];
}

export async function runSeeds(seeds: readonly number[]): Promise<Batch> {
  const coverage = new Coverage();
  const outcomes: Outcome[] = [];
  for (const seed of seeds) outcomes.push(await simulate(seed, { coverage }));
  return { outcomes, coverage: coverage.entries };
}
