import type { PairComponent } from '../../../src/api/names.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { Fault, PlannedFault, Target } from './fault.ts';

/** By when both pairs are up, as a rule. */
const FIRST_CHANGE = 7_000;

/** By when all has come to rest: both members signed in, on the roster, and ready. */
const SETTLED = 25_000;

/** One that moves no more than it has to. */
export function changeAlone(random: SeededRandom, component: PairComponent): PlannedFault {
  const lasts = random.whole(5_000, 60_000);
  const fault = random.pick<Fault>([
    { kind: 'template change', component, verbosity: random.whole(1, 3) },
    { kind: 'bad template', component, for: lasts },
    { kind: 'pause', for: lasts },
  ]);
  return { at: SETTLED + random.whole(0, 5_000), fault };
}

/** What people change in the spec, one to three times: some while the last change is under way still. */
export function changesOf(random: SeededRandom, components: readonly PairComponent[]): PlannedFault[] {
  const changes: PlannedFault[] = [];
  let at = FIRST_CHANGE + random.between(0, 10_000);
  for (let left = random.whole(1, 3); left > 0; left--) {
    const fault = changeOf(random, random.pick(components));
    changes.push({ at: Math.round(at), fault }, ...companionsOf(random, at, fault));
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
    { kind: 'plain', component, for: lasts + random.whole(0, 20_000) },
    { kind: 'plain', component, for: lasts + random.whole(0, 20_000) },
  ]);
}

/** Somebody of the pair, out of sight, who may not know that its form has changed, and learns late of what it does know. */
function companionsOf(random: SeededRandom, at: number, fault: Fault): PlannedFault[] {
  if (fault.kind !== 'plain' || random.chance(0.3)) return [];
  const target: Target = { component: fault.component, who: random.pick(['active', 'standby', 'standby'] as const) };
  const orphan: Fault = { kind: 'pod orphan', target, for: random.whole(10_000, 60_000) };
  if (random.chance(0.3)) return [{ at: Math.round(at + random.between(-1_000, 4_000)), fault: orphan }];
  const deaf = Math.round(at + random.between(-500, 1_000));
  const stall: Fault = { kind: 'watch stall', target, for: random.whole(10_000, 25_000) };
  return [
    { at: deaf, fault: stall },
    { at: deaf + random.whole(50, 800), fault: orphan },
  ];
}
