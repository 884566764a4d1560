import { annotations, type PairComponent } from '../../src/api/names.ts';
import { endOf } from './faults/fault.ts';
import { scenarioOf, type Scenario } from './faults/plan.ts';
import { Strikes } from './faults/strike.ts';
import type { Violation } from './invariants.ts';
import type { Coverage } from './report/coverage.ts';
import type { Trace } from './report/trace.ts';
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

/** Containers that have died often are started again that late. */
const LONGEST_BACK_OFF = 200_000;
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
    new Strikes(world).plan(scenario.plan, end);
    await timeline.run(end, stop);
    if (!invariants.violation) recovery = await recover(world, stop);
  } catch (error) {
    defect(error);
  } finally {
    process.off('unhandledRejection', defect);
  }
  const { violation } = invariants;
  return { seed: scenario.seed, violation, milliseconds: timeline.now, steps: timeline.steps, recovery };
}

/** Waits until everything is whole. @returns how long that took */
async function recover(world: World, stop: () => boolean): Promise<number | undefined> {
  const { timeline, invariants } = world;
  const end = timeline.now;
  let upSince: number | undefined;
  let wholeSince: number | undefined;
  while (timeline.now < end + LONGEST_BACK_OFF) {
    await timeline.run(timeline.now + 500, stop);
    if (invariants.violation) return undefined;
    const { now } = timeline;
    if (!containersRun(world)) {
      upSince = wholeSince = undefined;
      continue;
    }
    upSince ??= now;
    const missing = whatIsMissing(world);
    if (missing === undefined) {
      wholeSince ??= now;
      if (now - wholeSince >= STAYS_WHOLE) return wholeSince - end;
    } else {
      wholeSince = undefined;
      if (now - upSince > bound(world)) {
        invariants.violate(
          'not whole again',
          `${((now - upSince) / 1000).toFixed(0)} s after everything ran: ${missing}`,
        );
        return undefined;
      }
    }
  }
  invariants.violate('not whole again', 'containers do not run');
  return undefined;
}

const containersRun = (world: World): boolean =>
  world.statefulSets.every(({ pod }) => pod?.agent !== undefined && pod.guard !== undefined);

/** How long the pairs and their subscribers may take once all containers run. */
function bound(world: World): number {
  const durations = world.components.map((component) => world.leaseOf(component)?.spec?.leaseDurationSeconds ?? 0);
  const own = world.statefulSets.map(({ configuration }) => configuration.leaseDurationSeconds);
  const retry = Math.max(...world.statefulSets.map(({ configuration }) => configuration.retryPeriodSeconds));
  // Twice a lease where the member that is left could not pass its pre-flight; up to a minute after failed starts.
  const failed = world.statefulSets.some(({ component }) => hasFailedStarts(world, component)) ? 62 : 0;
  const lease = Math.max(...durations, ...own) * 1.05;
  const subscribers = 5 + 5 + 2 + 10;
  // How often a holder looks whether somebody has edited its slice.
  const review = 31;
  return (2 * lease + 2 * retry + failed + 10 + subscribers + review) * 1000;
}

const hasFailedStarts = (world: World, component: PairComponent): boolean =>
  ['a', 'b'].some((member) =>
    world.leaseOf(component)?.metadata.annotations?.[annotations.signIn(member as 'a' | 'b')]?.includes('failedStart'),
  );

/** What a user would complain about; nothing when all is well. */
function whatIsMissing(world: World): string | undefined {
  for (const component of world.components) {
    const problem = pairProblem(world, component);
    if (problem !== undefined) return `${component}: ${problem}`;
  }
  const [statestored] = world.invariants.livingDaemons('statestore');
  for (const { name, process, registeredWith, knownCatalogd } of world.subscribers) {
    if (!process.alive) continue;
    if (registeredWith?.daemon !== statestored) return `${name} is not registered`;
    const coordinator = name.startsWith('coordinator') && world.components.includes('catalog');
    if (coordinator && !knownCatalogd?.alive) return `${name} does not know the catalogd`;
  }
  return undefined;
}

function pairProblem(world: World, component: PairComponent): string | undefined {
  const [daemon, ...others] = world.invariants.livingDaemons(component);
  if (daemon === undefined || others.length > 0) return `${others.length + (daemon ? 1 : 0)} daemons`;
  if (!daemon.serving) return 'the daemon does not serve';
  const { identity } = world.holderOf(component) ?? {};
  if (identity?.uid !== daemon.podUid) return 'the Lease does not name the pod of the daemon';
  const slice = world.sliceOf(component);
  if (slice?.endpoints?.[0]?.addresses[0] !== identity.ip) return 'the slice does not name the pod of the daemon';
  const term = world.leaseOf(component)?.spec?.leaseTransitions ?? 0;
  if (Number(slice.metadata.annotations?.[annotations.term] ?? 0) !== term)
    return 'the slice has another term than the Lease';
  const unready = world.statefulSets.find((set) => set.component === component && set.pod?.ready !== true);
  return unready ? `${unready.name} is not ready` : undefined;
}
