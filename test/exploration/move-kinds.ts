/** The kinds of moves, by which a trace is written down and played again. */
import { FAULTS, type Fault, type Pod, type World } from './world.ts';

/** The kinds of moves. A move's number is its place here times four, plus the slot of its pod (3: nobody's). */
export const MOVES = [
  'tick',
  'tick, clock behind',
  'look',
  'read seen',
  'read answered',
  'read failed',
  'write lands',
  'write answered',
  'write unanswered',
  'write refused',
  'late write lands',
  'second late write lands',
  'watch sees',
  'watch shows',
  'guard obeys',
  'report read',
  'lifeline end noticed',
  'daemon crashes',
  'daemon hangs',
  'agent restarts',
  'guard dies',
  'guard starts',
  'guard told to end',
  'guard exits',
  'drain',
  'lease emptied',
  'lease given to a stranger',
  'lease given back',
  'renewTime edited',
  'lease copied',
  'copy written back',
  'lease deleted',
  'lease remade',
  'lease remade, term behind',
  'force-deleted',
  'round begins',
  'first member asked',
  'second member asked',
  'round ends',
  'node lost',
  'gone noted',
  'slice read',
  'slice write lands',
  'slice write given up',
] as const;
export type Move = (typeof MOVES)[number];

export const NUMBER = Object.fromEntries(MOVES.map((move, index) => [move, index * 4])) as Record<Move, number>;
/** In the place of a pod. */
export const NOBODY = 3;
const FAULT = Object.fromEntries(FAULTS.map((fault, index) => [fault, index])) as Record<Fault, number>;
export type Emit = (move: number, world: World, broken?: string) => void;

/** A move of one pod: what it changes in copies of the world and the pod, and what is broken by it. */
export type PodMove = (kind: Move, change: (world: World, pod: Pod) => string | undefined | void) => void;

export const affordable = (world: World, fault: Fault): boolean => world.budget[FAULT[fault]]! > 0;

export const paid = (world: World, fault: Fault): readonly number[] =>
  world.budget[FAULT[fault]] === Infinity
    ? world.budget
    : world.budget.with(FAULT[fault], world.budget[FAULT[fault]]! - 1);

/** What a move's number stands for. */
export const moveOf = (number: number): { kind: Move; slot: number } => ({
  kind: MOVES[number >> 2]!,
  slot: number & 3,
});
