/** What the agent does with its daemon, as a pure function of its tenure, the daemon and its health. */
import type { Milliseconds } from '../kube/clock.ts';
import { isPreflightUnderWay } from './candidacy.ts';
import type { GuardState } from './guard/daemon-view.ts';
import type { Health } from './health.ts';

/** What the election says, reduced to what matters to the daemon. */
export type Tenure =
  | { readonly kind: 'none' }
  /** The Lease has not been read yet: a daemon that runs is left to its guard's deadline. */
  | { readonly kind: 'unread' }
  /** A claim under way that takes up the one this daemon runs under (the agent was restarted). */
  | { readonly kind: 'adopting'; readonly claim: string }
  /** The holder, until that moment on the clock. */
  | { readonly kind: 'active'; readonly claim: string; readonly term: number; readonly until: Milliseconds }
  /** The Lease still names us, but our deadline has passed: nothing may run until a write succeeds. */
  | { readonly kind: 'lapsed'; readonly claim: string }
  | { readonly kind: 'releasing' };

export const HAND_OVER_REASONS = [
  'DaemonExited',
  'DaemonUnresponsive',
  'StartFailed',
  'StartTimeout',
  'GuardLost',
  'DeadlinePassed',
  'PodTerminating',
  'Switchover',
] as const;
/** Why a holder gives its Lease back; also the reason of the event and the label of the metric. */
export type HandOverReason = (typeof HAND_OVER_REASONS)[number];

export type Order = 'start' | 'extend' | 'stop' | 'ask';

export interface Decision {
  readonly order: Order | undefined;
  /** Whether the Lease is renewed. */
  readonly renew: boolean;
  /** Whether the Lease is given back: only ever with proof that the daemon is dead (P5). */
  readonly release: boolean;
}

export interface Situation {
  readonly tenure: Tenure;
  readonly guardState: GuardState;
  readonly health: Health | undefined;
  readonly terminating: boolean;
  /** Whether another member is to take over: it was asked for, and that member is ready. */
  readonly switchover?: boolean;
  /** The claim under which the daemon was started last, or which it was extended by. One claim starts one daemon. */
  readonly startedUnder: string | undefined;
}

/** An order that the guard has not answered for so long means that the guard is stopped or gone: the Lease may run out. */
export const ANSWER_LIMIT: Milliseconds = 2_000;

const nothing: Decision = { order: undefined, renew: true, release: false };

export function decide(situation: Situation, now: Milliseconds): Decision {
  const { tenure, guardState } = situation;
  const { daemon } = guardState;
  if (daemon.kind === 'unknown') return { ...nothing, order: 'ask', renew: tenure.kind !== 'active' };
  if (daemon.kind === 'stopping' || daemon.kind === 'starting') return unanswered(situation, daemon.since, now);
  if (tenure.kind === 'active')
    return daemon.kind === 'none' ? active(situation, tenure, now) : runsOn(situation, tenure, now);
  if (daemon.kind === 'none') return { ...nothing, release: tenure.kind === 'lapsed' };
  if (tenure.kind === 'unread') return nothing;
  const takenUp = tenure.kind === 'adopting' && tenure.claim === daemon.claim && now < daemon.deadline;
  return takenUp ? nothing : { ...nothing, order: 'stop' };
}

function unanswered(situation: Situation, since: Milliseconds, now: Milliseconds): Decision {
  const { tenure, guardState } = situation;
  const wanted = tenure.kind === 'active' && !situation.terminating;
  const answerable = now - since < ANSWER_LIMIT;
  if (guardState.daemon.kind === 'starting' && !wanted) return { ...nothing, order: 'stop', renew: answerable };
  return { ...nothing, renew: answerable };
}

/** The holder without a daemon: a new claim starts one, a claim whose daemon has died is over (P7). */
function active(situation: Situation, tenure: Tenure & { kind: 'active' }, now: Milliseconds): Decision {
  const { guardState, terminating, startedUnder } = situation;
  const fresh = startedUnder !== tenure.claim;
  const { guard } = guardState;
  const startable = guard.kind === 'present' && !guard.terminating && !terminating;
  // A guard that has just been replaced: an order would cut its pre-flight short, which would count as failed from then on.
  if (fresh && startable && isPreflightUnderWay(guard, now)) return nothing;
  if (fresh && startable) return { ...nothing, order: 'start' };
  return { ...nothing, release: true };
}

function runsOn(situation: Situation, tenure: Tenure & { kind: 'active' }, now: Milliseconds): Decision {
  const { guardState, health, terminating } = situation;
  if (terminating || health?.phase === 'failed') return { ...nothing, order: 'stop' };
  if (situation.switchover === true) return { ...nothing, order: 'stop' };
  const { daemon } = guardState;
  if (daemon.kind !== 'running') return nothing;
  // A running daemon under another claim: the Lease was made anew and claimed again in time, or taken up after a restart.
  const behind = daemon.claim !== tenure.claim || daemon.deadline < Math.floor(tenure.until / 10) * 10;
  return behind && now < tenure.until ? { ...nothing, order: 'extend' } : nothing;
}

/** Why a daemon is told to stop. */
export function reasonToStop({ terminating, tenure, health, switchover }: Situation): HandOverReason {
  if (terminating) return 'PodTerminating';
  if (tenure.kind !== 'active') return 'DeadlinePassed';
  if (health?.phase === 'failed') return health.reason;
  return switchover === true ? 'Switchover' : 'DaemonUnresponsive';
}
