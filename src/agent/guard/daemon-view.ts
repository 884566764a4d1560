/**
 * What the agent knows of its guard and of the daemon, as a pure function of what the guard reported, what the lifeline
 * showed and what was ordered. "There is no daemon" is only ever concluded from proof (P5).
 */
import type { Milliseconds } from '../../kube/clock.ts';
import type { Preflight, Report } from './message.ts';

export type GuardView =
  /** No container, or one whose guard has not said hello yet. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'present';
      readonly id: string;
      readonly preflight: Preflight;
      readonly preflightText: string;
      readonly since: Milliseconds;
      /** It was told to end with its pod: it starts nothing any more. */
      readonly terminating: boolean;
    };

/** How a daemon's end was proven. */
export interface Death {
  readonly at: Milliseconds;
  /** The exit code, where the guard lived to report it. */
  readonly code: number | undefined;
}

export type DaemonView =
  /** The agent has just started and the guard has not answered yet. */
  | { readonly kind: 'unknown' }
  /** Proven: no process of the daemon exists and no order that could start one is unanswered. */
  | { readonly kind: 'none'; readonly death: Death | undefined }
  /** A start was ordered and not answered: the daemon may come to life at any moment until the deadline. */
  | {
      readonly kind: 'starting';
      readonly sequence: number;
      readonly claim: string;
      readonly deadline: Milliseconds;
      readonly since: Milliseconds;
    }
  | { readonly kind: 'running'; readonly startedBy: number; readonly claim: string; readonly deadline: Milliseconds }
  /** A stop was ordered. `startAnswered` tells whether the end of the lifeline is proof already. */
  | {
      readonly kind: 'stopping';
      readonly sequence: number;
      readonly deadline: Milliseconds;
      readonly startAnswered: boolean;
      readonly since: Milliseconds;
    };

export interface GuardState {
  readonly guard: GuardView;
  readonly daemon: DaemonView;
}

export const initialGuardState: GuardState = { guard: { kind: 'absent' }, daemon: { kind: 'unknown' } };

/** How long after the deadline of an unanswered order the guard has surely dropped it or killed what it started. */
export const DEADLINE_MARGIN: Milliseconds = 1000;

/**
 * Takes in a report.
 * @param lifelineHeld whether any process holds the lifeline's write end at this moment
 * @param askedBy the sequence number of the newest `state?`: answers to older ones are ignored
 */
export function reported(
  state: GuardState,
  report: Report,
  lifelineHeld: boolean,
  askedBy: number,
  now: Milliseconds,
): GuardState {
  if (report.verb === 'hello') return greeted(report.guard, state, lifelineHeld, now);
  if (report.verb === 'state')
    return report.sequence === askedBy ? answeredState(state, report, lifelineHeld, now) : state;
  // A report of another run of the guard was overtaken by a hello.
  if (state.guard.kind !== 'present' || state.guard.id !== report.guard) return state;
  switch (report.verb) {
    case 'preflight':
      return { ...state, guard: { ...state.guard, preflight: report.outcome, preflightText: report.text } };
    case 'running':
      return { ...state, daemon: startAnswered(state.daemon, report.sequence, lifelineHeld, now) };
    case 'terminating':
      return { ...state, guard: { ...state.guard, terminating: true } };
    case 'extended':
      return state;
    case 'stopped':
      return { ...state, daemon: stopped(state.daemon, report.sequence, now) };
    case 'exited':
      return { ...state, daemon: exited(state.daemon, report.startedBy, report.code, now) };
  }
}

/**
 * A new guard in this pod: the container of the one before has ended, and a container ends only when every process in its
 * pid namespace is gone; an order to that guard is void. The lifeline has to agree all the same.
 */
function greeted(id: string, state: GuardState, lifelineHeld: boolean, now: Milliseconds): GuardState {
  const guard: GuardView = {
    kind: 'present',
    id,
    preflight: 'pending',
    preflightText: '',
    since: now,
    terminating: false,
  };
  return { guard, daemon: lifelineHeld ? { kind: 'unknown' } : dead(state.daemon, undefined, now) };
}

function answeredState(
  state: GuardState,
  report: Report & { verb: 'state' },
  lifelineHeld: boolean,
  now: Milliseconds,
): GuardState {
  const known = state.guard.kind === 'present' && state.guard.id === report.guard ? state.guard : undefined;
  const guard: GuardView = known
    ? { ...known, preflight: report.preflight }
    : {
        kind: 'present',
        id: report.guard,
        preflight: report.preflight,
        preflightText: '',
        since: now,
        terminating: false,
      };
  if (state.daemon.kind !== 'unknown') return { ...state, guard };
  const deadline = report.deadline * 10;
  if (report.running && lifelineHeld) {
    return { guard, daemon: { kind: 'running', startedBy: report.startedBy, claim: report.claim, deadline } };
  }
  return lifelineHeld ? { ...state, guard } : { guard, daemon: dead(state.daemon, undefined, now) };
}

function startAnswered(daemon: DaemonView, sequence: number, lifelineHeld: boolean, now: Milliseconds): DaemonView {
  if (daemon.kind === 'stopping') return { ...daemon, startAnswered: true };
  if (daemon.kind !== 'starting' || daemon.sequence !== sequence) return daemon;
  if (!lifelineHeld) return dead(daemon, undefined, now);
  return { kind: 'running', startedBy: sequence, claim: daemon.claim, deadline: daemon.deadline };
}

/** The guard answers in the order in which it was told: an answer to an order covers every earlier one. */
function stopped(daemon: DaemonView, sequence: number, now: Milliseconds): DaemonView {
  switch (daemon.kind) {
    case 'starting':
    case 'stopping':
      return sequence >= daemon.sequence ? dead(daemon, undefined, now) : daemon;
    case 'running':
      return sequence > daemon.startedBy ? dead(daemon, undefined, now) : daemon;
    case 'unknown':
    case 'none':
      return daemon;
  }
}

function exited(daemon: DaemonView, startedBy: number, code: number, now: Milliseconds): DaemonView {
  switch (daemon.kind) {
    case 'none':
      // The lifeline was faster: only the code is news.
      return daemon.death && daemon.death.code === undefined ? { ...daemon, death: { ...daemon.death, code } } : daemon;
    case 'running':
      return startedBy === daemon.startedBy ? dead(daemon, code, now) : daemon;
    case 'starting':
      return startedBy === daemon.sequence ? dead(daemon, code, now) : daemon;
    case 'stopping':
      return daemon.startAnswered ? dead(daemon, code, now) : daemon;
    case 'unknown':
      return daemon;
  }
}

/** The lifeline's last holder is gone. While a start is unanswered the daemon may be yet to come: that proves nothing. */
export function lifelineEnded(state: GuardState, now: Milliseconds): GuardState {
  const { daemon } = state;
  const proof = daemon.kind === 'running' || (daemon.kind === 'stopping' && daemon.startAnswered);
  return proof ? { ...state, daemon: dead(daemon, undefined, now) } : state;
}

/** The guard has closed its FIFOs. That says nothing of the daemon. */
export const reportsClosed = (state: GuardState): GuardState => ({ ...state, guard: { kind: 'absent' } });

/** An order that was never answered is void once its deadline has passed, if nobody holds the lifeline. */
export function overdue(state: GuardState, lifelineHeld: boolean, now: Milliseconds): GuardState {
  const { daemon } = state;
  if ((daemon.kind !== 'starting' && daemon.kind !== 'stopping') || lifelineHeld) return state;
  return now > daemon.deadline + DEADLINE_MARGIN ? { ...state, daemon: dead(daemon, undefined, now) } : state;
}

export const startOrdered = (
  state: GuardState,
  order: { sequence: number; claim: string; deadline: Milliseconds },
  now: Milliseconds,
): GuardState => ({ ...state, daemon: { kind: 'starting', ...order, since: now } });

/** A renewal was passed on: the guard takes over its claim and its deadline. */
export function extended(state: GuardState, claim: string, deadline: Milliseconds): GuardState {
  return state.daemon.kind === 'running' ? { ...state, daemon: { ...state.daemon, claim, deadline } } : state;
}

export function stopOrdered(state: GuardState, sequence: number, now: Milliseconds): GuardState {
  const { daemon } = state;
  if (daemon.kind !== 'running' && daemon.kind !== 'starting') return state;
  const answered = daemon.kind === 'running';
  return {
    ...state,
    daemon: { kind: 'stopping', sequence, deadline: daemon.deadline, startAnswered: answered, since: now },
  };
}

/** Keeps an earlier proof's time: what has died once does not die again. */
function dead(daemon: DaemonView, code: number | undefined, now: Milliseconds): DaemonView {
  if (daemon.kind === 'none') return daemon;
  return { kind: 'none', death: daemon.kind === 'unknown' ? undefined : { at: now, code } };
}
