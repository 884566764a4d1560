import type {
  AnswerPromiseRequest,
  PromiseAnswer,
  PromisePeer,
  PromiseRequest,
  PromiseTransport,
} from '../../agent/promise/promise-message.ts';
import { parsePromiseAnswer, parsePromiseRequest } from '../../agent/promise/promise-message.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import type { NetworkNode } from '../impala/service-network.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** From one node to another. */
const LATENCY: Milliseconds = 1;

interface Party {
  readonly process: VirtualProcess;
  readonly host: NetworkNode;
  readonly answer: AnswerPromiseRequest;
}

/** How agents on virtual nodes reach each other, by the addresses of their pods. */
export class PromiseNetwork {
  readonly #parties = new Map<string, Party>();

  /** An agent listens, until its process ends. */
  listen(address: string, party: Party): void {
    this.#parties.set(address, party);
    party.process.death.addEventListener('abort', () => {
      if (this.#parties.get(address) === party) this.#parties.delete(address);
    });
  }

  /** The way to the others, of an agent on a node. */
  from(host: NetworkNode, process: VirtualProcess): PromiseTransport {
    return {
      ask: (peer, request, timeout, signal) =>
        new Promise((resolve, reject) => {
          const timer = process.setTimer(timeout, () => reject(new Error('no answer in time')));
          signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
          this.#deliver(host, peer, request, (answer) =>
            process.deliver(LATENCY, () => {
              timer.cancel();
              resolve(answer);
            }),
          );
        }),
    };
  }

  #deliver(
    from: NetworkNode,
    peer: PromisePeer,
    request: PromiseRequest,
    answered: (answer: PromiseAnswer) => void,
  ): void {
    const party = this.#parties.get(peer.address);
    if (party === undefined || !from.up || !party.host.up) return;
    party.process.deliver(LATENCY, () => {
      // What is read is what came over the wire.
      const received = parsePromiseRequest(JSON.stringify(request));
      const answer = received && parsePromiseAnswer(JSON.stringify(party.answer(received)));
      if (answer !== undefined && from.up) answered(answer);
    });
  }
}
