/** Everything that can happen next in a world: each move makes another world, and never changes the one it began in. */
import { newLease, historyOf } from '../../src/controllers/build/lease.ts';
import { annotations } from '../../src/api/names.ts';
import { isHolderGone, type Gone } from '../../src/daemons/lease-notes.ts';
import type { Claim } from '../../src/kube/election/claim.ts';
import { recordsToSee } from '../../src/kube/election/outage.ts';
import { formatRoster } from '../../src/kube/election/roster.ts';
import type { ActiveEndpoint } from '../../src/agent/endpoint.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import { microTime } from '../../src/kube/micro-time.ts';
import { act, deliver, LONGEST_FIFO, noticeEnd, obeyNext, tenureOf } from './agent-model.ts';
import { ended, greeting, newGuard, pastDeadline } from './guard-model.ts';
import type { Protocol } from './protocol.ts';
import {
  FAULTS,
  newAgent,
  podName,
  TICK,
  type Call,
  type Fault,
  type Pod,
  type Round,
  type World,
  type WorldOptions,
} from './world.ts';

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

const NUMBER = Object.fromEntries(MOVES.map((move, index) => [move, index * 4])) as Record<Move, number>;
/** In the place of a pod. */
export const NOBODY = 3;
const FAULT = Object.fromEntries(FAULTS.map((fault, index) => [fault, index])) as Record<Fault, number>;
/** No more late writes of a pod than this are on their way: the older ones never land. */
const LATE_WRITES = 2;

export type Emit = (move: number, world: World, broken?: string) => void;

/** Hands every world that is one move away to `emit`. */
export class Moves {
  private readonly options: WorldOptions;
  private readonly protocol: Protocol;

  constructor(options: WorldOptions, protocol: Protocol) {
    this.options = options;
    this.protocol = protocol;
  }

  from(world: World, emit: Emit): void {
    this.time(world, emit);
    this.hands(world, emit);
    world.pods.forEach((pod, slot) => {
      if (!pod.exists) return;
      const move = (kind: Move, change: (world: World, pod: Pod) => string | undefined | void): void => {
        const [next, copy] = this.copied(world, slot);
        const broken = change(next, copy);
        if (copy.orders.length <= LONGEST_FIFO) emit(NUMBER[kind] + slot, next, broken ?? undefined);
      };
      this.lateWrites(pod, move);
      if (pod.lost) return;
      this.agent(pod, move);
      this.calls(world, pod, move, this.options.cutOff?.includes(slot) === true);
      if (pod.rules.outage) this.promises(world, pod, move);
      this.guard(pod, move);
      this.faults(world, pod, move);
      if (this.options.slice) this.slice(world, pod, move);
    });
  }

  private copied(world: World, slot: number): [World, Pod] {
    const pods = world.pods.slice();
    const pod = { ...pods[slot]! };
    pods[slot] = pod;
    return [{ ...world, pods }, pod];
  }

  private act(world: World, pod: Pod): void {
    act(world, pod, this.protocol, this.options);
  }

  /** A tick of all clocks but perhaps one. A clock loses at most one tick in three, so that two are left of a lease. */
  private time(world: World, emit: Emit): void {
    const tick = (behind: number): World => {
      const pods = world.pods.map((pod, slot) => this.ticked(pod, slot === behind));
      return { ...world, pods, budget: behind === NOBODY ? world.budget : paid(world, 'lag') };
    };
    emit(NUMBER.tick + NOBODY, tick(NOBODY));
    if (!affordable(world, 'lag')) return;
    world.pods.forEach((pod, slot) => {
      if (pod.exists && !pod.lost && pod.steady === 2) emit(NUMBER['tick, clock behind'] + slot, tick(slot));
    });
  }

  private ticked(pod: Pod, behind: boolean): Pod {
    if (!pod.exists || pod.lost) return pod;
    if (behind) return { ...pod, steady: 0 };
    const clock = pod.clock + TICK;
    const next = { ...pod, clock, steady: Math.min(pod.steady + 1, 2) };
    if (pastDeadline(pod.guard, clock / 10)) die(next, 137);
    return next;
  }

  private agent(pod: Pod, move: PodMove): void {
    move('look', (world, copy) => this.act(world, copy));
    const { fifos } = this.options;
    if (fifos && pod.reports.length > 0) {
      move('report read', (world, copy) => {
        copy.reports = pod.reports.slice(1);
        deliver(copy, pod.reports[0]!, this.protocol);
        this.act(world, copy);
      });
    }
    if (fifos && pod.ended) {
      move('lifeline end noticed', (world, copy) => {
        noticeEnd(copy, this.protocol);
        this.act(world, copy);
      });
    }
  }

  private calls(world: World, pod: Pod, move: PodMove, cutOff: boolean): void {
    const { call } = pod;
    if (cutOff) {
      if (call?.kind === 'write' && call.outcome !== undefined && this.options.begins === 'outliving')
        this.writes(world, pod, call, move);
      if (call?.kind !== 'write' || call.outcome !== undefined) return;
      move('write lands', (next, copy) => void (copy.call = { ...call, outcome: store(next, call.body, copy) }));
      return;
    }
    if (call?.kind === 'read') this.reads(world, call, move);
    if (call?.kind === 'write') this.writes(world, pod, call, move);
    if (this.options.watch !== undefined) this.watches(world, pod, move);
  }

  private lateWrites(pod: Pod, move: PodMove): void {
    pod.late.forEach((body, index) => {
      move(index === 0 ? 'late write lands' : 'second late write lands', (next, copy) => void store(next, body, copy));
    });
  }

  /** What PromiseCollector and the agents that it asks do. A round may begin at any time, and any answer may be lost. */
  private promises(world: World, pod: Pod, move: PodMove): void {
    const { protocol } = this;
    const { round, rules } = pod;
    if (round === undefined) {
      const records = recordsToSee(pod.election);
      if (records === undefined || !affordable(world, 'ask')) return;
      move('round begins', (next, copy) => {
        next.budget = paid(world, 'ask');
        const { identity: claim } = (pod.election.standing as { claim: Claim }).claim;
        const asked = protocol.electorate(pod.election, rules).map(({ uid }) => uid);
        copy.round = { claim, askedAt: pod.clock, records, asked, promised: [] };
        if (!this.options.promptRounds) return;
        for (const uid of asked) this.ask(next, copy, copy.round, uid);
        this.roundEnds(next, copy, copy.round);
      });
      return;
    }
    round.asked.forEach((uid, index) => {
      if (round.promised.includes(uid) || peerOf(world, uid) < 0) return;
      move(index === 0 ? 'first member asked' : 'second member asked', (next, copy) =>
        this.ask(next, copy, round, uid),
      );
    });
    move('round ends', (next, copy) => this.roundEnds(next, copy, round));
  }

  private ask(world: World, pod: Pod, round: Round, uid: string): void {
    const slot = peerOf(world, uid);
    if (slot < 0) return;
    const peer = { ...world.pods[slot]! };
    world.pods[slot] = peer;
    const duration = pod.rules.leaseDuration;
    const { state, answer } = this.protocol.askedToPromise(
      peer.election,
      round.records,
      duration,
      peer.rules,
      peer.clock,
    );
    peer.election = state;
    if (answer === 'promised') pod.round = { ...round, promised: [...(pod.round ?? round).promised, uid] };
  }

  private roundEnds(world: World, pod: Pod, round: Round): void {
    pod.election = this.protocol.promised(pod.election, pod.round ?? round, pod.rules, pod.clock);
    pod.round = undefined;
    this.act(world, pod);
  }

  private reads(world: World, call: Call & { kind: 'read' }, move: PodMove): void {
    const { protocol } = this;
    const answer = (next: World, copy: Pod, shown: Lease | undefined): void => {
      copy.call = undefined;
      copy.election = protocol.readAnswered(copy.election, shown, copy.clock);
      this.act(next, copy);
    };
    if (this.options.lateReads && call.shown === undefined) {
      move('read seen', (_, copy) => void (copy.call = { ...call, shown: world.lease ?? 'none' }));
    } else {
      const shown = this.options.lateReads ? call.shown : world.lease;
      move('read answered', (next, copy) => answer(next, copy, shown === 'none' ? undefined : shown));
    }
    if (!affordable(world, 'refused')) return;
    move('read failed', (next, copy) => {
      next.budget = paid(world, 'refused');
      copy.call = undefined;
      copy.election = protocol.callFailed(copy.election, 'unknown', copy.rules, copy.clock);
      this.act(next, copy);
    });
  }

  private writes(world: World, pod: Pod, call: Call & { kind: 'write' }, move: PodMove): void {
    const { protocol } = this;
    const { outcome } = call;
    if (outcome === undefined) {
      move('write lands', (next, copy) => {
        const stored = store(next, call.body, copy);
        if (this.options.promptAnswers) this.answered(next, copy, stored);
        else copy.call = { ...call, outcome: stored };
      });
    }
    if (outcome === undefined && affordable(world, 'refused')) {
      move('write refused', (next, copy) => {
        next.budget = paid(world, 'refused');
        copy.call = undefined;
        copy.election = protocol.callFailed(copy.election, 'refused', copy.rules, copy.clock);
        this.act(next, copy);
      });
    }
    if (outcome !== undefined) {
      move('write answered', (next, copy) => this.answered(next, copy, outcome));
    }
    if (!affordable(world, 'noAnswer')) return;
    move('write unanswered', (next, copy) => {
      next.budget = paid(world, 'noAnswer');
      copy.call = undefined;
      if (outcome === undefined) copy.late = [...pod.late, call.body].slice(-LATE_WRITES);
      copy.election = protocol.callFailed(copy.election, 'unknown', copy.rules, copy.clock);
      this.act(next, copy);
    });
  }

  private answered(world: World, pod: Pod, outcome: Lease | 'conflict'): void {
    pod.call = undefined;
    pod.election =
      outcome === 'conflict'
        ? this.protocol.callFailed(pod.election, 'conflict', pod.rules, pod.clock)
        : this.protocol.writeAnswered(pod.election, outcome, pod.clock);
    this.act(world, pod);
  }

  private watches(world: World, pod: Pod, move: PodMove): void {
    const late = this.options.watch === 'late';
    const current = world.lease ?? 'none';
    if (late && pod.shown !== current) move('watch sees', (_, copy) => void (copy.shown = current));
    const shown = late ? pod.shown : current;
    if (shown === undefined || sameVersion(shown, pod.election.observation)) return;
    move('watch shows', (next, copy) => {
      copy.shown = undefined;
      copy.election = this.protocol.heard(copy.election, shown === 'none' ? undefined : shown, copy.clock);
      this.act(next, copy);
    });
  }

  private guard(pod: Pod, move: PodMove): void {
    if (!pod.guard.present) {
      move('guard starts', (_, copy) => {
        copy.guard = newGuard(`g${Number(pod.guard.id.slice(1)) + 1}`);
        copy.reports = [...pod.reports, ...greeting(copy.guard)];
      });
      return;
    }
    if (this.options.fifos === 'both' && pod.orders.length > 0) {
      move('guard obeys', (_, copy) => obeyNext(copy, this.protocol));
    }
    if (!pod.guard.terminating) return;
    move('guard exits', (_, copy) => {
      if (pod.guard.alive) die(copy, 143);
      close(copy);
    });
  }

  private faults(world: World, pod: Pod, move: PodMove): void {
    const fault = (name: Fault, kind: Move, possible: boolean, change: (world: World, pod: Pod) => void): void => {
      if (!possible || !affordable(world, name)) return;
      move(kind, (next, copy) => {
        next.budget = paid(world, name);
        change(next, copy);
      });
    };
    const { daemon } = pod.custody.guardState;
    fault('crash', 'daemon crashes', pod.guard.alive, (_, copy) => die(copy, 134));
    fault('hang', 'daemon hangs', daemon.kind === 'running' && pod.failed !== daemon.startedBy, (_, copy) => {
      if (daemon.kind === 'running') copy.failed = daemon.startedBy;
    });
    fault('agentRestart', 'agent restarts', true, (_, copy) => {
      Object.assign(copy, newAgent(), { late: inFlight(pod), ended: false });
      copy.terminating = pod.terminating;
    });
    fault('guardRestart', 'guard dies', pod.guard.present, (_, copy) => {
      copy.ended ||= pod.guard.alive;
      close(copy);
    });
    fault('terminate', 'guard told to end', pod.guard.present && !pod.guard.terminating, (_, copy) => {
      copy.guard = { ...pod.guard, terminating: true };
      copy.reports = [...pod.reports, { verb: 'terminating', guard: pod.guard.id }];
    });
    fault('lost', 'node lost', true, (_, copy) => {
      const { guard, late } = { guard: { ...pod.guard, present: false, alive: false }, late: inFlight(pod) };
      Object.assign(copy, newAgent(), { lost: true, guard, late, orders: [], reports: [], ended: false });
    });
    fault('drain', 'drain', !pod.terminating, (_, copy) => void (copy.terminating = true));
  }

  /** What an administrator and the operator do to the Lease, and a pod that is deleted by force while it runs on. */
  private hands(world: World, emit: Emit): void {
    const { lease } = world;
    const edited = (kind: Move, fault: Fault, change: (lease: Lease) => Lease | undefined, slot = NOBODY): void => {
      if (lease === undefined || !affordable(world, fault)) return;
      const next = { ...world, pods: world.pods.slice(), budget: paid(world, fault) };
      const body = change(lease);
      if (body === undefined) remove(next);
      else store(next, body);
      emit(NUMBER[kind] + slot, next);
    };
    const withSpec = (spec: Lease['spec']) => (of: Lease) => ({ ...of, spec: { ...of.spec, ...spec } });
    const holder = lease?.spec?.holderIdentity ?? '';
    if (holder !== '') edited('lease emptied', 'edit', withSpec({ holderIdentity: '' }));
    edited('lease given to a stranger', 'edit', withSpec({ holderIdentity: `x-0/9/r${world.words + 1}` }));
    edited('renewTime edited', 'edit', withSpec({ renewTime: microTime(world.words + 1) }));
    world.pods.forEach((pod, slot) => {
      const identity = claimed(pod);
      if (identity === undefined || identity === holder) return;
      edited('lease given back', 'edit', withSpec({ holderIdentity: identity }), slot);
    });
    edited('lease deleted', 'delete', () => undefined);
    const dead = world.pods.find((pod) => holder.startsWith(`${podName(pod)}/${pod.uid}/`));
    if (lease !== undefined && dead !== undefined && this.protocol.isDead(dead, world) && !isHolderGone(lease)) {
      const gone: Gone = { claim: holder, because: 'NodeDeleted' };
      const next = { ...world, pods: world.pods.slice() };
      const noted = { ...lease.metadata.annotations, [annotations.gone]: JSON.stringify(gone) };
      store(next, { ...lease, metadata: { ...lease.metadata, annotations: noted } });
      emit(NUMBER['gone noted'] + NOBODY, next);
    }
    const { copy } = world;
    if (copy !== undefined) edited('copy written back', 'copy', (of) => overwritten(of, copy));
    // Not of a released Lease: an edit that says "released" is believed.
    else if (lease !== undefined && holder !== '' && affordable(world, 'copy'))
      emit(NUMBER['lease copied'] + NOBODY, { ...world, copy: copyOf(lease) });
    if (lease === undefined) {
      emit(NUMBER['lease remade'] + NOBODY, remade(world, this.protocol));
      if (world.statusTerm > 1) emit(NUMBER['lease remade, term behind'] + NOBODY, remade(world, this.protocol, 1));
    }
    if (affordable(world, 'forceDelete') && !world.pods[2]!.exists) {
      const [next, copy] = this.copied(world, 2);
      copy.exists = true;
      emit(NUMBER['force-deleted'] + NOBODY, { ...next, budget: paid(world, 'forceDelete') });
    }
  }

  private slice(world: World, pod: Pod, move: PodMove): void {
    const tenure = tenureOf(pod, this.protocol);
    if (pod.sliceWrite === undefined && tenure.kind === 'active' && pod.sliceWritten !== tenure.claim) {
      move('slice read', (next, copy) => {
        const verdict = this.protocol.nextEndpoint(world.slice, endpointOf(pod, tenure.claim, tenure.term));
        if (verdict.kind === 'write') copy.sliceWrite = verdict.slice;
        if (verdict.kind === 'current') copy.sliceWritten = tenure.claim;
        if (verdict.kind === 'overtaken') copy.election = this.protocol.raiseTerm(copy.election, verdict.term);
        this.act(next, copy);
      });
    }
    const { sliceWrite } = pod;
    if (sliceWrite === undefined) return;
    move('slice write lands', (next, copy) => {
      copy.sliceWrite = undefined;
      if (sliceWrite.metadata.resourceVersion !== world.slice.metadata.resourceVersion) return undefined;
      next.slice = withVersion(sliceWrite, ++next.version);
      copy.sliceWritten = sliceWrite.metadata.annotations?.[annotations.claim] ?? '';
      const [before, after] = [sliceTerm(world.slice), sliceTerm(sliceWrite)];
      return after < before ? `the slice went back from term ${before} to ${after}` : undefined;
    });
    move('slice write given up', (_, copy) => void (copy.sliceWrite = undefined));
  }
}

const peerOf = ({ pods }: World, uid: string): number =>
  pods.findIndex((peer) => peer.uid === uid && peer.exists && !peer.lost);

type PodMove = (kind: Move, change: (world: World, pod: Pod) => string | undefined | void) => void;

const affordable = (world: World, fault: Fault): boolean => world.budget[FAULT[fault]]! > 0;

const paid = (world: World, fault: Fault): readonly number[] =>
  world.budget[FAULT[fault]] === Infinity
    ? world.budget
    : world.budget.with(FAULT[fault], world.budget[FAULT[fault]]! - 1);

function die(pod: Pod, code: number): void {
  const { guard, reports } = ended(pod.guard, code);
  pod.guard = guard;
  pod.reports = [...pod.reports, ...reports];
  pod.ended = true;
}

/** What may land after its agent has ended. */
function inFlight({ call, late }: Pod): readonly Lease[] {
  const sent = call?.kind === 'write' && call.outcome === undefined ? [call.body] : [];
  return [...late, ...sent].slice(-LATE_WRITES);
}

/** The container is gone, and its ends of the FIFOs with it. */
function close(pod: Pod): void {
  pod.guard = { ...pod.guard, present: false, alive: false };
  pod.reports = [...pod.reports, { verb: 'closed' }];
}

const withVersion = <T extends Lease | EndpointSlice>(object: T, version: number): T => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(version) },
});

/** The API server's compare-and-swap. */
function store(world: World, body: Lease, writer?: Pod): Lease | 'conflict' {
  const { uid, resourceVersion } = world.lease?.metadata ?? {};
  if (uid !== body.metadata.uid || resourceVersion !== body.metadata.resourceVersion) return 'conflict';
  const stored = withVersion(body, ++world.version);
  world.lease = stored;
  world.words++;
  world.statusTerm = Math.max(world.statusTerm, stored.spec?.leaseTransitions ?? 0);
  forgetLost(world, writer);
  return stored;
}

/** The Lease as a person keeps it. */
export function copyOf({ metadata, ...rest }: Lease): Lease {
  const { resourceVersion: _, uid: __, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** The Lease with a copy written over it, as `kubectl replace` does. */
const overwritten = ({ metadata }: Lease, copy: Lease): Lease => ({
  ...copy,
  metadata: { ...metadata, annotations: copy.metadata.annotations ?? {} },
});

function remove(world: World): void {
  world.lease = undefined;
  forgetLost(world);
}

/**
 * A write on an older version can only conflict: it is the same whether that has been found out yet.
 * @param own the pod that is a copy already
 */
function forgetLost(world: World, own?: Pod): void {
  const { uid, resourceVersion } = world.lease?.metadata ?? {};
  const lost = (body: Lease): boolean => body.metadata.uid !== uid || body.metadata.resourceVersion !== resourceVersion;
  world.pods.forEach((pod, slot) => {
    const { call } = pod;
    const lostCall = call?.kind === 'write' && call.outcome === undefined && lost(call.body);
    if (!lostCall && !pod.late.some(lost)) return;
    const copy = pod === own ? own : (world.pods[slot] = { ...pod });
    copy.late = pod.late.filter((body) => !lost(body));
    if (lostCall) copy.call = { ...call, outcome: 'conflict' };
  });
}

/** The Lease as the operator makes it anew. @param behind by how much the term in the status lags */
export function remade(world: World, protocol: Protocol, behind = 0): World {
  const roster = protocol.rosterOfRemade(world);
  const statusTerm = world.statusTerm - behind;
  const history = historyOf({ membersExist: true, statusTerm, sliceTerm: sliceTerm(world.slice) || undefined });
  const cluster = { name: 'pair', namespace: 'default', uid: '1' };
  const version = world.version + 1;
  const lease = newLease(cluster, 'statestore', world.pods[0]!.rules.leaseDuration / TICK, history);
  const metadata = { ...lease.metadata, uid: String(version), resourceVersion: String(version) };
  if (roster.length > 0) metadata.annotations = { ...metadata.annotations, [annotations.roster]: formatRoster(roster) };
  return { ...world, version, lease: { ...lease, metadata } };
}

export const sliceTerm = (slice: EndpointSlice): number => Number(slice.metadata.annotations?.[annotations.term] ?? 0);

const sameVersion = (shown: Lease | 'none', observation: Pod['election']['observation']): boolean =>
  observation !== undefined &&
  (shown === 'none'
    ? observation.lease === undefined
    : observation.lease?.metadata.uid === shown.metadata.uid &&
      observation.lease?.metadata.resourceVersion === shown.metadata.resourceVersion);

/** The identity that a pod believes to hold, or to have claimed. */
function claimed(pod: Pod): string | undefined {
  const { standing } = pod.election;
  return standing.kind === 'challenger' ? undefined : standing.claim.identity;
}

const endpointOf = (pod: Pod, claim: string, term: number): ActiveEndpoint => ({
  claim,
  term,
  podName: podName(pod),
  podUid: pod.uid,
  podIp: `${pod.member}${pod.uid}`,
  nodeName: pod.member,
  namespace: 'default',
});

/** What a move's number stands for. */
export const moveOf = (number: number): { kind: Move; slot: number } => ({
  kind: MOVES[number >> 2]!,
  slot: number & 3,
});
