import http from 'node:http';
import https from 'node:https';
import type { Milliseconds } from './clock.ts';
import type { ConnectionConfiguration } from './connection-configuration.ts';

/** Less than the 90 s after which an API server closes an idle connection, so that we never write into a closing one. */
const IDLE_CONNECTION: Milliseconds = 60_000;
/** Idle connections kept; further ones are closed after their answer. */
const IDLE_CONNECTIONS = 4;

export interface HttpRequest {
  readonly method: string;
  /** Path and query, below the server's base URL. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** No answer came, or it broke off. */
export class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection';
  /** Whether the connection was an idle one that turned out to be dead before a byte of the answer came. */
  readonly staleConnection: boolean;

  constructor(cause: Error, staleConnection: boolean) {
    super(cause.message, { cause });
    this.staleConnection = staleConnection;
  }
}

/** HTTP/1.1 to one server, over a small pool of kept-alive connections. It knows nothing of Kubernetes and of deadlines. */
export class HttpTransport {
  readonly #base: URL;
  readonly #secure: boolean;
  readonly #tls: https.AgentOptions;
  readonly #pool: http.Agent | https.Agent;

  constructor(configuration: ConnectionConfiguration) {
    this.#base = new URL(configuration.server);
    this.#secure = this.#base.protocol === 'https:';
    this.#tls = tlsOptions(configuration);
    const options = { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS, timeout: IDLE_CONNECTION };
    this.#pool = this.#secure ? new https.Agent({ ...options, ...this.#tls }) : new http.Agent(options);
  }

  /**
   * Sends a request and gives the head of the answer; the caller reads the body to its end or destroys it.
   * @param ownConnection a new connection that nothing else uses and that is closed afterwards
   * @throws BrokenConnection, also when the signal ended it
   */
  send(request: HttpRequest, signal: AbortSignal, ownConnection = false): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = (this.#secure ? https : http).request({
        ...(this.#secure && ownConnection ? this.#tls : {}),
        agent: ownConnection ? false : this.#pool,
        hostname: this.#base.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: this.#base.port,
        method: request.method,
        path: this.#base.pathname.replace(/\/$/, '') + request.path,
        headers: withLength(request),
        signal,
      });
      outgoing.on('response', (answer) => {
        // Whoever reads the body sees its errors; this one is for an answer that breaks while nobody reads.
        answer.on('error', () => undefined);
        resolve(answer);
      });
      outgoing.on('error', (error) => reject(new BrokenConnection(error, outgoing.reusedSocket && !signal.aborted)));
      outgoing.end(request.body);
    });
  }

  /** Closes the connections that are idle now: after a lost answer the others of the pool are likely dead as well. */
  closeIdle(): void {
    for (const sockets of Object.values(this.#pool.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** Closes all connections of the pool; calls under way fail. */
  close(): void {
    this.#pool.destroy();
  }
}

/**
 * The body of an answer, to its end.
 * @throws BrokenConnection when it broke off
 */
export async function readBody(answer: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new BrokenConnection(error instanceof Error ? error : new Error(String(error)), false);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function withLength(request: HttpRequest): Record<string, string> {
  if (request.body === undefined) return request.headers;
  return { ...request.headers, 'Content-Length': String(Buffer.byteLength(request.body)) };
}

function tlsOptions(configuration: ConnectionConfiguration): https.AgentOptions {
  const { ca, cert, key, servername, skipTlsVerify } = configuration;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(skipTlsVerify ? { rejectUnauthorized: false } : {}),
  };
}
