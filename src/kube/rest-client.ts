import type { IncomingMessage } from 'node:http';
import { failureOfAnswer } from './api-failure.ts';
import { CallLimit } from './call-limit.ts';
import { systemClock, type Clock, type Milliseconds } from './clock.ts';
import type { ConnectionConfiguration } from './connection-configuration.ts';
import { BrokenConnection, HttpTransport, readBody, type HttpRequest } from './http-transport.ts';
import {
  KubernetesApiError,
  type ApplyOptions,
  type CallOptions,
  type DeleteOptions,
  type KubernetesApi,
  type ObjectReference,
  type Selection,
  type WatchEvent,
  type WatchOptions,
} from './kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from './kubernetes-object.ts';
import type { Random } from './random.ts';
import { describeLocation, resourcePath } from './resource-path.ts';
import { readWatchStream } from './watch-stream.ts';

const CALL_TIMEOUT: Milliseconds = 10_000;
const WATCH_SILENCE: Milliseconds = 90_000;
const PAGE_SIZE = '500';
/** How long the server is asked to keep a watch open: spread out, so that they do not all come back at once. */
const WATCH_SECONDS = { least: 240, most: 480 };

const JSON_BODY = 'application/json';
const MERGE_PATCH = 'application/merge-patch+json';
/** JSON is YAML, and API servers before 1.32 know the type only under this name. */
const APPLY_PATCH = 'application/apply-patch+yaml';

export interface RestClientOptions {
  /** What stands before the slash becomes the field manager of what is created and replaced. */
  userAgent: string;
  clock?: Clock;
  random?: Random;
}

/** The Kubernetes API over HTTP. See {@link KubernetesApi} for what its methods promise. */
export class RestClient implements KubernetesApi {
  readonly #configuration: ConnectionConfiguration;
  readonly #transport: HttpTransport;
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(configuration: ConnectionConfiguration, options: RestClientOptions) {
    this.#configuration = configuration;
    this.#transport = new HttpTransport(configuration);
    this.#userAgent = options.userAgent;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  async get<T extends KubernetesObject>(object: ObjectReference, options?: CallOptions): Promise<T> {
    return this.#call(`get ${describeLocation(object)}`, { method: 'GET', path: resourcePath(object) }, options);
  }

  async list<T extends KubernetesObject>(selection: Selection, options?: CallOptions): Promise<KubernetesList<T>> {
    const doing = `list ${describeLocation(selection)}`;
    return this.#bounded(doing, options, async (limit) => {
      try {
        return await this.#pages<T>(doing, selection, limit);
      } catch (error) {
        // The version that the pages are of was compacted between two of them: only a new list is consistent.
        if (error instanceof KubernetesApiError && error.reason === 'Expired') {
          return this.#pages<T>(doing, selection, limit);
        }
        throw error;
      }
    });
  }

  async create<T extends KubernetesObject>(
    object: Omit<ObjectReference, 'name'>,
    body: T,
    options?: CallOptions,
  ): Promise<T> {
    // A reference to one object fits the parameter, too; its name must not get into the path.
    const kind = { resource: object.resource, namespace: object.namespace };
    const named = { ...kind, name: body.metadata.name };
    const request = withBody('POST', resourcePath(kind), JSON_BODY, body);
    return this.#call(`create ${describeLocation(named)}`, request, options);
  }

  async replace<T extends KubernetesObject>(object: ObjectReference, body: T, options?: CallOptions): Promise<T> {
    const request = withBody('PUT', resourcePath(object), JSON_BODY, body);
    return this.#call(`replace ${describeLocation(object)}`, request, options);
  }

  async apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    const path = resourcePath(
      { ...object, subresource: options.subresource },
      { fieldManager: options.fieldManager, force: options.force ? 'true' : undefined },
    );
    const request = withBody('PATCH', path, APPLY_PATCH, body);
    return this.#call(`apply ${describeLocation(object)}`, request, options);
  }

  async mergePatch<T extends KubernetesObject>(
    object: ObjectReference,
    patch: object,
    options?: CallOptions,
  ): Promise<T> {
    const request = withBody('PATCH', resourcePath(object), MERGE_PATCH, patch);
    return this.#call(`patch ${describeLocation(object)}`, request, options);
  }

  async delete(object: ObjectReference, options: DeleteOptions = {}): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
      ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    };
    const request = withBody('DELETE', resourcePath(object), JSON_BODY, body);
    await this.#call(`delete ${describeLocation(object)}`, request, options);
  }

  async *watch<T extends KubernetesObject>(
    selection: Selection,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const doing = `watch ${describeLocation(selection)}`;
    const silence = options.silence ?? WATCH_SILENCE;
    const limit = new CallLimit(this.#clock, Math.min(silence, CALL_TIMEOUT), options.signal);
    let answer: IncomingMessage | undefined;
    try {
      if (limit.reason !== undefined) return;
      answer = await this.#send(doing, this.#watchRequest(selection, options), limit, true);
      yield* readWatchStream<T>(doing, answer, limit, silence);
    } catch (error) {
      if (limit.reason === 'Aborted') return;
      throw this.#failure(doing, error, limit);
    } finally {
      limit.dispose();
      answer?.destroy();
    }
  }

  /** Closes the kept-alive connections, at the end of the process. */
  close(): void {
    this.#transport.close();
  }

  #watchRequest(selection: Selection, options: WatchOptions): RequestWithoutHeaders {
    const { least, most } = WATCH_SECONDS;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.round(least + this.#random() * (most - least))),
      resourceVersion: options.resourceVersion === '' ? undefined : options.resourceVersion,
      labelSelector: selection.labelSelector,
      fieldSelector: selection.fieldSelector,
    };
    return { method: 'GET', path: resourcePath(selection, query) };
  }

  /** Every page of a list, all of one version. */
  async #pages<T extends KubernetesObject>(
    doing: string,
    selection: Selection,
    limit: CallLimit,
  ): Promise<KubernetesList<T>> {
    const { apiVersion, kind } = selection.resource;
    const items: T[] = [];
    let proceed: string | undefined;
    for (;;) {
      const path = resourcePath(selection, {
        limit: PAGE_SIZE,
        continue: proceed,
        labelSelector: selection.labelSelector,
        fieldSelector: selection.fieldSelector,
      });
      const page = await this.#exchange<KubernetesList<T>>(doing, { method: 'GET', path }, limit);
      // The items of a list come without their type; one that is handed on alone needs it.
      for (const item of page.items ?? []) items.push({ apiVersion, kind, ...item });
      proceed = page.metadata.continue;
      if (proceed === undefined || proceed === '') {
        const { resourceVersion } = page.metadata;
        return { metadata: resourceVersion === undefined ? {} : { resourceVersion }, items };
      }
    }
  }

  async #call<T>(doing: string, request: RequestWithoutHeaders, options: CallOptions | undefined): Promise<T> {
    return this.#bounded(doing, options, (limit) => this.#exchange<T>(doing, request, limit));
  }

  /** Runs calls that share one deadline, and turns whatever goes wrong into a KubernetesApiError. */
  async #bounded<T>(
    doing: string,
    options: CallOptions | undefined,
    run: (limit: CallLimit) => Promise<T>,
  ): Promise<T> {
    const limit = new CallLimit(this.#clock, options?.timeout ?? CALL_TIMEOUT, options?.signal);
    try {
      if (limit.reason !== undefined) throw new Error('aborted before it began');
      return await run(limit);
    } catch (error) {
      throw this.#failure(doing, error, limit);
    } finally {
      limit.dispose();
    }
  }

  /** One request and its whole answer. */
  async #exchange<T>(doing: string, request: RequestWithoutHeaders, limit: CallLimit): Promise<T> {
    const answer = await this.#send(doing, request, limit, false);
    const body = await readBody(answer);
    try {
      return JSON.parse(body) as T;
    } catch (cause) {
      const details = { status: answer.statusCode ?? 0, cause };
      throw new KubernetesApiError(doing, 'ServerError', `the answer is not JSON: ${body.slice(0, 200)}`, details);
    }
  }

  /** One request and the head of its answer, which is 2xx. */
  async #send(
    doing: string,
    request: RequestWithoutHeaders,
    limit: CallLimit,
    ownConnection: boolean,
  ): Promise<IncomingMessage> {
    const authentication = await limit.bound(this.#configuration.headers?.() ?? {});
    const headers = { Accept: JSON_BODY, 'User-Agent': this.#userAgent, ...request.headers, ...authentication };
    const answer = await this.#sendOverLiveConnection({ ...request, headers }, limit, ownConnection);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    if (status === 401) this.#configuration.onUnauthorized?.();
    const retryAfter = answer.headers['retry-after'];
    throw failureOfAnswer(doing, status, await readBody(answer), retryAfter, this.#clock.date());
  }

  /**
   * A read that met a kept-alive connection which the other side had closed meanwhile is sent once more, at once and
   * over a new one: that is no failure of the server's. A write never is, because it may have been received.
   */
  async #sendOverLiveConnection(
    request: HttpRequest,
    limit: CallLimit,
    ownConnection: boolean,
  ): Promise<IncomingMessage> {
    try {
      return await this.#transport.send(request, limit.signal, ownConnection);
    } catch (error) {
      if (request.method !== 'GET' || !(error instanceof BrokenConnection) || !error.staleConnection) throw error;
      this.#transport.closeIdle();
      return this.#transport.send(request, limit.signal, ownConnection);
    }
  }

  #failure(doing: string, error: unknown, limit: CallLimit): KubernetesApiError {
    if (error instanceof KubernetesApiError) return error;
    if (limit.reason === 'Aborted') {
      return new KubernetesApiError(doing, 'Aborted', 'aborted', { cause: error });
    }
    // A server that is gone leaves a pool of connections that look alive; the next call must not try them one by one.
    this.#transport.closeIdle();
    if (limit.reason === 'Timeout') {
      return new KubernetesApiError(doing, 'Timeout', 'no answer, or no further byte of it, within the deadline', {
        cause: error,
      });
    }
    const message = error instanceof Error ? error.message : String(error);
    return new KubernetesApiError(doing, 'Disconnected', message, { cause: error });
  }
}

type RequestWithoutHeaders = Omit<HttpRequest, 'headers'> & { headers?: Record<string, string> };

function withBody(method: string, path: string, contentType: string, body: object): RequestWithoutHeaders {
  return { method, path, headers: { 'Content-Type': contentType }, body: JSON.stringify(body) };
}
