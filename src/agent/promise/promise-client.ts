import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Clock, Milliseconds } from '../../kube/clock.ts';
import { isOfPair } from './keys.ts';
import type { Keys } from './keys.ts';
import { LineReader } from './line-reader.ts';
import { LONGEST_MESSAGE, parsePromiseAnswer } from './promise-message.ts';
import type { PromiseAnswer, PromisePeer, PromiseRequest, PromiseTransport } from './promise-message.ts';

/** How long a connection that nobody uses is kept. */
const IDLE: Milliseconds = 30_000;

export interface PromiseClientOptions {
  /** Where the other agents listen. */
  readonly port: number;
  /** What peers have to be called in their certificates. */
  readonly name: string;
  readonly clock: Clock;
  readonly keys: () => Keys | undefined;
}

/** A connection to one peer, with at most one question under way. */
interface Connection {
  readonly socket: TLSSocket;
  readonly address: string;
  readonly keys: Keys;
}

/** Asks the other agents of the pair, each over one connection that is kept, so that asking is one round trip. */
export class PromiseClient implements PromiseTransport {
  readonly #options: PromiseClientOptions;
  readonly #connections = new Map<string, Connection>();
  /** The last question to each peer: the next one waits for its end. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: PromiseClientOptions) {
    this.#options = options;
  }

  async ask(
    peer: PromisePeer,
    request: PromiseRequest,
    timeout: Milliseconds,
    signal: AbortSignal,
  ): Promise<PromiseAnswer> {
    const ending = new AbortController();
    const end = (): void => ending.abort(new Error(`${peer.pod} was not asked to the end`));
    const timer = this.#options.clock.setTimer(timeout, () =>
      ending.abort(new Error(`no answer from ${peer.pod} within ${timeout} ms`)),
    );
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    const before = this.#turns.get(peer.uid);
    const turn = this.#askInTurn(peer, `${JSON.stringify(request)}\n`, before, ending.signal);
    this.#turns.set(peer.uid, turn);
    try {
      return await turn;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', end);
      if (this.#turns.get(peer.uid) === turn) this.#turns.delete(peer.uid);
    }
  }

  /** Closes all connections; questions under way fail. */
  close(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  async #askInTurn(
    peer: PromisePeer,
    line: string,
    before: Promise<unknown> | undefined,
    signal: AbortSignal,
  ): Promise<PromiseAnswer> {
    await untilAborted(
      signal,
      before?.catch(() => undefined),
    );
    const kept = this.#kept(peer);
    if (kept !== undefined) {
      try {
        return await converse(kept, line, signal);
      } catch (error) {
        // A peer that has restarted, or got other keys, has closed it: that says nothing about a new one.
        if (signal.aborted || !(error instanceof LostConnection)) throw error;
      }
    }
    return converse(await this.#connect(peer, signal), line, signal);
  }

  #kept(peer: PromisePeer): Connection | undefined {
    const kept = this.#connections.get(peer.uid);
    if (kept === undefined) return undefined;
    const usable = kept.address === peer.address && kept.keys === this.#options.keys() && kept.socket.writable;
    if (usable) return kept;
    kept.socket.destroy();
    return undefined;
  }

  /** @throws Error when there are no keys, nobody answers, or whoever answers is not of the pair */
  async #connect(peer: PromisePeer, signal: AbortSignal): Promise<Connection> {
    const { name, port } = this.#options;
    const keys = this.#options.keys();
    if (keys === undefined) throw new Error('there are no keys');
    const socket = connect({
      host: peer.address,
      port,
      servername: name,
      secureContext: keys.context,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
      checkServerIdentity: (_, certificate) =>
        isOfPair(certificate, name) ? undefined : new Error(`${peer.address} is not of the pair`),
    });
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    socket.setTimeout(IDLE, () => socket.destroy());
    const connection: Connection = { socket, address: peer.address, keys };
    this.#connections.set(peer.uid, connection);
    socket.once('close', () => {
      if (this.#connections.get(peer.uid) === connection) this.#connections.delete(peer.uid);
    });
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`${peer.address} closed the connection`)));
    });
    try {
      await untilAborted(signal, connected);
      return connection;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

/** A connection ended before a byte of the answer came. */
class LostConnection extends Error {
  override readonly name = 'LostConnection';
}

/** One question and its answer. Whatever goes wrong, the connection is of no further use. */
async function converse({ socket }: Connection, line: string, signal: AbortSignal): Promise<PromiseAnswer> {
  const reader = new LineReader(LONGEST_MESSAGE);
  let onData: (chunk: Buffer) => void = () => undefined;
  let onEnd: () => void = () => undefined;
  const answered = new Promise<PromiseAnswer>((resolve, reject) => {
    onData = (chunk) => {
      const lines = reader.read(chunk);
      if (lines?.length === 0) return;
      const answer = lines?.length === 1 && !reader.within ? parsePromiseAnswer(lines[0] ?? '') : undefined;
      if (answer === undefined) reject(new Error('the answer cannot be read'));
      else resolve(answer);
    };
    onEnd = () =>
      reject(reader.within ? new Error('the answer broke off') : new LostConnection('the connection ended'));
  });
  socket.on('data', onData);
  for (const event of ['end', 'close']) socket.on(event, onEnd);
  try {
    socket.write(line);
    return await untilAborted(signal, answered);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    socket.off('data', onData);
    for (const event of ['end', 'close']) socket.off(event, onEnd);
  }
}

/** Waits, but not longer than the signal allows. @throws the signal's reason, too */
async function untilAborted<T>(signal: AbortSignal, awaited: Promise<T> | undefined): Promise<T> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([aborted, awaited as Promise<T>]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
