/**
 * What the agent knows of the daemon in its keeping, and how an order or a report changes that: the pure part between a
 * decision and the FIFOs.
 */
import type { Milliseconds } from '../kube/clock.ts';
import type { Order as Ordered, Tenure } from './decision.ts';
import * as view from './guard/daemon-view.ts';
import type { Order, Report } from './guard/message.ts';

export interface Custody {
  readonly guardState: view.GuardState;
  /** The claim under which the daemon was started last, or which it was extended by. One claim starts one daemon. */
  readonly startedUnder: string | undefined;
}

export const initialCustody: Custody = { guardState: view.initialGuardState, startedUnder: undefined };

/** An order that carries out a decision, and what is known once it was sent, or could not be sent. */
export interface Ordering {
  readonly order: Order;
  readonly sent: Custody;
  readonly unsent: Custody;
}

/**
 * Words the order that a decision demands.
 * @param sequence higher than that of any order sent before
 * @returns nothing when there is no guard to obey it, or no tenure to start or extend a daemon under
 */
export function ordering(
  verb: Ordered,
  tenure: Tenure,
  custody: Custody,
  sequence: number,
  now: Milliseconds,
): Ordering | undefined {
  const { guardState } = custody;
  const { guard, daemon } = guardState;
  if (verb === 'ask') return { order: { verb: 'state?', sequence }, sent: custody, unsent: custody };
  if (guard.kind !== 'present') return undefined;
  if (verb === 'stop') {
    const sent = { ...custody, guardState: view.stopOrdered(guardState, sequence, now) };
    return { order: { verb, guard: guard.id, sequence }, sent, unsent: custody };
  }
  if (tenure.kind !== 'active') return undefined;
  const { claim, term } = tenure;
  const order = { guard: guard.id, sequence, term, claim, deadline: Math.floor(tenure.until / 10) };
  const deadline = order.deadline * 10;
  if (verb === 'start') {
    return {
      order: { ...order, verb },
      sent: { guardState: view.startOrdered(guardState, { sequence, claim, deadline }, now), startedUnder: claim },
      // There is no guard after all: this claim has had its start.
      unsent: { guardState: { ...guardState, guard: { kind: 'absent' } }, startedUnder: claim },
    };
  }
  if (daemon.kind !== 'running') return undefined;
  const extended = { guardState: view.extended(guardState, claim, deadline), startedUnder: claim };
  return { order: { ...order, verb }, sent: extended, unsent: custody };
}

/**
 * Takes in a report.
 * @param lifelineHeld whether any process holds the lifeline's write end at this moment
 * @param askedBy the sequence number of the newest `state?`
 */
export function reportedTo(
  custody: Custody,
  report: Report,
  lifelineHeld: boolean,
  askedBy: number,
  now: Milliseconds,
): Custody {
  const guardState = view.reported(custody.guardState, report, lifelineHeld, askedBy, now);
  const found = report.verb === 'state' && report.running ? report.claim : undefined;
  return { guardState, startedUnder: custody.startedUnder ?? found };
}
