import { describeFault, describeTimes } from './faults/fault.ts';
import { scenarioOf } from './faults/plan.ts';
import { Trace } from './report/trace.ts';
import { shrink } from './shrink.ts';
import { simulateScenario } from './simulate.ts';

/** Runs one seed alone. @returns what happened, as text; of a run that broke a rule, shrunk to what matters */
export async function replay(seed: number): Promise<{ text: string; failed: boolean }> {
  const scenario = scenarioOf(seed);
  const { violation } = await simulateScenario(scenario);
  const shown = violation ? await shrink(scenario, violation) : scenario;
  const trace = new Trace();
  const outcome = await simulateScenario(shown, { trace });
  const left = violation ? ` (${shown.plan.length} of ${scenario.plan.length} faults are enough)` : '';
  const times = shown.components.map((component) => `${component} ${describeTimes(shown.times[component])}`);
  const rates = shown.nodes.map(({ rate }) => rate.toFixed(3));
  const verdict = outcome.violation
    ? `broke a rule${left}: ${outcome.violation.rule}: ${outcome.violation.message}`
    : `broke no rule; whole again ${((outcome.recovery ?? 0) / 1000).toFixed(1)} s after the last fault`;
  const text = [
    `seed ${seed} ${verdict}`,
    `lease/deadline/retry: ${times.join(', ')}; clock rates of the nodes: ${rates.join(', ')}`,
    ...shown.plan.map(({ at, before, fault }) => {
      const when = before ? `, before the next ${before}` : '';
      return `  fault at ${(at / 1000).toFixed(3)} s${when}: ${describeFault(fault)}`;
    }),
    '',
    trace.toString(),
  ].join('\n');
  return { text, failed: outcome.violation !== undefined };
}
