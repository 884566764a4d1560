/** The test of the normal form: two worlds that it takes for one must have the very same futures. */
import { Encoder } from './encoding/encoder.ts';
import { Moves } from './moves.ts';
import { prepared } from './prepare.ts';
import { product } from './protocol.ts';
import type { World, WorldOptions } from './world.ts';

export interface Comparison {
  readonly states: number;
  /** How many worlds were compared with the one that stands for them. */
  readonly compared: number;
  /** The first difference, in hexadecimal, where there is one. */
  readonly difference: string | undefined;
}

/** Searches a world breadth-first, keeping every state, and compares one in so many that are reached again. */
export function compareFutures(options: WorldOptions, limit: number, oneIn: number): Comparison {
  const encoder = new Encoder(options, false);
  const moves = new Moves(options, product);
  const form = (world: World): string => {
    encoder.encode(world);
    return Buffer.from(encoder.bytes.subarray(0, encoder.length)).toString('latin1');
  };
  const futures = (world: World): string[] => {
    const found: string[] = [];
    moves.from(world, (move, next) => found.push(`${String.fromCharCode(move)}${form(next)}`));
    return found;
  };
  const start = prepared(options, product);
  const stands = new Map([[form(start), start]]);
  const queue = [start];
  let [again, compared] = [0, 0];
  let difference: string | undefined;
  for (const world of queue) {
    if (stands.size >= limit || difference !== undefined) break;
    moves.from(world, (_, next) => {
      const known = stands.get(form(next));
      if (known === undefined) {
        stands.set(form(next), next);
        queue.push(next);
        return;
      }
      if (again++ % oneIn !== 0 || difference !== undefined) return;
      compared++;
      const [one, other] = [futures(known), futures(next)];
      const at = one.findIndex((future, index) => future !== other[index]);
      if (at >= 0 || one.length !== other.length) difference = `${hexadecimal(one[at])}\n${hexadecimal(other[at])}`;
    });
  }
  return { states: stands.size, compared, difference };
}

const hexadecimal = (text = ''): string => Buffer.from(text, 'latin1').toString('hex');
