/** A thread that runs seeds: the product's source as it is, or with one mutation. */
import { parentPort, workerData } from 'node:worker_threads';
import { mutate } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';

/** What a worker is given. */
export interface Work {
  readonly mutation?: string | undefined;
}

export type ToWorker = { readonly seeds: readonly number[] } | 'end';

const { mutation } = workerData as Work;
if (mutation !== undefined) {
  const found = MUTATIONS.find(({ name }) => name === mutation);
  if (found === undefined) throw new Error(`no mutation ${mutation}`);
  mutate(found);
}
// After the hooks: what is loaded from here on is mutated.
const { runSeeds } = await import('./run-seeds.ts');

parentPort?.on('message', (message: ToWorker) => {
  if (message === 'end') parentPort?.close();
  else void runSeeds(message.seeds).then((batch) => parentPort?.postMessage(batch));
});
