/**
 * `npm run simulate -- --seed N` replays one run and shows it; `npm run simulate -- --runs N` goes through N fresh ones on
 * all cores (`--from N`: the first of them; `--workers N`; `--mutation NAME`: with a rule broken on purpose).
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { mutate } from './mutate.ts';
import { mutationNamed } from './mutations.ts';
import { runParallel } from './run-parallel.ts';
import type { Outcome } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string' },
    from: { type: 'string' },
    workers: { type: 'string' },
    mutation: { type: 'string' },
  },
});

async function run(): Promise<boolean> {
  if (values.seed !== undefined) {
    if (values.mutation !== undefined) mutate(mutationNamed(values.mutation));
    // What is loaded from here on is mutated.
    const { replay } = await import('./replay.ts');
    const { text, failed } = await replay(wholeNumber('seed', values.seed));
    console.log(text);
    return !failed;
  }
  return hunt(wholeNumber('runs', values.runs ?? '1000'));
}

async function hunt(runs: number): Promise<boolean> {
  const from = values.from === undefined ? Math.floor(Math.random() * 1e9) : wholeNumber('from', values.from);
  const workers = values.workers === undefined ? availableParallelism() : wholeNumber('workers', values.workers);
  const began = performance.now();
  let told = began;
  let shown = 0;
  const summary = await runParallel(seedsFrom(from, runs), {
    workers,
    ...(values.mutation !== undefined && { mutation: values.mutation }),
    onProgress: (done, violations) => {
      const now = performance.now();
      // Whoever hunts for hours need not wait for the end to look at one.
      for (const outcome of violations.slice(shown)) console.error(described(outcome));
      shown = violations.length;
      if (now - told < 5_000) return;
      told = now;
      console.error(
        `${done} of ${runs} runs, ${violations.length} broke a rule, ${Math.round((now - began) / 1000)} s`,
      );
    },
  });
  const seconds = (performance.now() - began) / 1000;
  console.log(summary.coverage.toString());
  console.log(
    `\n${summary.runs} runs from seed ${from}, ${Math.round(summary.milliseconds / 1000)} simulated seconds in ${seconds.toFixed(0)} s: ` +
      `${Math.round(summary.milliseconds / 1000 / seconds)} a second`,
  );
  for (const outcome of summary.violations) console.log(described(outcome));
  console.log(summary.violations.length === 0 ? 'no rule was broken' : 'replay one with: npm run simulate -- --seed N');
  return summary.violations.length === 0;
}

const described = ({ seed, violation }: Outcome): string => `seed ${seed}: ${violation?.rule}: ${violation?.message}`;

function* seedsFrom(from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed++) yield seed;
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number, not ${text}`);
  return Number(text);
}

process.exitCode = (await run()) ? 0 : 1;
