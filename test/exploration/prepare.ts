import { annotations } from '../../src/api/names.ts';
import { rosterOf } from '../../src/kube/election/roster.ts';
import type { Protocol } from './protocol.ts';
import { copyOf, remade } from './lease-store.ts';
import { moveOf, NOBODY } from './move-kinds.ts';
import { Moves } from './moves.ts';
import { freshWorld, newAgent, TICK, type World, type WorldOptions } from './world.ts';

const ORDINARY = ['watch sees', 'watch shows', 'read seen', 'read answered', 'write lands', 'write answered', 'look'];
const GUARDS = ['report read', 'guard obeys', 'slice read', 'slice write lands'];

const WITH_REPLACEMENT: readonly string[] = ['replaced', 'outliving', 'signed in', 'changing', 'remade', 'reclaiming'];

/** Where a search begins. What leads there is done by the same moves. */
export function prepared(options: WorldOptions, protocol: Protocol): World {
  const { begins = 'active' } = options;
  let world = freshWorld(options);
  // With a watch that is shown everything, so that b has seen what a has written last.
  const moves = new Moves(options.maxOutage ? { ...options, watch: 'now', cutOff: [] } : options, protocol);
  const until = (slot: number, done: (world: World) => boolean): void => {
    for (let step = 0; step < 60 && !done(world); step++) world = ordinaryMove(world, moves, slot) ?? world;
    if (!done(world)) throw new Error(`the world does not come to where the search is to begin: ${options.name}`);
  };
  const activate = (): void => {
    until(0, (now) => standsBy(now, 0) && now.pods[0]!.guard.alive);
    until(1, (now) => standsBy(now, 1));
    if (!options.maxOutage) return;
    // Once b has signed in, a takes it on its roster.
    world = named(world, moves, NOBODY, ['tick'])!;
    until(0, (now) => standsBy(now, 0) && rosterOf(now.lease, annotations.roster).length === 2);
    until(1, (now) => standsBy(now, 1));
  };
  const overtake = (): void => {
    for (let tick = 0; tick < 8 && !world.pods[1]!.guard.alive; tick++) {
      world = named(world, moves, NOBODY, ['tick']) ?? world;
      for (let step = 0; step < 8; step++) world = ordinaryMove(world, moves, 1) ?? world;
    }
    until(1, (now) => standsBy(now, 1) && now.pods[1]!.guard.alive);
  };
  const outliving = (): World => {
    const { confirmedSentAt, maxOutage } = { confirmedSentAt: world.pods[0]!.clock, maxOutage: options.maxOutage![0] };
    const by = (slot: number, kind: string): void => void (world = named(world, moves, slot, [kind]) ?? world);
    by(NOBODY, 'tick');
    by(0, 'look');
    by(0, 'write lands');
    by(1, 'watch shows');
    until(2, ({ lease, pods }) => pods[2]!.call?.kind === 'write' && pods[2]!.election.observation?.lease === lease);
    while (world.pods[0]!.clock < confirmedSentAt + (maxOutage - 1) * TICK) {
      by(NOBODY, 'tick');
      const { clock, guard } = world.pods[0]!;
      if (guard.deadline * 10 <= clock + TICK) by(0, 'round begins');
    }
    return world;
  };
  if (begins === 'ordered') {
    until(1, (now) => standsBy(now, 1));
    until(0, ({ pods }) => pods[0]!.orders[0]?.verb === 'start');
  } else if (begins === 'active') {
    activate();
  } else if (WITH_REPLACEMENT.includes(begins)) {
    activate();
    const replacement = { ...world.pods[2]!, exists: true };
    world = { ...world, pods: world.pods.with(2, replacement) };
    until(2, ({ pods }) => pods[2]!.call?.kind === 'write');
    if (begins === 'replaced') return world;
    if (begins === 'outliving') return outliving();
    if (begins === 'remade' || begins === 'reclaiming') world = remade(world, protocol);
    until(2, (now) => standsBy(now, 2));
    if (begins === 'signed in' || begins === 'remade') return world;
    until(0, ({ pods }) => pods[0]!.call?.kind === 'write');
  } else if (begins === 'overtaken') {
    activate();
    world = restarted({ ...world, copy: copyOf(world.lease!) }, 0);
    until(0, ({ pods }) => pods[0]!.custody.guardState.daemon.kind === 'running');
    overtake();
  } else if (begins === 'released') {
    activate();
    overtake();
    world = named(world, moves, 1, ['daemon crashes']) ?? world;
    until(1, ({ lease, pods }) => lease?.spec?.holderIdentity === '' && pods[1]!.call === undefined);
  }
  return world;
}

const standsBy = ({ pods, lease }: World, slot: number): boolean => {
  const { call, orders, reports, election } = pods[slot]!;
  return call === undefined && orders.length + reports.length === 0 && election.observation?.lease === lease;
};

function restarted(world: World, slot: number): World {
  const pods = world.pods.with(slot, { ...world.pods[slot]!, ...newAgent() });
  return { ...world, pods };
}

const ordinaryMove = (world: World, moves: Moves, slot: number): World | undefined =>
  named(world, moves, slot, [...GUARDS, ...ORDINARY]);

/** The first of these moves that can be made. */
function named(world: World, moves: Moves, slot: number, kinds: readonly string[]): World | undefined {
  const found = new Map<string, World>();
  moves.from(world, (number, next) => {
    const { kind, slot: of } = moveOf(number);
    if (of === slot) found.set(kind, next);
  });
  for (const kind of kinds) {
    const next = found.get(kind);
    if (next !== undefined) return next;
  }
  return undefined;
}
