import type { IncomingMessage } from 'node:http';
import { failureOfStatus, type StatusBody } from './api-failure.ts';
import type { CallLimit } from './call-limit.ts';
import type { Milliseconds } from './clock.ts';
import { LineDecoder } from './json-lines.ts';
import { KubernetesApiError, type WatchEvent } from './kubernetes-api.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/**
 * The events of a watch's answer, as they come. It ends when the server ends the answer, and as soon as the limit is
 * reached, in the middle of a chunk too.
 * @param silence how long no byte may come; time that the reader of the events takes does not count
 * @throws KubernetesApiError for an ERROR event and for a line that is none of the protocol
 */
export async function* readWatchStream<T extends KubernetesObject>(
  doing: string,
  answer: IncomingMessage,
  limit: CallLimit,
  silence: Milliseconds,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const decoder = new LineDecoder();
  const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    limit.restart(silence);
    const chunk = await chunks.next();
    limit.pause();
    if (chunk.done === true) break;
    for (const line of decoder.push(chunk.value)) {
      if (limit.reason !== undefined) return;
      yield parseEvent<T>(doing, line);
    }
  }
  if (decoder.incomplete && limit.reason === undefined) {
    throw new KubernetesApiError(doing, 'Disconnected', 'the stream ended in the middle of an event');
  }
}

function parseEvent<T extends KubernetesObject>(doing: string, line: string): WatchEvent<T> {
  const { type, object } = parseLine(doing, line);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as T };
    case 'BOOKMARK':
      return { type, resourceVersion: (object as KubernetesObject).metadata.resourceVersion ?? '' };
    case 'ERROR': {
      const status = object as StatusBody;
      throw failureOfStatus(doing, status.code ?? 500, status);
    }
    default:
      throw new KubernetesApiError(doing, 'ServerError', `an event of an unknown type: ${type}`);
  }
}

function parseLine(doing: string, line: string): { type: string; object: unknown } {
  try {
    const event = JSON.parse(line) as { type?: unknown; object?: unknown } | null;
    if (typeof event?.type === 'string' && typeof event.object === 'object' && event.object !== null) {
      return { type: event.type, object: event.object };
    }
  } catch {
    // The same error as for JSON that is not an event.
  }
  throw new KubernetesApiError(doing, 'ServerError', `not an event of a watch: ${line.slice(0, 200)}`);
}
