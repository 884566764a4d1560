import {
  brokenConnection,
  refusal,
  type ApiCall,
  type Interceptor,
  type WatchStream,
} from '../../../src/embedded/interceptor.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { SimulatedProcess } from '../engine/simulated-process.ts';
import type { Timeline } from '../engine/timeline.ts';
import { LATEST_REQUEST } from '../faults/fault.ts';
import type { ApiFault, ApiWeather } from './api-weather.ts';
import type { Network, Party } from './network.ts';

export interface ConnectionParts {
  readonly process: SimulatedProcess;
  /** By which the weather knows this client. */
  readonly client: string;
  /** The names under which it can be cut off from `api`. */
  readonly parties: readonly Party[];
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly network: Network;
  readonly weather: ApiWeather;
  /** Whether the API server takes its token. */
  readonly authorized: () => boolean;
  /** Told before a call leaves: may pause or kill the process, or change the weather. */
  readonly onCall: (call: ApiCall) => void;
  /** Told of a fault that a call has met. */
  readonly onFault: (call: ApiCall, fault: ApiFault) => void;
}

/** A request that could not get through is sent again by TCP when the network is whole; after that long nobody knows of it. */
const RETRANSMISSION = 20_000;

/** What lies between one client process and the API server. The client runs no code while it is paused, and none once it is dead. */
export class Connection implements Interceptor {
  readonly #parts: ConnectionParts;
  readonly #streams = new Map<WatchStream, Promise<void>>();
  readonly #stalls: (() => void)[] = [];

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  async exchange<T>(call: ApiCall, handle: () => T): Promise<T> {
    const { process, timeline, random, weather, client, onCall, onFault } = this.#parts;
    onCall(call);
    // Stopped or killed just before it sent (deadlines counted from the send have begun already), or just after.
    if (!process.running && random.chance(0.5)) await this.#inProcess(0);
    const fault = weather.of(client);
    if (fault !== undefined) onFault(call, fault);
    await this.#travel();
    if (fault === 'request lost') return never();
    if (fault === 'late') await timeline.sleep(random.between(500, LATEST_REQUEST));
    if (fault === 'slow') await timeline.sleep(random.between(100, 2_500));
    const answer = this.#answer(call, handle, fault);
    if (fault === 'slow') await timeline.sleep(random.between(0, 1_000));
    if (fault === 'answer lost' || !this.#connected) return never();
    await this.#inProcess(this.#latency());
    return answer();
  }

  onWatch(stream: WatchStream): void {
    this.#streams.set(stream, Promise.resolve());
  }

  deliver(stream: WatchStream, forward: () => void): void {
    const due = this.#parts.timeline.now + this.#latency();
    const before = this.#streams.get(stream) ?? Promise.resolve();
    this.#streams.set(
      stream,
      before.then(() => this.#carry(stream, due, forward)),
    );
  }

  /** Stalled watches go on; some break, as connections do that were silent for long. */
  stallEnded(): void {
    for (const wake of this.#stalls.splice(0)) wake();
  }

  /** The API server or a proxy closes every connection. */
  breakWatches(error?: 410): void {
    for (const stream of [...this.#streams.keys()]) {
      this.#streams.delete(stream);
      const failure =
        error === 410 ? refusal(stream.call, 410, 'too old resource version') : brokenConnection(stream.call);
      this.#parts.process.deliver(this.#latency(), () => stream.fail(failure));
    }
  }

  /** The client is gone, with its connections. */
  close(): void {
    for (const stream of this.#streams.keys()) stream.end();
    this.#streams.clear();
  }

  /** What the server does with the request, and the client's view of that. */
  #answer<T>(call: ApiCall, handle: () => T, fault: ApiFault | undefined): () => T {
    const refuse = (status: number): (() => T) => {
      return () => {
        throw refusal(call, status, `HTTP ${status}`, status === 429 ? 1000 : undefined);
      };
    };
    if (this.#parts.weather.down) {
      return () => {
        throw brokenConnection(call, 'connection refused');
      };
    }
    if (!this.#parts.authorized() || fault === '401') return refuse(401);
    if (fault === '429') return refuse(429);
    if (fault === '500') return refuse(500);
    if (fault === '409' && call.verb !== 'get' && call.verb !== 'list' && call.verb !== 'watch') return refuse(409);
    try {
      const result = handle();
      return fault === '500 after the write' ? refuse(500) : () => result;
    } catch (error) {
      return () => {
        throw error;
      };
    }
  }

  get #connected(): boolean {
    return this.#parts.network.reaches(this.#parts.parties, 'api');
  }

  /** The request's way to the server. Without a network it is lost, or arrives much later. */
  async #travel(): Promise<void> {
    const { network, parties, timeline, random } = this.#parts;
    await timeline.sleep(this.#latency());
    if (this.#connected) return;
    const sent = timeline.now;
    const retransmitted = random.chance(0.4);
    await network.whenReachable(parties, 'api');
    if (!retransmitted || timeline.now - sent > RETRANSMISSION) await never();
  }

  async #carry(stream: WatchStream, due: number, forward: () => void): Promise<void> {
    const { timeline, process, network, parties, weather, client } = this.#parts;
    if (due > timeline.now) await timeline.sleep(due - timeline.now);
    if (weather.isStalled(client)) await new Promise<void>((resolve) => this.#stalls.push(resolve));
    if (!this.#connected) await network.whenReachable(parties, 'api');
    if (stream.open) process.deliver(0, forward);
  }

  #inProcess(delay: number): Promise<void> {
    return new Promise((resolve) => this.#parts.process.deliver(delay, resolve));
  }

  #latency(): number {
    const { random } = this.#parts;
    return random.chance(0.02) ? random.between(5, 120) : random.between(0.3, 4);
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);
