import type { Claim } from '../../src/kube/election/claim.ts';
import { recordsToSee } from '../../src/kube/election/outage.ts';
import { act } from './agent-model.ts';
import { affordable, paid, type PodMove } from './move-kinds.ts';
import type { Protocol } from './protocol.ts';
import type { Pod, Round, World, WorldOptions } from './world.ts';

/** What PromiseCollector and the agents that it asks do. A round may begin at any time, and any answer may be lost. */
export class PromiseMoves {
  private readonly options: WorldOptions;
  private readonly protocol: Protocol;

  constructor(options: WorldOptions, protocol: Protocol) {
    this.options = options;
    this.protocol = protocol;
  }

  from(world: World, pod: Pod, move: PodMove): void {
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
    act(world, pod, this.protocol, this.options);
  }
}

const peerOf = ({ pods }: World, uid: string): number =>
  pods.findIndex((peer) => peer.uid === uid && peer.exists && !peer.lost);
