import type { PairComponent } from '../../src/api/names.ts';
import { LOAD_TIMES } from '../simulation/impala/load-times.ts';
import { registrationTimes } from '../simulation/impala/registration-times.ts';
import type { Succession } from '../simulation/impala/registration-times.ts';
import { values } from './measurements.ts';

/** What the observer's steps, a busy machine and the questions themselves may add to a time. */
const TOLERANCE = 300;
const IMPALADS = 4;
const RUNS = 200;

/**
 * Holds what was measured of the real daemons after one kind of fault against the models of the simulation: a model that
 * is quicker or slower than Impala would search another world than the one that users have.
 * @param fault its name in the table of measurements
 * @returns every time that the models could not have shown
 */
export async function unlikeTheSimulation(fault: string, kind: Succession['kind']): Promise<string[]> {
  const measured = ['slice', 'daemon started', 'all registered'].map((moment) => values('statestore', fault, moment));
  const [slices = [], starts = [], registrations = []] = measured;
  if (registrations.length === 0) throw new Error(`nothing was measured of the statestore after ${fault}`);
  const differences = [...loadTimesUnlike('statestore', fault), ...loadTimesUnlike('catalog', fault)];
  for (const [index, real] of registrations.entries()) {
    const succession = { kind, slice: slices[index] ?? NaN, started: starts[index] ?? NaN };
    const simulated: number[] = [];
    for (let seed = 0; seed < RUNS; seed++) {
      const times = await registrationTimes(succession, IMPALADS, seed);
      // A lost node takes impalads along, and nobody knows here how many: any of those in the simulation may be the last.
      simulated.push(...(kind === 'loss' ? times : [Math.max(...times)]));
    }
    const [least, most] = [Math.min(...simulated), Math.max(...simulated)];
    if (real >= least - TOLERANCE && real <= most + TOLERANCE) continue;
    differences.push(`all registered after ${show(real)}, in the simulation after ${show(least)} to ${show(most)}`);
  }
  return differences;
}

function loadTimesUnlike(component: PairComponent, fault: string): string[] {
  const starts = values(component, fault, 'daemon started');
  const { least, most } = LOAD_TIMES[component];
  return values(component, fault, 'daemon healthy').flatMap((healthy, index) => {
    const load = healthy - (starts[index] ?? NaN);
    if (load >= least - TOLERANCE && load <= most + TOLERANCE) return [];
    return [`the ${component} was healthy ${show(load)} after its start, in the simulation ${least} to ${most} ms`];
  });
}

const show = (milliseconds: number): string => `${Math.round(milliseconds)} ms`;
