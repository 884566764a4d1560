/** A counterexample as text: a line an event, then where each pod and the Lease stand after it. */
import type { Lease } from '../../src/kube/kubernetes-object.ts';
import { sliceTerm } from './lease-store.ts';
import { moveOf } from './move-kinds.ts';
import type { Moves } from './moves.ts';
import { SLOTS, TICK, type Pod, type World } from './world.ts';

export interface Trace {
  readonly broken: string;
  /** How many events it takes. */
  readonly length: number;
  readonly text: string;
}

/** Plays the moves of a path again and writes down what happens. */
export function traceOf(start: World, path: readonly number[], moves: Moves, broken: string): Trace {
  const lines = [`   ${'start'.padEnd(34)} ${stand(start)}`];
  let world = start;
  path.forEach((number, index) => {
    let next: World | undefined;
    moves.from(world, (move, candidate) => {
      if (move === number) next ??= candidate;
    });
    if (next === undefined) throw new Error('a trace that cannot be played again');
    world = next;
    const { kind, slot } = moveOf(number);
    const event = slot < SLOTS.length ? `${SLOTS[slot]}: ${kind}` : kind;
    lines.push(`${String(index + 1).padStart(2)} ${event.padEnd(34)} ${stand(world)}`);
  });
  return { broken, length: path.length, text: [...lines, `   ${broken}`].join('\n') };
}

const stand = (world: World): string =>
  [
    ...world.pods.map((pod, slot) => (pod.exists ? `${SLOTS[slot]} ${podStands(pod)}` : '')),
    `Lease ${leaseStands(world.lease)}`,
    sliceTerm(world.slice) > 0 ? `slice term ${sliceTerm(world.slice)}` : '',
  ]
    .filter((text) => text !== '')
    .join(' | ');

function podStands(pod: Pod): string {
  const { election, guard, call, orders } = pod;
  const daemon = guard.alive ? `daemon runs for ${(guard.deadline * 10 - pod.clock) / TICK}` : 'no daemon';
  const calling = call === undefined ? '' : call.kind === 'read' ? ', reads' : `, ${call.write} ${callStands(call)}`;
  const waiting = orders.length > 0 ? `, orders: ${orders.map(({ verb }) => verb).join(' ')}` : '';
  const late = pod.late.length > 0 ? ', a late write' : '';
  return `${election.standing.kind}, ${daemon}${calling}${late}${waiting}`;
}

const callStands = ({ outcome }: Extract<Pod['call'], { kind: 'write' }>): string =>
  outcome === undefined ? 'on its way' : outcome === 'conflict' ? 'in conflict' : 'done';

function leaseStands(lease: Lease | undefined): string {
  if (lease === undefined) return 'gone';
  const { holderIdentity, leaseTransitions } = lease.spec ?? {};
  return `${holderIdentity || 'nobody'}, term ${leaseTransitions ?? 0}`;
}
