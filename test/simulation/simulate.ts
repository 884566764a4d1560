import { endOf } from './faults/fault.ts';
import { scenarioOf, type Scenario } from './faults/plan.ts';
import { Strikes } from './faults/strike.ts';
import type { Violation } from './invariants.ts';
import type { Coverage } from './report/coverage.ts';
import type { Trace } from './report/trace.ts';
import { dueAt, outageEnd, podsDueAt, type Struck } from './recovery-bounds.ts';
import { whatIsLacking } from './wholeness.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** How much time has passed in it. */
  readonly milliseconds: number;
  readonly steps: number;
  /** From the end of all faults until everything was whole. */
  readonly recovery: number | undefined;
}

/** Containers that have died often are started again that late; a pair may wait for the end of an outage. */
const LONGEST_BACK_OFF = 500_000;
/** A pod that has gone is followed by another within that, where there is a node. */
const MADE_ANEW = 3_000;
/** How long what is whole has to stay so. */
const STAYS_WHOLE = 3_000;

export const simulate = (seed: number, watchers: { coverage?: Coverage; trace?: Trace } = {}): Promise<Outcome> =>
  simulateScenario(scenarioOf(seed), watchers);

/** Runs one world from its beginning until it is whole again after the last fault, or a rule was broken. Never throws. */
export async function simulateScenario(
  scenario: Scenario,
  watchers: { coverage?: Coverage; trace?: Trace } = {},
): Promise<Outcome> {
  const world = new World(scenario, watchers);
  const { timeline, invariants } = world;
  const defect = (error: unknown): void =>
    invariants.violate('defect', error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on('unhandledRejection', defect);
  let recovery: number | undefined;
  const stop = (): boolean => {
    invariants.check();
    return invariants.violation !== undefined;
  };
  try {
    await world.start();
    const end = Math.max(12_000, endOf(scenario.plan));
    const strikes = new Strikes(world);
    strikes.plan(scenario.plan, end);
    await timeline.run(end, stop);
    world.weather.calm();
    if (!invariants.violation) recovery = await recover(world, strikes.struck, stop);
  } catch (error) {
    defect(error);
  } finally {
    process.off('unhandledRejection', defect);
  }
  const { violation } = invariants;
  return { seed: scenario.seed, violation, milliseconds: timeline.now, steps: timeline.steps, recovery };
}

/** Waits until everything is whole. @returns how long that took */
async function recover(world: World, struck: readonly Struck[], stop: () => boolean): Promise<number | undefined> {
  const { timeline, invariants } = world;
  const end = timeline.now;
  let wholeSince: number | undefined;
  let waited = 0;
  while (timeline.now < end + LONGEST_BACK_OFF) {
    await timeline.run(timeline.now + 500, stop);
    if (invariants.violation) return undefined;
    const { now } = timeline;
    if (!containersRun(world)) {
      wholeSince = undefined;
      const missing = world.statefulSets.find(
        ({ pod, podGoneAt }) => !pod && now > Math.max(podsDueAt(struck), podGoneAt + MADE_ANEW),
      );
      if (missing) invariants.violate('not whole again', `${missing.name} is not there`);
      continue;
    }
    const lacking = whatIsLacking(world);
    if (lacking.length === 0) {
      wholeSince ??= now;
      if (now - wholeSince >= STAYS_WHOLE) return wholeSince - end;
      continue;
    }
    wholeSince = undefined;
    for (const { component, part, what } of lacking) {
      const due = part === 'active' ? outageEnd(world, component) : undefined;
      if (due !== undefined && now < due) waited = now;
      const late = now - dueAt(world, { component, part }, struck, waited);
      if (late > 0)
        invariants.violate('not whole again', `${part} of ${component} is ${Math.round(late)} ms late: ${what}`);
    }
  }
  invariants.violate('not whole again', 'containers do not run');
  return undefined;
}

const containersRun = (world: World): boolean =>
  world.statefulSets.every(({ pod }) => pod?.agent !== undefined && pod.guard !== undefined);
