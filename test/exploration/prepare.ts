import type { Protocol } from './protocol.ts';
import { copyOf, moveOf, Moves, NOBODY } from './moves.ts';
import { freshWorld, newAgent, type World, type WorldOptions } from './world.ts';

const ORDINARY = ['watch sees', 'watch shows', 'read seen', 'read answered', 'write lands', 'write answered', 'look'];
const GUARDS = ['report read', 'guard obeys', 'slice read', 'slice write lands'];

/** Where a search begins. What leads there is done by the same moves. */
export function prepared(options: WorldOptions, protocol: Protocol): World {
  const { begins = 'active' } = options;
  let world = freshWorld(options);
  const moves = new Moves(options, protocol);
  const until = (slot: number, done: (world: World) => boolean): void => {
    for (let step = 0; step < 60 && !done(world); step++) world = ordinaryMove(world, moves, slot) ?? world;
    if (!done(world)) throw new Error(`the world does not come to where the search is to begin: ${options.name}`);
  };
  const activate = (): void => {
    until(0, (now) => standsBy(now, 0) && now.pods[0]!.guard.alive);
    until(1, (now) => standsBy(now, 1));
  };
  if (begins === 'ordered') {
    until(1, (now) => standsBy(now, 1));
    until(0, ({ pods }) => pods[0]!.orders[0]?.verb === 'start');
  } else if (begins === 'active') {
    activate();
  } else if (begins === 'overtaken') {
    activate();
    world = restarted({ ...world, copy: copyOf(world.lease!) }, 0);
    until(0, ({ pods }) => pods[0]!.custody.guardState.daemon.kind === 'running');
    for (let tick = 0; tick < 5 && !world.pods[1]!.guard.alive; tick++) {
      world = named(world, moves, NOBODY, ['tick']) ?? world;
      for (let step = 0; step < 8; step++) world = ordinaryMove(world, moves, 1) ?? world;
    }
    until(1, (now) => standsBy(now, 1) && now.pods[1]!.guard.alive);
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
