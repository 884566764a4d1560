import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../kube/clock.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { EmbeddedApiServer } from '../embedded-api-server.ts';
import { StatusError } from '../status-error.ts';
import { ApiRequests, type ApiAnswer, type ApiRequest } from './api-requests.ts';
import { apiGroup, apiGroups, apiResources, apiVersions, VERSION } from './discovery.ts';
import { openApiDocument, openApiIndex } from './open-api.ts';
import { statusBody } from './status-body.ts';
import { streamWatch } from './watch-response.ts';

/** etcd takes no more of an object, and an API server no more than twice that of a request. */
const LONGEST_BODY = 3 * 1024 * 1024;

export interface EmbeddedHttpServerOptions {
  readonly server: EmbeddedApiServer;
  readonly clock: Clock;
  /**
   * What every path begins with: a word that nobody can guess keeps other users of the machine, and pages in a browser,
   * away from a server that asks for no credentials.
   */
  readonly basePath?: string;
  /** Told of every request. */
  readonly onRequest?: ((request: ApiRequest) => void) | undefined;
}

/** The Kubernetes API over HTTP, on the loopback interface alone. It can be off, and it can hang. */
export class EmbeddedHttpServer {
  readonly #options: EmbeddedHttpServerOptions;
  readonly #requests: ApiRequests;
  readonly #basePath: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #thawed: Promise<void> = Promise.resolve();
  #thaw: (() => void) | undefined;

  constructor(options: EmbeddedHttpServerOptions) {
    this.#options = options;
    this.#basePath = options.basePath ?? '';
    this.#requests = new ApiRequests(options.server, options.clock);
  }

  /** Where it is to be found, once it was started. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}${this.#basePath}`;
  }

  get serving(): boolean {
    return this.#server !== undefined && this.#thaw === undefined;
  }

  /** Begins to listen; after a stop, on the same port as before. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => void this.#handle(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Breaks all connections and refuses new ones, as a process that was killed. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.thaw();
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Takes connections and requests, and says nothing, as a process that was stopped. */
  freeze(): void {
    if (this.#thaw !== undefined) return;
    this.#thawed = new Promise((resolve) => (this.#thaw = resolve));
  }

  thaw(): void {
    this.#thaw?.();
    this.#thaw = undefined;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await readRequest(incoming, this.#basePath);
      await this.#thawed;
      if (request !== undefined) this.#options.onRequest?.(request);
      if (request === undefined) {
        send(response, 404, statusBody(new StatusError(404, 'NotFound', 'the path is wrong')));
      } else if (isWatch(request)) {
        await streamWatch(this.#options, this.#requests, request, response, () => this.#thawed);
      } else {
        const { status, body } = this.#answer(request);
        send(response, status, body);
      }
    } catch (error) {
      sendFailure(response, error);
    }
  }

  #answer(request: ApiRequest): ApiAnswer {
    const found = this.#document(request.path);
    return found === undefined ? this.#requests.answer(request) : { status: 200, body: found };
  }

  /** What is served besides objects. */
  #document(path: string): object | undefined {
    const { kinds } = this.#options.server;
    const [root, first = '', second, ...rest] = path.split('/').filter((segment) => segment !== '');
    if (rest.length > 0 && root !== 'openapi') return undefined;
    if (HEALTH.includes(root ?? '')) return { status: 'ok' };
    switch (root) {
      case 'version':
        return VERSION;
      case 'api':
        return first === '' ? apiVersions : second === undefined ? apiResources(kinds, first) : undefined;
      case 'apis':
        if (first === '') return apiGroups(kinds);
        return second === undefined ? apiGroup(kinds, first) : apiResources(kinds, `${first}/${second}`);
      case 'openapi':
        if (second === undefined) return openApiIndex(kinds, this.#basePath);
        return openApiDocument(kinds, rest.join('/'));
      default:
        return undefined;
    }
  }
}

const HEALTH: readonly string[] = ['healthz', 'livez', 'readyz'];

const isWatch = ({ method, query }: ApiRequest): boolean =>
  method === 'GET' && ['true', '1'].includes(query.get('watch') ?? '');

/** @returns nothing when the path does not begin as it should */
async function readRequest(incoming: IncomingMessage, basePath: string): Promise<ApiRequest | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new StatusError(413, 'RequestEntityTooLarge', 'the body is too large');
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  if (!url.pathname.startsWith(`${basePath}/`)) return undefined;
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname.slice(basePath.length),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof StatusError) send(response, error.code, statusBody(error));
  else if (error instanceof KubernetesApiError) {
    send(response, error.status ?? 500, statusBody(new StatusError(error.status ?? 500, error.reason, error.message)));
  } else {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    send(response, 500, statusBody(new StatusError(500, 'InternalError', message)));
  }
}
