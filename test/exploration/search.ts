/** Breadth-first through every interleaving: a state that breaks an invariant is found by a shortest trace. */
import { tenureOf } from './agent-model.ts';
import { Coverage } from './coverage.ts';
import { Encoder } from './encoding/encoder.ts';
import { Moves } from './moves.ts';
import { prepared } from './prepare.ts';
import { product, type Protocol } from './protocol.ts';
import { traceOf, type Trace } from './trace.ts';
import { Visited } from './visited.ts';
import type { World, WorldOptions } from './world.ts';

export interface Outcome {
  readonly world: string;
  readonly states: number;
  /** Worlds reached, counting every way to each. */
  readonly moves: number;
  /** How many moves the farthest state is away. */
  readonly depth: number;
  /** Whether there is no state left to look at. */
  readonly exhausted: boolean;
  readonly broken: Trace | undefined;
  /** How often each state of a member was met, once for each world. */
  readonly met: Coverage['states'];
  readonly seconds: number;
}

/** What must never be. */
export function brokenInvariant(world: World, protocol: Protocol, { tenures }: WorldOptions): string | undefined {
  const alive = world.pods.filter((pod) => pod.exists && pod.guard.alive);
  if (alive.length > 1) return 'two daemons of the pair are alive';
  if (tenures && world.pods.filter((pod) => pod.exists && tenureOf(pod, protocol).kind === 'active').length > 1) {
    return 'two members count as active';
  }
  const late = alive.find((pod) => pod.clock >= pod.guard.deadline * 10);
  return late && `the daemon of ${late.member} has outlived its guard's deadline`;
}

/** @param limit how many states are looked at, at most */
export function explore(options: WorldOptions, limit: number, protocol: Protocol = product): Outcome {
  const began = performance.now();
  const visited = new Visited();
  const encoder = new Encoder(options, protocol !== product);
  const moves = new Moves(options, protocol);
  const history = new History();
  const coverage = new Coverage();
  const start = prepared(options, protocol);
  let level = [start];
  let levelBegins = 0;
  let [depth, reached] = [0, 0];
  let broken: string | undefined;
  encoder.encode(start);
  visited.add(encoder.bytes, encoder.length);
  history.add(-1, 0);

  while (level.length > 0 && broken === undefined && history.length < limit) {
    const next: World[] = [];
    for (let index = 0; index < level.length && broken === undefined && history.length < limit; index++) {
      moves.from(level[index]!, (move, world, fault) => {
        reached++;
        if (broken !== undefined) return;
        encoder.encode(world);
        if (!visited.add(encoder.bytes, encoder.length) && fault === undefined) return;
        history.add(levelBegins + index, move);
        next.push(world);
        coverage.met(world, protocol);
        broken = fault ?? brokenInvariant(world, protocol, options);
      });
    }
    if (broken === undefined && history.length >= limit) break;
    levelBegins += level.length;
    level = next;
    if (next.length > 0) depth++;
  }
  const path = history.path();
  return {
    world: options.name,
    states: history.length,
    moves: reached,
    depth,
    exhausted: level.length === 0,
    broken: broken === undefined ? undefined : traceOf(start, path, moves, broken),
    met: coverage.states,
    seconds: (performance.now() - began) / 1000,
  };
}

/** From which state each was reached first, and by which move. */
class History {
  length = 0;
  private parents = new Int32Array(1 << 16);
  private moves = new Uint8Array(1 << 16);

  add(parent: number, move: number): void {
    if (this.length === this.parents.length) {
      const [parents, moves] = [this.parents, this.moves];
      this.parents = new Int32Array(parents.length * 2);
      this.moves = new Uint8Array(moves.length * 2);
      this.parents.set(parents);
      this.moves.set(moves);
    }
    this.parents[this.length] = parent;
    this.moves[this.length++] = move;
  }

  /** The moves that lead to the newest state. */
  path(): number[] {
    const path: number[] = [];
    for (let at = this.length - 1; at > 0; at = this.parents[at]!) path.push(this.moves[at]!);
    return path.reverse();
  }
}
