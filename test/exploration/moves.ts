/** Everything that can happen next in a world: each move makes another world, and never changes the one it began in. */
import { isShownIn, type ActiveEndpoint } from '../../src/agent/endpoint.ts';
import { annotations } from '../../src/api/names.ts';
import type { Lease } from '../../src/kube/kubernetes-object.ts';
import { act, deliver, LONGEST_FIFO, noticeEnd, obeyNext, tenureOf } from './agent-model.ts';
import { ended, greeting, newGuard, pastDeadline } from './guard-model.ts';
import { hands } from './hands.ts';
import { sameVersion, sliceTerm, store, withVersion } from './lease-store.ts';
import { affordable, NOBODY, NUMBER, paid, type Emit, type Move, type PodMove } from './move-kinds.ts';
import { PromiseMoves } from './promise-moves.ts';
import type { Protocol } from './protocol.ts';
import { newAgent, podName, TICK, type Call, type Fault, type Pod, type World, type WorldOptions } from './world.ts';

/** No more late writes of a pod than this are on their way: the older ones never land. */
const LATE_WRITES = 2;

/** Hands every world that is one move away to `emit`. */
export class Moves {
  private readonly options: WorldOptions;
  private readonly protocol: Protocol;
  private readonly promises: PromiseMoves;

  constructor(options: WorldOptions, protocol: Protocol) {
    this.options = options;
    this.protocol = protocol;
    this.promises = new PromiseMoves(options, protocol);
  }

  from(world: World, emit: Emit): void {
    this.time(world, emit);
    hands(world, this.protocol, emit);
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
      if (pod.rules.outage) this.promises.from(world, pod, move);
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

  private slice(world: World, pod: Pod, move: PodMove): void {
    const tenure = tenureOf(pod, this.protocol);
    const isHolder = tenure.kind === 'active' && isShownIn(pod.election.observation?.lease, tenure);
    if (pod.sliceWrite === undefined && isHolder && pod.sliceWritten !== tenure.claim) {
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

const endpointOf = (pod: Pod, claim: string, term: number): ActiveEndpoint => ({
  claim,
  term,
  podName: podName(pod),
  podUid: pod.uid,
  podIp: `${pod.member}${pod.uid}`,
  nodeName: pod.member,
  namespace: 'default',
});
