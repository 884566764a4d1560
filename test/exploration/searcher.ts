/**
 * A thread that searches. Inside Jest's sandbox, where each look at a global is a call, the search would be many times
 * slower.
 */
import { parentPort, Worker } from 'node:worker_threads';
import { mutations } from './mutations.ts';
import { outageMutations, outageRedundant } from './outage-mutations.ts';
import { compareFutures, type Comparison } from './normal-form.ts';
import { explore, type Outcome } from './search.ts';
import type { WorldOptions } from './world.ts';

export type Task =
  | { readonly kind: 'explore'; readonly world: WorldOptions; readonly states: number; readonly mutation?: string }
  | { readonly kind: 'compare'; readonly world: WorldOptions; readonly states: number; readonly oneIn: number };

function carriedOut(task: Task): Outcome | Comparison {
  if (task.kind === 'compare') return compareFutures(task.world, task.states, task.oneIn);
  const broken = [...mutations, ...outageMutations, ...outageRedundant].find(({ name }) => name === task.mutation);
  return explore(task.world, task.states, broken?.protocol);
}

parentPort?.on('message', (task: Task) => parentPort?.postMessage(carriedOut(task)));

/** The other side of the thread. One task at a time. */
export class Searcher {
  private readonly worker = new Worker(new URL('searcher.ts', import.meta.url));

  explore(world: WorldOptions, states: number, mutation?: string): Promise<Outcome> {
    const task: Task = { kind: 'explore', world, states, ...(mutation !== undefined && { mutation }) };
    return this.answer(task) as Promise<Outcome>;
  }

  compareFutures(world: WorldOptions, states: number, oneIn: number): Promise<Comparison> {
    return this.answer({ kind: 'compare', world, states, oneIn }) as Promise<Comparison>;
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private answer(task: Task): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.worker.once('error', reject);
      this.worker.once('message', (answer) => {
        this.worker.off('error', reject);
        resolve(answer);
      });
      this.worker.postMessage(task);
    });
  }
}
