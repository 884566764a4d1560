import { Worker } from 'node:worker_threads';
import { Coverage } from './report/coverage.ts';
import type { Rule } from './invariants.ts';
import type { Batch } from './run-seeds.ts';
import type { Outcome } from './simulate.ts';
import type { ToWorker, Work } from './worker.ts';

const BATCH = 20;

export interface ParallelOptions {
  readonly workers: number;
  readonly mutation?: string;
  /** Ends after the batch in which a run broke one of these rules, and counts no others. */
  readonly stopAt?: readonly Rule[];
  readonly onProgress?: (done: number, violations: readonly Outcome[]) => void;
}

export interface Summary {
  readonly runs: number;
  readonly violations: readonly Outcome[];
  readonly milliseconds: number;
  readonly coverage: Coverage;
}

/** Runs seeds on several threads. @throws Error when a thread dies */
export async function runParallel(seeds: Iterable<number>, options: ParallelOptions): Promise<Summary> {
  const { mutation, stopAt, onProgress } = options;
  const coverage = new Coverage();
  const violations: Outcome[] = [];
  let runs = 0;
  let milliseconds = 0;
  const left = seeds[Symbol.iterator]();
  const nextBatch = (): number[] => {
    const batch: number[] = [];
    if (stopAt && violations.length > 0) return batch;
    for (let next = left.next(); !next.done; next = left.next()) {
      batch.push(next.value);
      if (batch.length === BATCH) break;
    }
    return batch;
  };
  const work = async (): Promise<void> => {
    const workerData: Work = { mutation };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
    try {
      for (let batch = nextBatch(); batch.length > 0; batch = nextBatch()) {
        const { outcomes, coverage: met } = await ask(worker, batch);
        coverage.add(met);
        runs += outcomes.length;
        for (const outcome of outcomes) milliseconds += outcome.milliseconds;
        violations.push(
          ...outcomes.filter(({ violation }) => violation && (!stopAt || stopAt.includes(violation.rule))),
        );
        onProgress?.(runs, violations);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: options.workers }, work));
  violations.sort((one, other) => one.seed - other.seed);
  return { runs, violations, milliseconds, coverage };
}

function ask(worker: Worker, seeds: readonly number[]): Promise<Batch> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (batch: Batch) => {
      worker.off('error', reject);
      resolve(batch);
    });
    worker.postMessage({ seeds } satisfies ToWorker);
  });
}
