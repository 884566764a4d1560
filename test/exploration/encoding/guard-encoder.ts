import type { DaemonView } from '../../../src/agent/guard/daemon-view.ts';
import type { GuardWord, Pod } from '../world.ts';
import type { NormalBytes } from './normal-bytes.ts';

const DAEMONS = ['unknown', 'none', 'starting', 'running', 'stopping'];
const WORDS = ['hello', 'preflight', 'terminating', 'running', 'extended', 'stopped', 'exited', 'state', 'closed'];
const ORDERS = ['start', 'extend', 'stop', 'state?'];
const LONGEST = 5;

/** Writes a pod's guard, what its agent knows of it, and what is in the pipes between the two. */
export class GuardEncoder {
  readonly #out: NormalBytes;

  constructor(out: NormalBytes) {
    this.#out = out;
  }

  guard(pod: Pod): void {
    const { guard, clock: now, orders, reports } = pod;
    const { guard: seen, daemon } = pod.custody.guardState;
    const generation = Number(guard.id.slice(1));
    const older = (id: string): void => this.#out.byte(Math.min(generation - Number(id.slice(1)), 3));
    const ranks = sequencesOf(pod);
    const sequence = (number: number): void => this.#out.byte(ranks.indexOf(number));
    this.#out.byte(
      (guard.present ? 1 : 0) | (guard.alive ? 2 : 0) | (pod.askedAt > now - 250 ? 4 : 0) | (guard.terminating ? 8 : 0),
    );
    if (guard.alive) {
      this.#out.identity(guard.claim);
      this.#out.time(guard.deadline * 10, now, 0, LONGEST);
      sequence(guard.startedBy);
    } else if (this.#out.broken) this.#out.identity(guard.claim);
    if (seen.kind === 'absent') this.#out.byte(254);
    else {
      older(seen.id);
      this.#out.byte((seen.preflight === 'passed' ? 1 : 0) | (seen.terminating ? 2 : 0));
    }
    this.#daemon(daemon, now, sequence);
    if (daemon.kind === 'running') this.#out.byte(daemon.startedBy === pod.failed ? 1 : 0);
    sequence(pod.askedBy);
    this.#out.byte(orders.length);
    for (const order of orders) {
      this.#out.byte(ORDERS.indexOf(order.verb));
      sequence(order.sequence);
      this.#out.byte(order.sequence > guard.lastSequence ? 1 : 0);
      if (order.verb === 'state?') continue;
      older(order.guard);
      if (order.verb === 'stop') continue;
      this.#out.identity(order.claim);
      this.#out.time(order.deadline * 10, now, 0, LONGEST);
    }
    this.#out.byte(reports.length);
    for (const report of reports) this.#report(report, now, sequence, older);
  }

  #daemon(daemon: DaemonView, now: number, sequence: (number: number) => void): void {
    this.#out.byte(DAEMONS.indexOf(daemon.kind));
    if (daemon.kind === 'unknown' || daemon.kind === 'none') return;
    this.#out.time(daemon.deadline, now, -2, LONGEST);
    if (daemon.kind !== 'stopping') this.#out.identity(daemon.claim);
    else this.#out.byte(daemon.startAnswered ? 1 : 0);
    sequence(daemon.kind === 'running' ? daemon.startedBy : daemon.sequence);
    if (daemon.kind !== 'running') this.#out.time(daemon.since, now, -2, 0);
  }

  #report(report: GuardWord, now: number, sequence: (number: number) => void, older: (id: string) => void): void {
    this.#out.byte(WORDS.indexOf(report.verb));
    if (report.verb === 'closed') return;
    older(report.guard);
    if ('sequence' in report) sequence(report.sequence);
    if (report.verb === 'exited') sequence(report.startedBy);
    if (report.verb !== 'state') return;
    this.#out.byte(report.running ? 1 : 0);
    if (!report.running) {
      if (this.#out.broken) this.#out.identity(report.claim);
      return;
    }
    sequence(report.startedBy);
    this.#out.identity(report.claim);
    this.#out.time(report.deadline * 10, now, -2, LONGEST);
  }
}

/** Every sequence number that a rule may yet compare, in order. */
function sequencesOf(pod: Pod): number[] {
  const { daemon } = pod.custody.guardState;
  const all = [pod.askedBy];
  if (pod.guard.alive) all.push(pod.guard.startedBy);
  if (daemon.kind === 'running') all.push(daemon.startedBy);
  if (daemon.kind === 'starting' || daemon.kind === 'stopping') all.push(daemon.sequence);
  for (const order of pod.orders) all.push(order.sequence);
  for (const report of pod.reports) {
    if ('sequence' in report) all.push(report.sequence);
    if (report.verb === 'exited' || (report.verb === 'state' && report.running)) all.push(report.startedBy);
  }
  return all.filter((number, index) => all.indexOf(number) === index).sort((one, other) => one - other);
}
