import type { PairComponent } from '../../../src/api/names.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { Fault, PlannedFault } from './fault.ts';

/** By when both pairs are up, as a rule. */
const FIRST_CHANGE = 7_000;

/** What people change in the spec, one to three times: some while the last change is under way still. */
export function changesOf(random: SeededRandom, components: readonly PairComponent[]): PlannedFault[] {
  const changes: PlannedFault[] = [];
  let at = FIRST_CHANGE + random.between(0, 10_000);
  for (let left = random.whole(1, 3); left > 0; left--) {
    changes.push({ at: Math.round(at), fault: changeOf(random, random.pick(components)) });
    at += random.chance(0.4) ? random.between(50, 4_000) : random.between(4_000, 30_000);
  }
  return changes;
}

function changeOf(random: SeededRandom, component: PairComponent): Fault {
  // Soon taken back, in the midst of what it sets off, or long after.
  const lasts = Math.round(random.chance(0.4) ? random.between(200, 8_000) : random.between(8_000, 40_000));
  return random.pick<Fault>([
    { kind: 'template change', component, verbosity: random.whole(1, 3) },
    { kind: 'template change', component, verbosity: random.whole(1, 3) },
    { kind: 'bad template', component, for: lasts },
    { kind: 'pause', for: lasts },
    { kind: 'stop', for: lasts },
    { kind: 'stop', for: lasts },
  ]);
}
