import type { ServerResponse } from 'node:http';
import type { Clock, Milliseconds } from '../../kube/clock.ts';
import { KubernetesApiError, type WatchEvent } from '../../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import type { EmbeddedApiServer } from '../embedded-api-server.ts';
import { EmbeddedWatch } from '../embedded-watch.ts';
import { ApiCall } from '../interceptor.ts';
import { StatusError } from '../status-error.ts';
import { userOf, type ApiRequest, type ApiRequests } from './api-requests.ts';
import { readPath, type RequestTarget } from './request-path.ts';
import { statusBody } from './status-body.ts';

/** The longest that a timer takes: the server itself ends its watches after some minutes. */
const FOREVER: Milliseconds = 2 ** 31 - 1;

const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

/**
 * Answers a watch until its client leaves, its time is up or the server ends it.
 * @param thawed what every event waits for
 * @throws StatusError before anything was sent
 */
export async function streamWatch(
  { server, clock }: { server: EmbeddedApiServer; clock: Clock },
  requests: ApiRequests,
  request: ApiRequest,
  response: ServerResponse,
  thawed: () => Promise<void>,
): Promise<void> {
  const target = readPath(request.path, server.kinds);
  const { query } = request;
  const initial = query.get('sendInitialEvents') === 'true';
  const given = query.get('resourceVersion') ?? '';
  const version = initial || given === '0' ? '' : given;
  const selection = requests.selection(request, target);
  const leaving = new AbortController();
  const call = new ApiCall({ ...selection, user: userOf(request), verb: 'watch' });
  const watch = new EmbeddedWatch(clock, call, {}, { silence: FOREVER, signal: leaving.signal });
  response.once('close', () => leaving.abort());
  server.requests.watch(call, selection, version, watch);
  if (initial) watch.send({ type: 'BOOKMARK', resourceVersion: server.resourceVersion });
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  const timer = seconds > 0 ? clock.setTimer(seconds * 1000, () => watch.end()) : undefined;
  try {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    let markEnd = initial;
    for await (const event of watch.events()) {
      await thawed();
      if (response.destroyed) break;
      const annotations = event.type === 'BOOKMARK' && markEnd ? INITIAL_EVENTS_END : undefined;
      if (isUnasked(event, query, markEnd)) continue;
      if (event.type === 'BOOKMARK') markEnd = false;
      response.write(`${JSON.stringify(line(requests, request, target, event, annotations))}\n`);
    }
    response.end();
  } catch (error) {
    response.end(`${JSON.stringify({ type: 'ERROR', object: statusBody(asStatus(error)) })}\n`);
  } finally {
    timer?.cancel();
    watch.end();
  }
}

/** A bookmark goes only to who has asked for them, or for the one that ends the initial events. */
const isUnasked = ({ type }: WatchEvent<KubernetesObject>, query: URLSearchParams, endsInitial: boolean): boolean =>
  type === 'BOOKMARK' && !endsInitial && query.get('allowWatchBookmarks') !== 'true';

function line(
  requests: ApiRequests,
  request: ApiRequest,
  { kind }: RequestTarget,
  event: WatchEvent<KubernetesObject>,
  annotations: object | undefined,
): object {
  const { apiVersion, kind: name } = kind.resource;
  if (event.type !== 'BOOKMARK') {
    const { type, object } = event;
    return { type, object: requests.shown(request, kind, { ...object, apiVersion, kind: name }) };
  }
  const metadata = {
    resourceVersion: event.resourceVersion,
    creationTimestamp: null,
    ...(annotations && { annotations }),
  };
  return { type: 'BOOKMARK', object: { kind: name, apiVersion, metadata } };
}

function asStatus(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof KubernetesApiError) return new StatusError(error.status ?? 500, error.reason, error.message);
  return new StatusError(500, 'InternalError', String(error));
}
