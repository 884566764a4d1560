/* temporary */
import { simulate } from './simulate.ts';
import { replay } from './replay.ts';
import { Coverage } from './report/coverage.ts';
import { Trace } from './report/trace.ts';
const [from, to, mode] = process.argv.slice(2);
const coverage = new Coverage();
const began = performance.now();
let simulated = 0,
  bad = 0,
  steps = 0;
const recs: number[] = [];
for (let seed = Number(from); seed <= Number(to); seed++) {
  const trace = mode === 'trace' ? new Trace() : undefined;
  const out = await simulate(seed, { coverage, ...(trace && { trace }) });
  simulated += out.milliseconds;
  steps += out.steps;
  if (out.recovery !== undefined) recs.push(out.recovery);
  if (trace) console.log(trace.toString());
  if (mode === 'shrink' && out.violation) console.log((await replay(seed)).text.replace(/   +/g, '   '));
  if (out.violation) {
    bad++;
    console.log(seed, out.violation.rule, (out.violation.at / 1000).toFixed(2), out.violation.message.slice(0, 300));
  }
}
const real = performance.now() - began;
recs.sort((a, b) => a - b);
console.log({
  bad,
  real: Math.round(real),
  simulated: Math.round(simulated / 1000),
  perSecond: Math.round(simulated / real),
  steps,
  median: recs[recs.length >> 1],
  max: recs.at(-1),
});
if (mode === 'coverage') console.log(coverage.toString());
