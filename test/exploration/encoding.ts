/**
 * The normal form of a world as bytes: two worlds with equal bytes have the same future, so one of them is enough.
 * - Times are relative to the pod's own clock and cut off where no rule tells them apart any more.
 * - Identities, renewTimes and uids matter by equality alone: they are numbered in the order in which they appear.
 *   (With wall clocks that stand still renewTimes stay as they are: such a world has no end.)
 * - resourceVersions and sequence numbers matter by order alone: they are ranked.
 * - Terms matter by order, and by whether one follows another directly: they are ranked, with a gap where there is one
 *   (0, the term before any claim, stays 0).
 * - acquireTime is left out, since it never changes without renewTime or holder; so are sends whose renewTime is in no
 *   Lease that anybody may yet be shown, since they can never be recognised again.
 */
import { candidacy } from '../../src/agent/candidacy.ts';
import type { DaemonView } from '../../src/agent/guard/daemon-view.ts';
import { annotations, MEMBERS } from '../../src/api/names.ts';
import type { Claim } from '../../src/kube/election/claim.ts';
import { respectedDuration } from '../../src/kube/election/observation.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import { tenancy } from '../../src/kube/election/election.ts';
import type { Standing } from '../../src/kube/election/standing.ts';
import { mayBeClaimedAt, type SeenRecord } from '../../src/kube/election/outage.ts';
import type { Roster } from '../../src/kube/election/roster.ts';
import type { Gone } from '../../src/daemons/lease-notes.ts';
import { LONGEST_OUTAGE, TICK, type GuardWord, type Pod, type World, type WorldOptions } from './world.ts';
import { sliceTerm } from './lease-store.ts';

const STANDINGS = ['challenger', 'claiming', 'holder', 'reclaiming', 'releasing'];
const DAEMONS = ['unknown', 'none', 'starting', 'running', 'stopping'];
const WORDS = ['hello', 'preflight', 'terminating', 'running', 'extended', 'stopped', 'exited', 'state', 'closed'];
const ORDERS = ['start', 'extend', 'stop', 'state?'];
const LONGEST = 5;
/** A member's sign-ins are few: its uid, and whether it is ready. */
const SIGN_IN_NAMES = MEMBERS.map((member) => annotations.signIn(member));
const SIGN_INS = new Map<string, number>();

/** What a broken rule may note before a claim. */
export const REMEMBERED = 'remembered ';

/** Writes worlds into one buffer, over and over. */
export class Encoder {
  readonly bytes = new Uint8Array(4096);
  length = 0;
  private terms: number[] = [];
  private readonly options: WorldOptions;
  private readonly broken: boolean;
  private readonly identities: string[] = [];
  private readonly renewTimes: string[] = [];
  private readonly uids: string[] = [];
  private versions: number[] = [];
  private live: (string | undefined)[] = [];

  /** @param broken whether a rule is, which may look at the pod's name in an identity, or the claim of a daemon that is dead */
  constructor(options: WorldOptions, broken: boolean) {
    this.options = options;
    this.broken = broken;
  }

  encode(world: World): void {
    this.length = 0;
    this.identities.length = this.renewTimes.length = this.uids.length = 0;
    this.prepare(world);
    for (const left of world.budget) this.byte(left === Infinity ? 255 : left);
    if (this.options.faults.delete) this.term(world.statusTerm);
    this.lease(world.lease);
    if (this.options.slice) this.sliceOf(world.slice);
    if (this.options.faults.copy) this.lease(world.copy);
    for (const pod of world.pods) if (pod.exists) this.pod(pod);
    for (const pod of world.pods) if (pod.exists) this.startedUnder(pod.custody.startedUnder);
  }

  private byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** Gathers what ranks and relevance are measured against: every Lease that somebody has, or may yet be shown. */
  private prepare(world: World): void {
    const { lease, pods } = world;
    this.versions = [];
    this.live = [];
    this.terms = [];
    if (this.options.faults.delete) this.seenTerm(world.statusTerm);
    if (this.options.slice) this.seenTerm(sliceTerm(world.slice));
    if (lease) this.shown(lease);
    if (world.copy) this.shown(world.copy);
    for (const pod of pods) {
      if (!pod.exists) continue;
      const { call, shown, late, election } = pod;
      if (call?.kind === 'write' && call.outcome !== 'conflict')
        this.shown(typeof call.outcome === 'object' ? call.outcome : call.body);
      if (call?.kind === 'read' && typeof call.shown === 'object') this.shown(call.shown);
      if (typeof shown === 'object') this.shown(shown);
      for (const body of late) this.shown(body);
      if (election.observation?.lease) this.known(election.observation.lease);
      const { standing } = election;
      this.seenTerm(election.highestTerm);
      if (standing.kind !== 'challenger') this.seenTerm(standing.claim.term);
      if (this.options.maxOutage) this.promised(pod);
      if (standing.kind === 'claiming') this.version(standing.claim.base.resourceVersion);
      if (standing.kind !== 'reclaiming') continue;
      this.version(standing.next.base.resourceVersion);
      this.seenTerm(standing.next.term);
    }
    this.versions.sort(ascending);
    this.terms.sort(ascending);
  }

  private promised({ election: { standing, lastHeld }, round }: Pod): void {
    if (lastHeld) this.version(lastHeld.resourceVersion);
    if (standing.kind === 'holder' || standing.kind === 'reclaiming') this.version(standing.claim.shownIn);
    for (const record of round?.records ?? []) this.version(record?.resourceVersion);
  }

  private seenTerm(term: number): void {
    if (!this.terms.includes(term)) this.terms.push(term);
  }

  private shown(lease: Lease): void {
    this.known(lease);
    this.live.push(lease.spec?.renewTime);
  }

  private known({ metadata, spec }: Lease): void {
    const released = metadata.annotations?.[annotations.released];
    this.version(metadata.resourceVersion);
    this.seenTerm(spec?.leaseTransitions ?? 0);
    if (released !== undefined) this.seenTerm(Number(released));
  }

  private version(text: string | undefined): void {
    if (text === undefined) return;
    const version = Number(text);
    if (!this.versions.includes(version)) this.versions.push(version);
  }

  private rank(text: string | undefined): void {
    this.byte(this.versions.indexOf(Number(text)));
  }

  private term(term: number): void {
    if (term === 0) {
      this.byte(0);
      return;
    }
    let rank = 1;
    for (let index = 1; index < this.terms.length && this.terms[index]! <= term; index++) {
      const before = this.terms[index - 1]!;
      if (before > 0) rank += this.terms[index]! - before > 1 ? 2 : 1;
    }
    this.byte(rank);
  }

  private named(names: string[], name: string | undefined): void {
    if (name === undefined || name === '' || name === '-') {
      this.byte(0);
      return;
    }
    let index = names.indexOf(name);
    if (index < 0) index = names.push(name) - 1;
    this.byte(index + 1);
  }

  /** An identity names its pod, too: what a broken rule may look at. */
  private identity(identity: string | undefined): void {
    const before = this.identities.length;
    this.named(this.identities, identity);
    if (!this.broken || this.identities.length === before || identity === undefined) return;
    this.byte(identity.charCodeAt(0));
    this.byte(identity.charCodeAt(4));
  }

  private renewTime(renewTime: string | undefined): void {
    if (this.options.stuckWallClocks) this.byte(Number(renewTime?.slice(20, 26) ?? 255));
    else this.named(this.renewTimes, renewTime);
  }

  /** A claim that nobody else knows of any more is like any other such claim. */
  private startedUnder(identity: string | undefined): void {
    const remembered = identity?.startsWith(REMEMBERED) === true;
    if (remembered) this.byte(253);
    const name = remembered ? identity.slice(REMEMBERED.length) : identity;
    this.byte(name === undefined ? 254 : this.identities.indexOf(name) & 255);
  }

  private time(at: number, now: number, least: number, most: number): void {
    this.byte(Math.min(Math.max(Math.ceil((at - now) / TICK), least), most) + 128);
  }

  private lease(lease: Lease | undefined): void {
    if (lease === undefined) {
      this.byte(255);
      return;
    }
    const { metadata, spec } = lease;
    const released = metadata.annotations?.[annotations.released];
    this.named(this.uids, metadata.uid);
    this.rank(metadata.resourceVersion);
    this.identity(spec?.holderIdentity);
    this.renewTime(spec?.renewTime);
    this.byte(spec?.leaseDurationSeconds ?? 0);
    this.term(spec?.leaseTransitions ?? 0);
    if (released === undefined) this.byte(255);
    else this.term(Number(released));
    if (this.options.maxOutage) this.outageTerms(metadata.annotations);
    if (this.options.signIns) for (const name of SIGN_IN_NAMES) this.signIn(metadata.annotations?.[name]);
  }

  private outageTerms(said: Lease['metadata']['annotations'] = {}): void {
    this.byte(maskOfText(said[annotations.roster]));
    this.byte(Number(said[annotations.maxOutageSeconds] ?? 0));
    const gone = said[annotations.gone];
    this.identity(gone === undefined ? undefined : (JSON.parse(gone) as Gone).claim);
  }

  private signIn(text: string | undefined): void {
    if (text === undefined) {
      this.byte(0);
      return;
    }
    let code = SIGN_INS.get(text);
    if (code === undefined) SIGN_INS.set(text, (code = SIGN_INS.size + 1));
    this.byte(code);
  }

  private sliceOf(slice: EndpointSlice): void {
    const { resourceVersion, annotations: held } = slice.metadata;
    this.named(this.uids, `slice ${resourceVersion}`);
    this.term(Number(held?.[annotations.term] ?? 0));
    this.identity(held?.[annotations.claim]);
  }

  private pod(pod: Pod): void {
    const { election, clock: now } = pod;
    this.byte(pod.late.length);
    for (const body of pod.late) this.lease(body);
    if (this.options.faults.lost) {
      this.byte(pod.lost ? 1 : 0);
      if (pod.lost) return;
    }
    const steady = this.options.faults.lag ? pod.steady : 0;
    this.byte(
      steady |
        (pod.attendance.signedIn ? 32 : 0) |
        (pod.attendance.superseded ? 64 : 0) |
        (pod.terminating ? 4 : 0) |
        (pod.ended ? 8 : 0) |
        (election.mustRead ? 16 : 0),
    );
    if (this.options.stuckWallClocks) this.byte(pod.lastRenewal);
    this.standing(election.standing, pod);
    const { observation } = election;
    if (observation === undefined) this.byte(254);
    else {
      this.lease(observation.lease);
      const respected = respectedDuration(observation, pod.rules);
      const { unchangedSince, keptUntil } = observation;
      this.byte(respected / TICK);
      this.time(unchangedSince, now, -respected / TICK - (this.options.maxOutage ? LONGEST_OUTAGE : 0), 0);
      if (this.options.maxOutage)
        this.byte(Number(observation.before?.metadata.annotations?.[annotations.maxOutageSeconds] ?? 0));
      this.time(keptUntil > unchangedSince + respected ? keptUntil : -Infinity, now, 0, 2 * LONGEST);
      if (!election.mustRead) {
        this.time(observation.lastHeard, now, -2, 0);
        this.byte(heardSinceClaimable(pod) ? 1 : 0);
      }
    }
    this.term(election.highestTerm);
    this.time(election.notBefore, now, 0, 3);
    this.byte(Math.min(election.conflicts, 1));
    if (election.standing.kind !== 'challenger') this.time(election.lastSent ?? -Infinity, now, -1, 0);
    this.time(election.releasedAt ?? -Infinity, now, -1, 0);
    this.guard(pod);
    this.call(pod);
    if (this.options.maxOutage) this.promises(pod);
    if (pod.shown === undefined) this.byte(253);
    else this.lease(pod.shown === 'none' ? undefined : pod.shown);
    if (this.options.slice) this.sliceWrite(pod);
  }

  private promises({ election, round, clock: now }: Pod): void {
    const { promisedUntil, lastHeld, observation } = election;
    this.time(promisedUntil ?? -Infinity, now, 0, 2 * LONGEST);
    const { metadata, spec } = observation?.lease ?? {};
    const present =
      lastHeld?.resourceVersion === metadata?.resourceVersion && lastHeld?.holder === spec?.holderIdentity;
    if (lastHeld === undefined || present) this.byte(lastHeld === undefined ? 0 : 1);
    else {
      this.byte(2);
      this.record(lastHeld);
    }
    if (round === undefined) {
      this.byte(0);
      return;
    }
    this.byte(1 + round.asked.length);
    this.identity(round.claim);
    this.time(round.askedAt, now, -LONGEST, 0);
    this.byte(maskOf(round.asked) | (maskOf(round.promised) << 4));
    for (const record of round.records) if (record) this.record(record);
  }

  private record({ leaseUid, resourceVersion, holder }: SeenRecord): void {
    this.named(this.uids, leaseUid);
    this.rank(resourceVersion);
    this.identity(holder);
  }

  private sliceWrite({ sliceWrite, sliceWritten, election: { standing } }: Pod): void {
    if (sliceWrite) this.sliceOf(sliceWrite);
    else this.byte(255);
    const claim = standing.kind === 'challenger' ? undefined : standing.claim.identity;
    this.byte(claim !== undefined && sliceWritten === claim ? 1 : 0);
  }

  private standing(standing: Standing, pod: Pod): void {
    this.byte(STANDINGS.indexOf(standing.kind));
    if (standing.kind === 'challenger') return;
    this.claim(standing.claim, pod);
    if (standing.kind === 'claiming') this.rank(standing.claim.base.resourceVersion);
    if (standing.kind !== 'reclaiming') return;
    this.claim(standing.next, pod);
    this.rank(standing.next.base.resourceVersion);
  }

  private claim(claim: Claim, { clock: now, rules }: Pod): void {
    const longest = this.options.maxOutage ? -LONGEST_OUTAGE : -rules.renewDeadline / TICK;
    this.identity(claim.identity);
    this.term(claim.term);
    this.named(this.uids, claim.base.uid);
    if (claim.confirmedSentAt === undefined) this.byte(0);
    else this.time(claim.confirmedSentAt, now, longest, 0);
    for (const { renewTime, sentAt } of claim.sends) {
      if (!this.live.includes(renewTime)) continue;
      this.renewTime(renewTime);
      this.time(sentAt, now, longest, 0);
      if (this.options.maxOutage) this.byte(rosterFrom(claim, sentAt));
    }
    this.byte(255);
    if (!this.options.maxOutage || claim.confirmedSentAt === undefined) return;
    this.byte(maskOf(claim.roster.map(({ uid }) => uid)));
    this.byte(rosterFrom(claim, claim.confirmedSentAt));
    this.rank(claim.shownIn);
    this.time(claim.promisedAt ?? -Infinity, now, -rules.renewDeadline / TICK, 0);
    // What a broken rule may note.
    if ('answeredAt' in claim) this.time(claim.answeredAt as number, now, longest, 0);
  }

  private guard(pod: Pod): void {
    const { guard, clock: now, orders, reports } = pod;
    const { guard: seen, daemon } = pod.custody.guardState;
    const generation = Number(guard.id.slice(1));
    const older = (id: string): void => this.byte(Math.min(generation - Number(id.slice(1)), 3));
    const ranks = sequencesOf(pod);
    const sequence = (number: number): void => this.byte(ranks.indexOf(number));
    this.byte(
      (guard.present ? 1 : 0) | (guard.alive ? 2 : 0) | (pod.askedAt > now - 250 ? 4 : 0) | (guard.terminating ? 8 : 0),
    );
    if (guard.alive) {
      this.identity(guard.claim);
      this.time(guard.deadline * 10, now, 0, LONGEST);
      sequence(guard.startedBy);
    } else if (this.broken) this.identity(guard.claim);
    if (seen.kind === 'absent') this.byte(254);
    else {
      older(seen.id);
      this.byte((seen.preflight === 'passed' ? 1 : 0) | (seen.terminating ? 2 : 0));
    }
    this.daemon(daemon, now, sequence);
    if (daemon.kind === 'running') this.byte(daemon.startedBy === pod.failed ? 1 : 0);
    sequence(pod.askedBy);
    this.byte(orders.length);
    for (const order of orders) {
      this.byte(ORDERS.indexOf(order.verb));
      sequence(order.sequence);
      this.byte(order.sequence > guard.lastSequence ? 1 : 0);
      if (order.verb === 'state?') continue;
      older(order.guard);
      if (order.verb === 'stop') continue;
      this.identity(order.claim);
      this.time(order.deadline * 10, now, 0, LONGEST);
    }
    this.byte(reports.length);
    for (const report of reports) this.report(report, now, sequence, older);
  }

  private daemon(daemon: DaemonView, now: number, sequence: (number: number) => void): void {
    this.byte(DAEMONS.indexOf(daemon.kind));
    if (daemon.kind === 'unknown' || daemon.kind === 'none') return;
    this.time(daemon.deadline, now, -2, LONGEST);
    if (daemon.kind !== 'stopping') this.identity(daemon.claim);
    else this.byte(daemon.startAnswered ? 1 : 0);
    sequence(daemon.kind === 'running' ? daemon.startedBy : daemon.sequence);
    if (daemon.kind !== 'running') this.time(daemon.since, now, -2, 0);
  }

  private report(
    report: GuardWord,
    now: number,
    sequence: (number: number) => void,
    older: (id: string) => void,
  ): void {
    this.byte(WORDS.indexOf(report.verb));
    if (report.verb === 'closed') return;
    older(report.guard);
    if ('sequence' in report) sequence(report.sequence);
    if (report.verb === 'exited') sequence(report.startedBy);
    if (report.verb !== 'state') return;
    this.byte(report.running ? 1 : 0);
    if (!report.running) {
      if (this.broken) this.identity(report.claim);
      return;
    }
    sequence(report.startedBy);
    this.identity(report.claim);
    this.time(report.deadline * 10, now, -2, LONGEST);
  }

  private call({ call }: Pod): void {
    if (call === undefined) {
      this.byte(0);
      return;
    }
    if (call.kind === 'read') {
      this.byte(call.shown === undefined ? 1 : 2);
      if (call.shown !== undefined) this.lease(call.shown === 'none' ? undefined : call.shown);
      return;
    }
    const { outcome } = call;
    this.byte(outcome === undefined ? 3 : outcome === 'conflict' ? 4 : 5);
    if (outcome !== 'conflict') this.lease(outcome ?? call.body);
  }
}

/** The members on a roster, a bit each. */
const maskOf = (uids: readonly string[]): number => uids.reduce((mask, uid) => mask | (1 << Number(uid)), 0);

const MASKS = new Map<string, number>();

function maskOfText(roster: string | undefined): number {
  if (roster === undefined) return 0;
  let mask = MASKS.get(roster);
  if (mask === undefined) MASKS.set(roster, (mask = maskOf((JSON.parse(roster) as Roster).map(({ uid }) => uid)) | 1));
  return mask;
}

/** Whoever is on the roster of any write of a claim that was not sent before. */
const rosterFrom = ({ sends }: Claim, sentAt: number): number =>
  sends.reduce((mask, send) => (send.sentAt < sentAt ? mask : mask | maskOf(send.roster.map(({ uid }) => uid))), 0);

/** Whether a Lease that may be claimed was heard of since: whoever has not reads first. How long ago that is does not matter. */
function heardSinceClaimable(pod: Pod): boolean {
  const { election, rules, member, terminating, custody } = pod;
  const { observation, releasedAt = Number.NEGATIVE_INFINITY } = election;
  if (observation?.lease === undefined || election.standing.kind !== 'challenger') return false;
  const released = tenancy(election, rules).kind === 'released';
  const free = released ? observation.unchangedSince : mayBeClaimedAt(election, observation, rules);
  const candidate = { member, terminating, template: '', leaseDuration: rules.leaseDuration, ...custody };
  const claim = candidacy(candidate, observation.lease, pod.clock);
  const after = claim === 'never' ? Number.POSITIVE_INFINITY : claim.after;
  return observation.lastHeard >= Math.max(free, releasedAt + rules.retryPeriod) + after;
}

const ascending = (one: number, other: number): number => one - other;

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
  return all.filter((number, index) => all.indexOf(number) === index).sort(ascending);
}
