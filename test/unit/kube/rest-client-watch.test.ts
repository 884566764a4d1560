import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { WatchEvent } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { leases } from '../../../src/kube/resource.ts';
import { RestClient } from '../../../src/kube/rest-client.ts';
import { json, LoopbackServer } from './loopback-server.ts';
import { VirtualClock } from './virtual-clock.ts';

const selection = { resource: leases, namespace: 'space', fieldSelector: 'metadata.name=pair' };
const line = (type: string, object: object): string => JSON.stringify({ type, object }) + '\n';
const lease = (resourceVersion: string, holder = 'a'): object => ({
  metadata: { name: 'pair', resourceVersion },
  spec: { holderIdentity: holder },
});

let server: LoopbackServer;
let clock: VirtualClock;
let client: RestClient;
let controller: AbortController;

beforeEach(async () => {
  clock = new VirtualClock();
  controller = new AbortController();
  server = new LoopbackServer();
  await server.start();
  client = new RestClient(
    { server: `http://127.0.0.1:${server.port}` },
    { userAgent: 'tester', clock, random: () => 0.5 },
  );
});

afterEach(async () => {
  client.close();
  expect(clock.pendingTimers).toBe(0);
  await server.stop();
});

function watch(silence?: number): AsyncIterator<WatchEvent<KubernetesObject>> {
  const options = { resourceVersion: '5', signal: controller.signal, ...(silence === undefined ? {} : { silence }) };
  return client.watch(selection, options)[Symbol.asyncIterator]();
}

async function rest(events: AsyncIterator<WatchEvent<KubernetesObject>>): Promise<WatchEvent<KubernetesObject>[]> {
  const all: WatchEvent<KubernetesObject>[] = [];
  for (let next = await events.next(); next.done !== true; next = await events.next()) all.push(next.value);
  return all;
}

/** Answers with these chunks and leaves the answer open. */
function stream(...chunks: (string | Buffer)[]): void {
  server.answerWith((_, response) => {
    response.writeHead(200);
    response.flushHeaders();
    for (const chunk of chunks) response.write(chunk);
  });
}

/** Answers with these chunks, each on its own, and ends the answer. */
function finish(...chunks: (string | Buffer)[]): void {
  server.answerWith((_, response) => void writeOneByOne(response, chunks));
}

async function writeOneByOne(response: ServerResponse, chunks: (string | Buffer)[]): Promise<void> {
  response.writeHead(200);
  for (const chunk of chunks) {
    await new Promise((resolve) => response.write(chunk, resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

describe('a watch', () => {
  test('asks for what came after a version, with bookmarks, for four to eight minutes', async () => {
    finish();
    expect(await rest(watch())).toEqual([]);
    expect(server.requests[0]?.path).toBe('/apis/coordination.k8s.io/v1/namespaces/space/leases');
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '360',
      resourceVersion: '5',
      fieldSelector: 'metadata.name=pair',
    });
  });

  test('without a version names none', async () => {
    finish();
    await rest(client.watch(selection, { resourceVersion: '', signal: controller.signal })[Symbol.asyncIterator]());
    expect(server.requests[0]?.query.has('resourceVersion')).toBe(false);
  });

  test('gives the events as they come, and ends with the stream', async () => {
    finish(
      line('ADDED', lease('6')),
      line('MODIFIED', lease('7')) + line('BOOKMARK', { metadata: { resourceVersion: '9' } }) + '\n',
      line('DELETED', lease('10')),
    );
    expect(await rest(watch())).toMatchObject([
      { type: 'ADDED', object: { metadata: { resourceVersion: '6' } } },
      { type: 'MODIFIED', object: { metadata: { resourceVersion: '7' } } },
      { type: 'BOOKMARK', resourceVersion: '9' },
      { type: 'DELETED', object: { metadata: { resourceVersion: '10' } } },
    ]);
  });

  test('puts events together that are cut anywhere, in the middle of a character too', async () => {
    const bytes = Buffer.from(line('ADDED', lease('6', 'Grüße, 世界 🦌')));
    finish(...[...bytes].map((byte) => Buffer.from([byte])));
    expect(await rest(watch())).toMatchObject([{ object: { spec: { holderIdentity: 'Grüße, 世界 🦌' } } }]);
  });

  test.each([
    [410, 'Expired'],
    [500, 'ServerError'],
    [403, 'Forbidden'],
  ])('ends with the error that an ERROR event of code %d names, after the events before it', async (code, reason) => {
    stream(line('ADDED', lease('6')), line('ERROR', { kind: 'Status', code, message: 'too old' }));
    const events = watch();
    expect(await events.next()).toMatchObject({ done: false });
    await expect(events.next()).rejects.toMatchObject({ reason, message: 'watch Lease space: too old' });
  });

  test('that is refused says why', async () => {
    server.answerWith((_, response) => json(response, 410, { kind: 'Status', message: 'too old' }));
    await expect(watch().next()).rejects.toMatchObject({ reason: 'Expired' });
  });

  test.each([
    ['no JSON', 'nonsense\n', 'ServerError'],
    ['no event', '{"kind":"Status"}\n', 'ServerError'],
    ['an event of an unknown type', line('SURPRISE', {}), 'ServerError'],
    ['half an event at the end', '{"type":"ADD', 'Disconnected'],
  ])('of which a line is %s is an error', async (_, text, reason) => {
    finish(text);
    await expect(watch().next()).rejects.toMatchObject({ reason });
  });

  test('whose connection breaks is disconnected', async () => {
    server.answerWith((request, response) => {
      response.writeHead(200);
      response.write(line('ADDED', lease('6')), () => setImmediate(() => request.socket.destroy()));
    });
    await expect(rest(watch())).rejects.toMatchObject({ reason: 'Disconnected' });
  });

  test('that falls silent times out, counted from the last byte', async () => {
    stream(line('ADDED', lease('6')));
    const events = watch(30_000);
    await events.next();
    const next = expect(events.next()).rejects.toMatchObject({ reason: 'Timeout' });
    await clock.advance(29_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await next;
  });

  test('does not count the time that its reader takes as silence', async () => {
    stream(line('ADDED', lease('6')) + line('ADDED', lease('7')));
    const events = watch(30_000);
    await events.next();
    await clock.advance(3_600_000);
    expect(await events.next()).toMatchObject({ value: { object: { metadata: { resourceVersion: '7' } } } });
    await events.return?.();
  });

  test('that is not even answered times out after ten seconds', async () => {
    server.answerWith(() => undefined);
    const received = server.nextRequest();
    const next = expect(watch().next()).rejects.toMatchObject({ reason: 'Timeout' });
    await received;
    await clock.advance(10_000);
    await next;
  });

  test('ends without an error when aborted, before, while waiting, and with events at hand', async () => {
    stream(line('ADDED', lease('6')) + line('ADDED', lease('7')));
    const events = watch();
    await events.next();
    controller.abort();
    expect(await events.next()).toMatchObject({ done: true });
    expect(await watch().next()).toMatchObject({ done: true });

    controller = new AbortController();
    stream(line('ADDED', lease('6')));
    const waiting = watch();
    await waiting.next();
    const next = waiting.next();
    controller.abort();
    expect(await next).toMatchObject({ done: true });
  });

  test('has a connection of its own, which is closed when nobody reads any more', async () => {
    server.answerWith((request, response) => {
      if (request.query.get('watch') === null) json(response, 200, {});
      else response.writeHead(200).write(line('ADDED', lease('6')));
    });
    await client.get({ resource: leases, namespace: 'space', name: 'pair' });
    const events = watch();
    await events.next();
    await client.get({ resource: leases, namespace: 'space', name: 'pair' });
    expect(server.connections).toBe(2);
    const socket = server.requests.find(({ query }) => query.get('watch') !== null)?.socket;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    await events.return?.();
    await closed;
    expect(server.openConnections).toBe(1);
  });
});
