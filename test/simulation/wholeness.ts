import { annotations, type PairComponent } from '../../src/api/names.ts';
import type { Part } from './recovery-bounds.ts';
import { statusProblem } from './status-problem.ts';
import type { World } from './world.ts';

/** Something that a user would complain about. */
export interface Lack {
  readonly component: PairComponent;
  readonly part: Part;
  readonly what: string;
}

/** Everything that keeps a world from being whole; what follows from another lack is left out. */
export function whatIsLacking(world: World): Lack[] {
  const pairs = world.components.map((component) => lackOfPair(world, component)).filter((lack) => lack !== undefined);
  if (pairs.length > 0) return pairs;
  const subscriber = lackOfSubscriber(world);
  if (subscriber) return [subscriber];
  const untrue = statusProblem(world);
  return untrue === undefined ? [] : world.components.map((component) => ({ component, part: 'status', what: untrue }));
}

function lackOfPair(world: World, component: PairComponent): Lack | undefined {
  const lack = (part: Part, what: string): Lack => ({ component, part, what });
  const [daemon, ...others] = world.invariants.livingDaemons(component);
  if (daemon === undefined || others.length > 0) return lack('active', `${others.length + (daemon ? 1 : 0)} daemons`);
  const { identity } = world.holderOf(component) ?? {};
  if (identity?.uid !== daemon.podUid) return lack('active', 'the Lease does not name the pod of the daemon');
  const slice = world.sliceOf(component);
  if (slice?.endpoints?.[0]?.addresses[0] !== identity.ip)
    return lack('active', 'the slice does not name the pod of the daemon');
  const term = world.leaseOf(component)?.spec?.leaseTransitions ?? 0;
  if (Number(slice.metadata.annotations?.[annotations.term] ?? 0) !== term)
    return lack('active', 'the slice has another term than the Lease');
  if (!daemon.serving) return lack('daemon', 'it does not serve');
  const sets = world.statefulSets.filter((set) => set.component === component);
  const unready = sets.find(({ pod }) => pod?.ready !== true);
  if (unready) return lack('standby', `${unready.name} is not ready`);
  const outdated = sets.find(({ pod, template }) => pod?.identity.configuration.template !== template);
  if (outdated) return lack('standby', `${outdated.name} is of an old template`);
  const { leaseDurationSeconds } = world.impalaCluster.spec[component].highAvailability;
  const unrolled = sets.find(({ pod }) => pod?.identity.configuration.leaseDurationSeconds !== leaseDurationSeconds);
  if (unrolled) return lack('standby', `${unrolled.name} has not got the times that the spec says`);
  const { v } = world.impalaCluster.spec[component].flags ?? {};
  const unflagged = v === undefined ? undefined : sets.find(({ command }) => !command.includes(`-v=${v}`));
  return unflagged && lack('standby', `${unflagged.name} has not got the flag that the spec says`);
}

function lackOfSubscriber(world: World): Lack | undefined {
  const [statestored] = world.invariants.livingDaemons('statestore');
  for (const { name, process, registeredWith, knownCatalogd } of world.daemons.subscribers) {
    if (!process.alive) continue;
    if (registeredWith?.daemon !== statestored)
      return { component: 'statestore', part: 'subscribers', what: `${name} is not registered` };
    const coordinator = name.startsWith('coordinator') && world.components.includes('catalog');
    if (coordinator && !knownCatalogd?.alive)
      return { component: 'catalog', part: 'subscribers', what: `${name} does not know the catalogd` };
  }
  return undefined;
}
