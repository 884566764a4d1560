/** What an agent does in one go: what Agent.settleOnce, Elector.run and Elector.write do around the pure functions. */
import type { Tenure } from '../../src/agent/decision.ts';
import { annotations } from '../../src/api/names.ts';
import { readSignIn, type SignIn } from '../../src/daemons/sign-in.ts';
import type { Desire } from '../../src/kube/election/next-action.ts';
import { microTime } from '../../src/kube/micro-time.ts';
import type { Order } from '../../src/agent/guard/message.ts';
import type { Protocol } from './protocol.ts';
import { podName, type GuardWord, type Pod, type World, type WorldOptions } from './world.ts';

const GUARD_PERIOD = 250;

/** More orders than this never lie in a FIFO: the search does not follow an agent that writes more. */
export const LONGEST_FIFO = 3;

/** What is read later than it is written; see WorldOptions. */
export type Fifos = WorldOptions['fifos'];

const hundredths = (pod: Pod): number => pod.clock / 10;

/** Lets the agent of a pod settle and carry on with its campaign. The pod is a copy of the caller's. */
export function act(world: World, pod: Pod, protocol: Protocol, options: WorldOptions): void {
  const { fifos } = options;
  if (fifos === undefined) readAll(pod, protocol);
  for (let round = 0; round < 8; round++) {
    settleOnce(pod, protocol, fifos);
    if (options.signIns) attend(pod);
    if (!campaign(world, pod, protocol, options)) return;
  }
}

function settleOnce(pod: Pod, protocol: Protocol, fifos: Fifos): void {
  const { clock: now, rules } = pod;
  const { guardState } = pod.custody;
  const { daemon } = guardState;
  if (daemon.kind === 'starting' || daemon.kind === 'stopping') {
    const next = protocol.overdue(guardState, pod.guard.alive, now);
    if (next !== guardState) pod.custody = { ...pod.custody, guardState: next };
  }
  const memory = { podName: podName(pod), startedUnder: pod.custody.startedUnder };
  const taken = protocol.takeUp(pod.election, rules, daemon, now, memory);
  if (taken.kind === 'adopt') pod.election = protocol.adopt(pod.election, taken.identity, now);
  if (taken.kind === 'abandon') pod.election = protocol.abandon(pod.election);
  const tenure = tenureOf(pod, protocol);
  const { order: verb } = decisionOf(pod, tenure, protocol);
  if (verb === undefined || (verb === 'ask' && now < pod.askedAt + GUARD_PERIOD)) return;
  const next = protocol.ordering(verb, tenure, pod.custody, pod.sequence + 1, now);
  if (next === undefined) return;
  pod.sequence++;
  if (next.order.verb === 'state?') {
    pod.askedAt = now;
    pod.askedBy = next.order.sequence;
  }
  pod.custody = next.sent;
  if (pod.guard.present) {
    pod.orders = [...pod.orders, next.order];
    if (fifos === 'both') return;
    obeyAll(pod, protocol);
    if (fifos === 'reports') return;
    readAll(pod, protocol);
    settleOnce(pod, protocol, fifos);
    return;
  }
  pod.custody = next.unsent;
  if (next.order.verb === 'start') settleOnce(pod, protocol, fifos);
}

export const tenureOf = (pod: Pod, protocol: Protocol): Tenure =>
  protocol.tenureOf(pod.election, pod.rules, pod.custody.guardState.daemon, pod.clock);

function decisionOf(pod: Pod, tenure: Tenure, protocol: Protocol): ReturnType<Protocol['decide']> {
  const { daemon } = pod.custody.guardState;
  const failed = daemon.kind === 'running' && daemon.startedBy === pod.failed;
  const health = failed ? ({ phase: 'failed', reason: 'DaemonUnresponsive' } as const) : undefined;
  return protocol.decide({ ...pod.custody, tenure, health, terminating: pod.terminating }, pod.clock);
}

/** One turn of Elector.run. @returns whether the state has changed, so that the agent settles again */
function campaign(world: World, pod: Pod, protocol: Protocol, options: WorldOptions): boolean {
  if (pod.call !== undefined) return false;
  const { clock: now, rules } = pod;
  const expired = protocol.expire(pod.election, rules, now);
  if (expired !== pod.election) {
    pod.election = expired;
    return true;
  }
  const desire = desireOf(pod, protocol, options);
  const action = protocol.nextAction(pod.election, desire, rules, now);
  if (action.kind === 'wait') return false;
  if (action.kind === 'read') {
    pod.call = { kind: 'read', shown: undefined };
    return false;
  }
  const word = `r${++world.words}`;
  const wallClock = options.stuckWallClocks ? 0 : world.words;
  pod.lastRenewal = protocol.nextRenewTime(pod.election.standing, action.lease, pod.lastRenewal, wallClock);
  const renewTime = microTime(pod.lastRenewal);
  const claim = (): ReturnType<Protocol['newClaim']> =>
    protocol.newClaim(pod.election.highestTerm, action.lease, protocol.identity(podName(pod), pod.uid, word));
  pod.election = protocol.sending(pod.election, action.kind, { renewTime, roster: desire.roster ?? [] }, claim, now);
  const body = protocol.written(action.kind, action.lease, pod.election.standing, {
    renewTime,
    rules,
    changes: desire.annotations,
  });
  if (body !== undefined) pod.call = { kind: 'write', write: action.kind, body, outcome: undefined };
  return true;
}

function desireOf(pod: Pod, protocol: Protocol, options: WorldOptions): Desire {
  const { member, terminating, rules, custody } = pod;
  const tenure = tenureOf(pod, protocol);
  const { renew, release } = decisionOf(pod, tenure, protocol);
  const candidate = { member, terminating, template: '', leaseDuration: rules.leaseDuration, ...custody };
  const lease = pod.election.observation?.lease;
  const claim = tenure.kind === 'adopting' ? { after: 0 } : protocol.candidacy(candidate, lease, pod.clock);
  const said = { claim, renew, release, annotations: options.signIns ? signIn(pod) : {} };
  if (rules.outage === undefined) return said;
  return {
    ...said,
    roster: protocol.rosterToWrite(lease, rules.outage.self, { cluster: 'pair', component: 'statestore' }),
  };
}

/** Attendance.read */
function attend(pod: Pod): void {
  const uid = readSignIn(pod.election.observation?.lease, pod.member)?.uid;
  if (uid === pod.uid) pod.attendance = SIGNED_IN[Number(pod.attendance.superseded)]!;
  else if (uid !== undefined && pod.attendance.signedIn) pod.attendance = SIGNED_IN[1];
}

const SIGNED_IN = [
  { signedIn: true, superseded: false },
  { signedIn: true, superseded: true },
] as const;

/** Attendance.annotation */
function signIn(pod: Pod): Record<string, string> {
  if (pod.attendance.superseded) return {};
  const { guard } = pod.custody.guardState;
  const ready = guard.kind === 'present' && guard.preflight === 'passed' && !guard.terminating && !pod.terminating;
  const said: SignIn = { uid: pod.uid, ready, template: '' };
  return { [annotations.signIn(pod.member)]: JSON.stringify(said) };
}

/** The guard reads its next order. */
export function obeyNext(pod: Pod, protocol: Protocol): void {
  const [order, ...rest] = pod.orders;
  if (order === undefined) return;
  pod.orders = rest;
  obey(pod, order, protocol);
}

function obeyAll(pod: Pod, protocol: Protocol): void {
  while (pod.orders.length > 0) obeyNext(pod, protocol);
}

function obey(pod: Pod, order: Order, protocol: Protocol): void {
  const { guard, reports } = protocol.obeyed(pod.guard, order, hundredths(pod));
  if (pod.guard.alive && !guard.alive) pod.ended = true;
  if (!pod.guard.alive && guard.alive) pod.ended = false;
  pod.guard = guard;
  pod.reports = [...pod.reports, ...reports];
}

export function deliver(pod: Pod, word: GuardWord, protocol: Protocol): void {
  const { custody } = pod;
  if (word.verb === 'closed') {
    pod.custody = { ...custody, guardState: protocol.reportsClosed(custody.guardState) };
    return;
  }
  pod.custody = protocol.reportedTo(custody, word, pod.guard.alive, pod.askedBy, pod.clock);
}

export function noticeEnd(pod: Pod, protocol: Protocol): void {
  pod.ended = false;
  pod.custody = { ...pod.custody, guardState: protocol.lifelineEnded(pod.custody.guardState, pod.clock) };
}

function readAll(pod: Pod, protocol: Protocol): void {
  const { reports } = pod;
  pod.reports = [];
  for (const word of reports) deliver(pod, word, protocol);
  if (pod.ended) noticeEnd(pod, protocol);
}
