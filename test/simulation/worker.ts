/** A thread that runs seeds: the product's source as it is, or with one mutation. */
import { parentPort, workerData } from 'node:worker_threads';
import { mutate } from './mutate.ts';
import { mutationNamed } from './mutations.ts';

/** What a worker is given. */
export interface Work {
  readonly mutation?: string | undefined;
}

export interface ToWorker {
  readonly seeds: readonly number[];
}

const { mutation } = workerData as Work;
if (mutation !== undefined) mutate(mutationNamed(mutation));
// After the hooks: what is loaded from here on is mutated.
const { runSeeds } = await import('./run-seeds.ts');

parentPort?.on('message', ({ seeds }: ToWorker) => {
  void runSeeds(seeds).then((batch) => parentPort?.postMessage(batch));
});
