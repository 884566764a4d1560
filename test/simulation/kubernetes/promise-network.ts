import type {
  PromiseAnswer,
  PromisePeer,
  PromiseRequest,
  PromiseTransport,
} from '../../../src/agent/promise/promise-message.ts';
import type { SimulatedProcess } from '../engine/simulated-process.ts';
import type { SimulatedPod } from './simulated-pod.ts';
import type { World } from '../world.ts';

/** How a question from agent to agent goes wrong. */
export const PEER_FAULTS = ['request lost', 'answer lost', 'late'] as const;
export type PeerFault = (typeof PEER_FAULTS)[number];

/** A question that did not get through is sent again by TCP; after that long nobody knows of it. */
const RETRANSMISSION = 20_000;

/** The connections between the agents of a pair: what is asked arrives after some time, much later, or never. */
export class PromiseNetwork {
  readonly #world: World;
  readonly #fronts = new Set<{ readonly fault: PeerFault; readonly probability: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @returns ends it */
  begin(front: { readonly fault: PeerFault; readonly probability: number }): () => void {
    this.#fronts.add(front);
    return () => void this.#fronts.delete(front);
  }

  /** What an agent asks others through. */
  of(pod: SimulatedPod, process: SimulatedProcess): PromiseTransport {
    return {
      ask: (peer, request, timeout, signal) =>
        new Promise((resolve, reject) => {
          const timer = process.setTimer(timeout, () => reject(new Error('no answer in time')));
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          void this.#converse(pod, process, peer, request).then((answer) => {
            timer.cancel();
            resolve(answer);
          });
        }),
    };
  }

  async #converse(
    from: SimulatedPod,
    process: SimulatedProcess,
    peer: PromisePeer,
    request: PromiseRequest,
  ): Promise<PromiseAnswer> {
    const { timeline, random, pods } = this.#world;
    const fault = this.#fault();
    if (fault === 'request lost') return never();
    await timeline.sleep(fault === 'late' ? random.between(200, RETRANSMISSION) : this.#latency());
    const to = [...pods].find(({ identity }) => identity.ip === peer.address);
    if (to === undefined) return never();
    if (!this.#reaches(from, to)) await this.#retransmitted(from, to);
    const answer = await this.#answer(to, request);
    await timeline.sleep(this.#latency());
    if (fault === 'answer lost' || !this.#reaches(from, to)) return never();
    return new Promise((resolve) => process.deliver(0, () => resolve(answer)));
  }

  /** By the agent that runs there when the question arrives, or as soon as it runs on. */
  #answer(to: SimulatedPod, request: PromiseRequest): Promise<PromiseAnswer> {
    const { agent } = to;
    if (!agent) return never();
    return new Promise((resolve) => agent.process.deliver(0, () => resolve(agent.agent.promises.answer(request))));
  }

  async #retransmitted(from: SimulatedPod, to: SimulatedPod): Promise<void> {
    const { timeline, random } = this.#world;
    const sent = timeline.now;
    const lucky = random.chance(0.4);
    while (!this.#reaches(from, to)) {
      if (!lucky || timeline.now - sent > RETRANSMISSION) await never();
      await timeline.sleep(random.between(100, 800));
    }
  }

  #reaches(from: SimulatedPod, to: SimulatedPod): boolean {
    const { network } = this.#world;
    const [here, there] = [from.node, to.node];
    if (!here.up || !there.up || there.frozen) return false;
    return network.reaches([here.name], there.name) && network.reaches([`peers ${from.identity.component}`], 'peers');
  }

  #fault(): PeerFault | undefined {
    for (const { fault, probability } of this.#fronts) if (this.#world.random.chance(probability)) return fault;
    return undefined;
  }

  #latency(): number {
    const { random } = this.#world;
    return random.chance(0.02) ? random.between(5, 120) : random.between(0.3, 4);
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);
