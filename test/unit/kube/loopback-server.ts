import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { certificate, privateKey } from './loopback-certificate.ts';

/** A request as the server received it, whole. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly socket: Socket;
}

/** Answers a request; how, and whether at all, is up to the test. */
export type Answer = (request: ReceivedRequest, response: http.ServerResponse) => void;

/** A real server on the loopback interface whose answers a test writes. */
export class LoopbackServer {
  readonly requests: ReceivedRequest[] = [];
  readonly #server: http.Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  #answer: Answer = (_, response) => json(response, 200, {});
  #onRequest: (() => void) | undefined;

  constructor(secure = false) {
    const listener: http.RequestListener = (request, response) => void this.#receive(request, response);
    this.#server = secure
      ? https.createServer({ cert: certificate, key: privateKey }, listener)
      : http.createServer(listener);
    this.#server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#connections++;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections have been made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** How many of them are open. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  answerWith(answer: Answer): void {
    this.#answer = answer;
  }

  /** Waits for the next request. */
  nextRequest(): Promise<void> {
    return new Promise((resolve) => (this.#onRequest = resolve));
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '', 'http://loopback');
    const received = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body,
      socket: request.socket,
    };
    this.requests.push(received);
    this.#answer(received, response);
    this.#onRequest?.();
  }
}

/** Answers with a JSON body. */
export function json(response: http.ServerResponse, status: number, body: object, headers = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
