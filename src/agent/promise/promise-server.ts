import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { Clock, Milliseconds, Timer } from '../../kube/clock.ts';
import { TokenBucket } from '../../kube/token-bucket.ts';
import { Admission } from './admission.ts';
import { isOfPair } from './keys.ts';
import type { Keys } from './keys.ts';
import { LineReader } from './line-reader.ts';
import { LONGEST_MESSAGE, parsePromiseRequest } from './promise-message.ts';
import type { AnswerPromiseRequest } from './promise-message.ts';

/** How long it may take to show who one is, and to send a request to its end. */
const PATIENCE: Milliseconds = 2_000;
/** When it tries again to listen. */
const RETRY: Milliseconds = 5_000;
/** Longer than a peer keeps a connection that it does not use: it closes first, and never writes into a closing one. */
const IDLE: Milliseconds = 60_000;
/** Connections of known peers: there is one, or two while it is replaced. */
const PEERS = 4;
/** Requests that a connection may send at once, and after how long one more. */
const REQUEST_BURST = 10;
const REQUEST_PERIOD: Milliseconds = 100;

export interface PromiseServerOptions {
  /** The pod's own address. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What peers have to be called in their certificates. */
  readonly name: string;
  readonly clock: Clock;
  readonly answer: AnswerPromiseRequest;
  /** Told when it cannot listen; it goes on trying. */
  readonly onProblem: (problem: string) => void;
}

/**
 * Answers the other agents of the pair: one request a line, one answer a line, over TLS 1.3 with certificates on both
 * sides. Whoever is not of the pair, or does not keep to that, is cut off; nothing that arrives takes more than a few KiB
 * or ends the process.
 */
export class PromiseServer {
  readonly #options: PromiseServerOptions;
  readonly #admission: Admission;
  readonly #peers = new Set<TLSSocket>();
  /** All connections, by the address and port at their other end. */
  readonly #sockets = new Map<string, Socket>();
  #retry: Timer | undefined;
  #tcp: Server | undefined;
  #tls: TlsServer | undefined;
  #keys: Keys | undefined;
  #closed = false;

  constructor(options: PromiseServerOptions) {
    this.#options = options;
    this.#admission = new Admission(options.clock);
  }

  /** The port that it listens on; nothing while it does not. */
  get port(): number | undefined {
    const address = this.#tcp?.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Listens, from the first keys on; with others, connections that were begun with the former end after their next answer. */
  use(keys: Keys): void {
    this.#keys = keys;
    if (this.#tls !== undefined) {
      this.#tls.setSecureContext(keys.options);
      return;
    }
    this.#tls = this.#createTlsServer(keys);
    this.#listen();
  }

  /** Ends everything. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#tcp?.close();
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #createTlsServer(keys: Keys): TlsServer {
    const server = createTlsServer({
      ...keys.options,
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: PATIENCE,
    });
    server.on('tlsClientError', (_, socket) => socket.destroy());
    server.on('secureConnection', (socket) => this.#welcome(socket));
    return server;
  }

  #listen(): void {
    const { host, port, clock, onProblem } = this.#options;
    // Who knocks too often is turned away before any cryptography.
    const server = createServer({ noDelay: true }, (socket) => this.#admit(socket));
    server.on('listening', () => {
      if (this.#closed) server.close();
    });
    server.on('error', (error) => {
      if (server.listening || this.#closed) return;
      onProblem(`cannot listen: ${error.message}`);
      this.#retry = clock.setTimer(RETRY, () => this.#listen());
    });
    server.listen(port, host);
    this.#tcp = server;
  }

  #admit(socket: Socket): void {
    const { remoteAddress } = socket;
    socket.on('error', () => undefined);
    if (remoteAddress === undefined || !this.#admission.admit(socket, remoteAddress)) {
      socket.destroy();
      return;
    }
    const end = otherEnd(socket);
    this.#sockets.set(end, socket);
    socket.once('close', () => {
      this.#sockets.delete(end);
      this.#admission.left(socket);
    });
    this.#tls?.emit('connection', socket);
  }

  #welcome(socket: TLSSocket): void {
    socket.on('error', () => undefined);
    const carrier = this.#sockets.get(otherEnd(socket));
    if (carrier === undefined || !isOfPair(socket.getPeerCertificate(), this.#options.name)) {
      socket.destroy();
      return;
    }
    this.#admission.left(carrier);
    this.#peers.add(socket);
    socket.once('close', () => this.#peers.delete(socket));
    const [oldest] = this.#peers;
    if (this.#peers.size > PEERS) oldest?.destroy();
    socket.setTimeout(IDLE, () => socket.destroy());
    this.#converse(socket);
  }

  #converse(socket: TLSSocket): void {
    const { clock } = this.#options;
    const begunWith = this.#keys;
    const reader = new LineReader(LONGEST_MESSAGE);
    const rate = new TokenBucket(clock, REQUEST_BURST, REQUEST_PERIOD);
    let patience: Timer | undefined;
    socket.once('close', () => patience?.cancel());
    socket.on('data', (chunk: Buffer) => {
      const lines = reader.read(chunk);
      const answers = lines?.map((line) => (rate.take() ? this.#answer(line) : undefined));
      if (answers === undefined || answers.includes(undefined) || socket.writableNeedDrain) {
        socket.destroy();
        return;
      }
      if (answers.length > 0) {
        patience?.cancel();
        patience = undefined;
        socket.write(answers.join(''));
        if (this.#keys !== begunWith) socket.end();
      }
      if (reader.within) patience ??= clock.setTimer(PATIENCE, () => socket.destroy());
    });
  }

  /** @returns a line, or nothing for what is no request */
  #answer(line: string): string | undefined {
    const request = parsePromiseRequest(line);
    return request && `${JSON.stringify(this.#options.answer(request))}\n`;
  }
}

const otherEnd = ({ remoteAddress = '', remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`;
