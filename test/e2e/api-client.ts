import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

export interface Credentials {
  server: string;
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  authorization: string | undefined;
}

/** An answer that is not 2xx, with the message of its Status object. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const CONTENT_TYPE: Record<Method, string> = {
  GET: 'application/json',
  POST: 'application/json',
  PUT: 'application/json',
  PATCH: 'application/merge-patch+json',
  DELETE: 'application/json',
};

interface Call {
  method: Method;
  path: string;
  body?: object | undefined;
  /** The body's media type, when it is not the method's usual one. */
  type?: string;
  timeout: number;
  signal?: AbortSignal;
}

/** A small client of the Kubernetes API: JSON in, JSON out, a deadline on each call. */
export class ApiClient {
  readonly credentials: Credentials;
  readonly #agent: Agent;

  constructor(credentials: Credentials) {
    this.credentials = credentials;
    const { ca, cert, key } = credentials;
    this.#agent = new Agent({ keepAlive: true, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
  }

  get<T>(path: string): Promise<T> {
    return this.#json('GET', path);
  }

  /** @returns `undefined` instead of an error when there is no such object */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list<T>(path: string): Promise<T[]> {
    return (await this.get<{ items: T[] }>(path)).items;
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.#json('POST', path, body);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.#json('PUT', path, body);
  }

  /** JSON merge patch. */
  patch<T>(path: string, body: object): Promise<T> {
    return this.#json('PATCH', path, body);
  }

  /** Server-side apply, as kubectl does it. */
  apply<T>(path: string, body: object, fieldManager = 'e2e'): Promise<T> {
    return this.#json('PATCH', `${path}?fieldManager=${fieldManager}&force=true`, body, 'application/apply-patch+yaml');
  }

  /** Deletes; an object that is not there is as good as deleted. */
  async delete(path: string, options: object = {}): Promise<void> {
    try {
      await this.#json('DELETE', path, options);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** The body of an answer that need not be JSON, as of `/metrics` or of a pod's page through the API server. */
  async text(path: string, timeout = 10_000): Promise<string> {
    return this.#body(await this.#send({ method: 'GET', path, timeout }));
  }

  /** Hands over each event of a watch until the stream or the signal ends. */
  async watch<T>(path: string, onEvent: (type: string, object: T) => void, signal: AbortSignal): Promise<void> {
    const response = await this.#send({ method: 'GET', path, timeout: 10_000, signal });
    response.socket.setTimeout(0);
    for await (const line of createInterface({ input: response })) {
      const event = JSON.parse(line) as { type: string; object: T };
      onEvent(event.type, event.object);
    }
  }

  async #json<T>(method: Method, path: string, body?: object, type = CONTENT_TYPE[method]): Promise<T> {
    return JSON.parse(await this.#body(await this.#send({ method, path, body, type, timeout: 20_000 }))) as T;
  }

  async #body(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  #send({ method, path, body, type, timeout, signal }: Call) {
    const { server, authorization } = this.credentials;
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise<IncomingMessage>((resolve, reject) => {
      const call = request(`${server}${path}`, {
        method,
        agent: this.#agent,
        timeout,
        headers: {
          'Content-Type': type ?? CONTENT_TYPE[method],
          // Node.js does not send it by itself with the body of a DELETE.
          ...(content && { 'Content-Length': content.length }),
          ...(authorization && { Authorization: authorization }),
        },
        ...(signal && { signal }),
      });
      call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer within ${timeout} ms`)));
      call.on('error', reject);
      call.on('response', (response) => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          resolve(response);
          return;
        }
        this.#body(response).then(
          (text) => reject(new ApiError(status, `${method} ${path}: ${status}: ${messageOf(text)}`)),
          reject,
        );
      });
      call.end(content);
    });
  }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}
