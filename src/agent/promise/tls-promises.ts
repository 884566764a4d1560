import type { Clock, Milliseconds } from '../../kube/clock.ts';
import { KeyFiles } from './keys.ts';
import { PromiseClient } from './promise-client.ts';
import type {
  AnswerPromiseRequest,
  PromiseAnswer,
  PromisePeer,
  PromiseRequest,
  PromiseTransport,
} from './promise-message.ts';
import { PromiseServer } from './promise-server.ts';

export interface TlsPromisesOptions {
  /** Where kubelet mounts the pair's keys. */
  readonly directory: string;
  /** What both ends have to be called in their certificates. */
  readonly name: string;
  /** The pod's own address. */
  readonly host: string;
  /** Where all agents of the pair listen. */
  readonly port: number;
  readonly clock: Clock;
  readonly answer: AnswerPromiseRequest;
  /** Told of keys that are taken into use, by when they expire, and of what is wrong with the files or the port. */
  readonly onKeys: (expires: Date) => void;
  readonly onProblem: (problem: string) => void;
}

/** Promises between the agents of a pair, over mutual TLS, with whatever keys are in the mounted Secret at the time. */
export class TlsPromises implements PromiseTransport {
  readonly #keys: KeyFiles;
  readonly #server: PromiseServer;
  readonly #client: PromiseClient;

  constructor({ directory, name, host, port, clock, answer, onKeys, onProblem }: TlsPromisesOptions) {
    this.#server = new PromiseServer({ host, port, name, clock, answer, onProblem });
    this.#keys = new KeyFiles({
      directory,
      name,
      clock,
      onChange: (keys) => {
        this.#server.use(keys);
        onKeys(keys.expires);
      },
      onProblem,
    });
    this.#client = new PromiseClient({ port, name, clock, keys: () => this.#keys.current });
  }

  /** When the keys in use expire. */
  get keysExpire(): Date | undefined {
    return this.#keys.current?.expires;
  }

  ask(peer: PromisePeer, request: PromiseRequest, timeout: Milliseconds, signal: AbortSignal): Promise<PromiseAnswer> {
    return this.#client.ask(peer, request, timeout, signal);
  }

  /** Answers until aborted; then closes every connection. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#keys.run(signal);
    this.#server.close();
    this.#client.close();
  }
}
