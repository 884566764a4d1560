/** guard.sh's rules as pure functions, without pre-flight text and signals. Its times are hundredths of a second. */
import type { Order, Report } from '../../src/agent/guard/message.ts';

export interface Guard {
  readonly id: string;
  /** Whether the container runs. */
  readonly present: boolean;
  /** Whether the daemon's process lives. */
  readonly alive: boolean;
  readonly startedBy: number;
  readonly claim: string;
  readonly deadline: number;
  readonly lastSequence: number;
  /** Whether it has been told to end with its container: it starts nothing any more. */
  readonly terminating: boolean;
}

export interface Answered {
  readonly guard: Guard;
  readonly reports: readonly Report[];
}

export const newGuard = (id: string): Guard => ({
  id,
  present: true,
  alive: false,
  startedBy: 0,
  claim: '-',
  deadline: 0,
  lastSequence: 0,
  terminating: false,
});

export const greeting = (guard: Guard): Report[] => [
  { verb: 'hello', guard: guard.id },
  { verb: 'preflight', guard: guard.id, outcome: 'passed', text: '' },
];

/** The daemon's end, by itself or by the guard's hand, reaped and reported. */
export const ended = (guard: Guard, code: number): Answered => ({
  guard: { ...guard, alive: false },
  reports: [{ verb: 'exited', guard: guard.id, startedBy: guard.startedBy, code }],
});

/** The dead man's switch. */
export const pastDeadline = (guard: Guard, now: number): boolean => guard.alive && now >= guard.deadline;

/** `obey` of guard.sh: one order. The daemon's deadline has been looked at before. */
export function obeyed(guard: Guard, order: Order, now: number): Answered {
  const { id } = guard;
  if (order.verb === 'state?') {
    const { startedBy, claim, deadline, alive: running } = guard;
    const state = { startedBy, claim, deadline, running, sequence: order.sequence, preflight: 'passed' } as const;
    return { guard, reports: [{ verb: 'state', guard: id, ...state }] };
  }
  if (order.guard !== id || order.sequence <= guard.lastSequence) return { guard, reports: [] };
  const { sequence } = order;
  const next = { ...guard, lastSequence: sequence };
  switch (order.verb) {
    case 'start':
      if (guard.alive) return { guard: next, reports: [{ verb: 'running', guard: id, sequence: guard.startedBy }] };
      if (guard.terminating || now >= order.deadline) return { guard: next, reports: [stopped(id, sequence, 'late')] };
      return {
        guard: { ...next, alive: true, startedBy: sequence, claim: order.claim, deadline: order.deadline },
        reports: [{ verb: 'running', guard: id, sequence }],
      };
    case 'extend':
      if (!guard.alive) return { guard: next, reports: [stopped(id, sequence, 'idle')] };
      return {
        guard: { ...next, claim: order.claim, deadline: Math.max(guard.deadline, order.deadline) },
        reports: [{ verb: 'extended', guard: id, sequence }],
      };
    case 'stop': {
      const death = guard.alive ? ended(next, 137) : { guard: next, reports: [] };
      return { guard: death.guard, reports: [...death.reports, stopped(id, sequence, 'ordered')] };
    }
  }
}

const stopped = (guard: string, sequence: number, reason: string): Report => ({
  verb: 'stopped',
  guard,
  sequence,
  reason,
});
