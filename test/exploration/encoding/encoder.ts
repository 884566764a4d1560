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
import { candidacy } from '../../../src/agent/candidacy.ts';
import { annotations } from '../../../src/api/names.ts';
import type { Claim } from '../../../src/kube/election/claim.ts';
import { tenancy } from '../../../src/kube/election/election.ts';
import { respectedDuration, type Observation } from '../../../src/kube/election/observation.ts';
import { mayBeClaimedAt } from '../../../src/kube/election/outage.ts';
import type { Standing } from '../../../src/kube/election/standing.ts';
import { LONGEST_OUTAGE, TICK, type Pod, type World, type WorldOptions } from '../world.ts';
import { GuardEncoder } from './guard-encoder.ts';
import { NormalBytes } from './normal-bytes.ts';
import { maskOf, ObjectEncoder } from './object-encoder.ts';

const STANDINGS = ['challenger', 'claiming', 'holder', 'reclaiming', 'releasing'];
const LONGEST = 5;
/** What a broken rule may note before a claim. */
export const REMEMBERED = 'remembered ';

/** Writes worlds into one buffer, over and over. */
export class Encoder {
  readonly #out: NormalBytes;
  readonly #objects: ObjectEncoder;
  readonly #guards: GuardEncoder;
  readonly #options: WorldOptions;

  /** @param broken whether a rule is, which may look at the pod's name in an identity, or the claim of a daemon that is dead */
  constructor(options: WorldOptions, broken: boolean) {
    this.#options = options;
    this.#out = new NormalBytes(options, broken);
    this.#objects = new ObjectEncoder(this.#out, options);
    this.#guards = new GuardEncoder(this.#out);
  }

  /** What was written last: this many bytes of it. */
  get bytes(): Uint8Array {
    return this.#out.bytes;
  }

  get length(): number {
    return this.#out.length;
  }

  encode(world: World): void {
    this.#out.begin(world);
    for (const left of world.budget) this.#out.byte(left === Infinity ? 255 : left);
    if (this.#options.faults.delete) this.#out.term(world.statusTerm);
    this.#objects.lease(world.lease);
    if (this.#options.slice) this.#objects.slice(world.slice);
    if (this.#options.faults.copy) this.#objects.lease(world.copy);
    for (const pod of world.pods) if (pod.exists) this.#pod(pod);
    for (const pod of world.pods) if (pod.exists) this.#startedUnder(pod.custody.startedUnder);
  }

  /** A claim that nobody else knows of any more is like any other such claim. */
  #startedUnder(identity: string | undefined): void {
    const remembered = identity?.startsWith(REMEMBERED) === true;
    if (remembered) this.#out.byte(253);
    const name = remembered ? identity.slice(REMEMBERED.length) : identity;
    this.#out.byte(name === undefined ? 254 : this.#out.placeOf(name));
  }

  #pod(pod: Pod): void {
    const { election, clock: now } = pod;
    this.#out.byte(pod.late.length);
    for (const body of pod.late) this.#objects.lease(body);
    if (this.#options.faults.lost) {
      this.#out.byte(pod.lost ? 1 : 0);
      if (pod.lost) return;
    }
    const steady = this.#options.faults.lag ? pod.steady : 0;
    this.#out.byte(
      steady |
        (pod.attendance.signedIn ? 32 : 0) |
        (pod.attendance.superseded ? 64 : 0) |
        (pod.terminating ? 4 : 0) |
        (pod.ended ? 8 : 0) |
        (election.mustRead ? 16 : 0),
    );
    if (this.#options.stuckWallClocks) this.#out.byte(pod.lastRenewal);
    this.#standing(election.standing, pod);
    if (election.observation === undefined) this.#out.byte(254);
    else this.#observation(election.observation, pod);
    this.#out.term(election.highestTerm);
    this.#out.time(election.notBefore, now, 0, 3);
    this.#out.byte(Math.min(election.conflicts, 1));
    if (election.standing.kind !== 'challenger') this.#out.time(election.lastSent ?? -Infinity, now, -1, 0);
    this.#out.time(election.releasedAt ?? -Infinity, now, -1, 0);
    this.#guards.guard(pod);
    this.#call(pod);
    if (this.#options.maxOutage) this.#promises(pod);
    if (pod.shown === undefined) this.#out.byte(253);
    else this.#objects.lease(pod.shown === 'none' ? undefined : pod.shown);
    if (this.#options.slice) this.#sliceWrite(pod);
  }

  #observation(observation: Observation, pod: Pod): void {
    this.#objects.lease(observation.lease);
    const respected = respectedDuration(observation, pod.rules);
    const { unchangedSince, keptUntil } = observation;
    this.#out.byte(respected / TICK);
    this.#out.time(unchangedSince, pod.clock, -respected / TICK - (this.#options.maxOutage ? LONGEST_OUTAGE : 0), 0);
    if (this.#options.maxOutage)
      this.#out.byte(Number(observation.before?.metadata.annotations?.[annotations.maxOutageSeconds] ?? 0));
    this.#out.time(keptUntil > unchangedSince + respected ? keptUntil : -Infinity, pod.clock, 0, 2 * LONGEST);
    if (!pod.election.mustRead) {
      this.#out.time(observation.lastHeard, pod.clock, -2, 0);
      this.#out.byte(heardSinceClaimable(pod) ? 1 : 0);
    }
  }

  #promises({ election, round, clock: now }: Pod): void {
    const { promisedUntil, lastHeld, observation } = election;
    this.#out.time(promisedUntil ?? -Infinity, now, 0, 2 * LONGEST);
    const { metadata, spec } = observation?.lease ?? {};
    const present =
      lastHeld?.resourceVersion === metadata?.resourceVersion && lastHeld?.holder === spec?.holderIdentity;
    if (lastHeld === undefined || present) this.#out.byte(lastHeld === undefined ? 0 : 1);
    else {
      this.#out.byte(2);
      this.#objects.record(lastHeld);
    }
    if (round === undefined) {
      this.#out.byte(0);
      return;
    }
    this.#out.byte(1 + round.asked.length);
    this.#out.identity(round.claim);
    this.#out.time(round.askedAt, now, -LONGEST, 0);
    this.#out.byte(maskOf(round.asked) | (maskOf(round.promised) << 4));
    for (const record of round.records) if (record) this.#objects.record(record);
  }

  #sliceWrite({ sliceWrite, sliceWritten, election: { standing } }: Pod): void {
    if (sliceWrite) this.#objects.slice(sliceWrite);
    else this.#out.byte(255);
    const claim = standing.kind === 'challenger' ? undefined : standing.claim.identity;
    this.#out.byte(claim !== undefined && sliceWritten === claim ? 1 : 0);
  }

  #standing(standing: Standing, pod: Pod): void {
    this.#out.byte(STANDINGS.indexOf(standing.kind));
    if (standing.kind === 'challenger') return;
    this.#claim(standing.claim, pod);
    if (standing.kind === 'claiming') this.#out.version(standing.claim.base.resourceVersion);
    if (standing.kind !== 'reclaiming') return;
    this.#claim(standing.next, pod);
    this.#out.version(standing.next.base.resourceVersion);
  }

  #claim(claim: Claim, { clock: now, rules }: Pod): void {
    const longest = this.#options.maxOutage ? -LONGEST_OUTAGE : -rules.renewDeadline / TICK;
    this.#out.identity(claim.identity);
    this.#out.term(claim.term);
    this.#out.uid(claim.base.uid);
    if (claim.confirmedSentAt === undefined) this.#out.byte(0);
    else this.#out.time(claim.confirmedSentAt, now, longest, 0);
    for (const { renewTime, sentAt } of claim.sends) {
      if (!this.#out.ranks.isLive(renewTime)) continue;
      this.#out.renewTime(renewTime);
      this.#out.time(sentAt, now, longest, 0);
      if (this.#options.maxOutage) this.#out.byte(rosterFrom(claim, sentAt));
    }
    this.#out.byte(255);
    if (!this.#options.maxOutage || claim.confirmedSentAt === undefined) return;
    this.#out.byte(maskOf(claim.roster.map(({ uid }) => uid)));
    this.#out.byte(rosterFrom(claim, claim.confirmedSentAt));
    this.#out.version(claim.shownIn);
    this.#out.time(claim.promisedAt ?? -Infinity, now, -rules.renewDeadline / TICK, 0);
    // What a broken rule may note.
    if ('answeredAt' in claim) this.#out.time(claim.answeredAt as number, now, longest, 0);
  }

  #call({ call }: Pod): void {
    if (call === undefined) {
      this.#out.byte(0);
      return;
    }
    if (call.kind === 'read') {
      this.#out.byte(call.shown === undefined ? 1 : 2);
      if (call.shown !== undefined) this.#objects.lease(call.shown === 'none' ? undefined : call.shown);
      return;
    }
    const { outcome } = call;
    this.#out.byte(outcome === undefined ? 3 : outcome === 'conflict' ? 4 : 5);
    if (outcome !== 'conflict') this.#objects.lease(outcome ?? call.body);
  }
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
