import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionConfiguration } from '../../../src/kube/connection-configuration.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { leases, pods, type Resource } from '../../../src/kube/resource.ts';
import { RestClient } from '../../../src/kube/rest-client.ts';
import { certificate } from './loopback-certificate.ts';
import { json, LoopbackServer } from './loopback-server.ts';
import { VirtualClock } from './virtual-clock.ts';

const lease = { resource: leases, namespace: 'space', name: 'pair' };
const inNamespace = { resource: leases, namespace: 'space' };
const body = { metadata: { name: 'pair', namespace: 'space', resourceVersion: '5' } };

let server: LoopbackServer;
let clock: VirtualClock;
let clients: RestClient[];

function clientOf(configuration: Partial<ConnectionConfiguration> = {}): RestClient {
  const client = new RestClient(
    { server: `http://127.0.0.1:${server.port}`, ...configuration },
    { userAgent: 'tester/1', clock, random: () => 0.5 },
  );
  clients.push(client);
  return client;
}

beforeEach(async () => {
  clients = [];
  clock = new VirtualClock();
  server = new LoopbackServer();
  await server.start();
});

afterEach(async () => {
  for (const client of clients) client.close();
  expect(clock.pendingTimers).toBe(0);
  await server.stop();
});

describe('a request', () => {
  test('carries the path, the type asked for, who asks and what authenticates', async () => {
    server.answerWith((_, response) => json(response, 200, { metadata: { name: 'pair', resourceVersion: '7' } }));
    const found = await clientOf({ headers: () => ({ Authorization: 'Bearer t' }) }).get(lease);
    expect(found.metadata.resourceVersion).toBe('7');
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'GET',
      path: '/apis/coordination.k8s.io/v1/namespaces/space/leases/pair',
      headers: { accept: 'application/json', 'user-agent': 'tester/1', authorization: 'Bearer t' },
    });
  });

  test('goes below the path of the base URL, and to a kind that has no namespace', async () => {
    const nodes: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
    await clientOf({ server: `http://127.0.0.1:${server.port}/proxy/` }).get({ resource: nodes, name: 'n1' });
    expect(server.requests[0]?.path).toBe('/proxy/api/v1/nodes/n1');
  });

  const client = (): RestClient => clientOf();
  const cases: [string, () => Promise<unknown>, string, Record<string, string>, string, object][] = [
    ['create', () => client().create(inNamespace, body), 'POST', {}, 'application/json', body],
    ['replace', () => client().replace(lease, body), 'PUT', {}, 'application/json', body],
    [
      'mergePatch',
      () => client().mergePatch(lease, { metadata: { labels: null } }),
      'PATCH',
      {},
      'application/merge-patch+json',
      { metadata: { labels: null } },
    ],
    [
      'apply',
      () => client().apply(lease, body, { fieldManager: 'me', force: true }),
      'PATCH',
      { fieldManager: 'me', force: 'true' },
      'application/apply-patch+yaml',
      body,
    ],
    [
      'delete',
      () => client().delete(lease, { uid: 'u', gracePeriodSeconds: 0 }),
      'DELETE',
      {},
      'application/json',
      {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid: 'u' },
        gracePeriodSeconds: 0,
      },
    ],
  ];
  test.each(cases)('of %s says what it means', async (...[, call, method, query, type, content]) => {
    await call();
    const [request] = server.requests;
    expect(request?.method).toBe(method);
    expect(Object.fromEntries(request?.query ?? [])).toEqual(query);
    expect(request?.headers['content-type']).toBe(type);
    expect(request?.headers['content-length']).toBe(String(Buffer.byteLength(request?.body ?? '')));
    expect(JSON.parse(request?.body ?? '')).toEqual(content);
  });

  test('of a status is applied to the subresource', async () => {
    await clientOf().apply(lease, body, { fieldManager: 'me', subresource: 'status' });
    expect(server.requests[0]?.path).toMatch(/\/leases\/pair\/status$/);
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({ fieldManager: 'me' });
  });

  test('trusts the given authority alone, and another name than the URL has when told so', async () => {
    const secure = new LoopbackServer(true);
    await secure.start();
    try {
      const address = `https://127.0.0.1:${secure.port}`;
      await clientOf({ server: address, ca: certificate }).get(lease);
      await clientOf({ server: address, ca: certificate, servername: 'kubernetes.test' }).get(lease);
      await clientOf({ server: address, skipTlsVerify: true }).get(lease);
      expect(secure.requests).toHaveLength(3);
      const wrongName = clientOf({ server: address, ca: certificate, servername: 'other.test' });
      await expect(wrongName.get(lease)).rejects.toMatchObject({ reason: 'Disconnected' });
      await expect(clientOf({ server: address }).get(lease)).rejects.toMatchObject({ reason: 'Disconnected' });
      expect(secure.requests).toHaveLength(3);
    } finally {
      for (const client of clients) client.close();
      await secure.stop();
    }
  });
});

describe('a call that fails', () => {
  test('says what was refused and why, as the server does', async () => {
    const refusal = { kind: 'Status', reason: 'Conflict', message: 'the object has been modified' };
    server.answerWith((_, response) => json(response, 409, refusal));
    await expect(clientOf().replace(lease, body)).rejects.toMatchObject({
      name: 'KubernetesApiError',
      reason: 'Conflict',
      status: 409,
      message: 'replace Lease space/pair: the object has been modified',
    });
  });

  test('with 401 has the credentials asked for anew', async () => {
    let unauthorized = 0;
    server.answerWith((_, response) => json(response, 401, { kind: 'Status' }));
    const client = clientOf({ onUnauthorized: () => unauthorized++ });
    await expect(client.get(lease)).rejects.toMatchObject({ reason: 'Unauthorized' });
    expect(unauthorized).toBe(1);
  });

  test('for lack of an answer ends at its deadline, ten seconds when none is given', async () => {
    server.answerWith(() => undefined);
    const received = server.nextRequest();
    const call = expect(clientOf().get(lease)).rejects.toMatchObject({ reason: 'Timeout', outcomeUnknown: true });
    await received;
    await clock.advance(9_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await call;
  });

  test('for lack of the rest of an answer ends at its deadline', async () => {
    server.answerWith((_, response) => void response.writeHead(200).write('{"metadata":'));
    const received = server.nextRequest();
    const call = expect(clientOf().get(lease, { timeout: 1500 })).rejects.toMatchObject({ reason: 'Timeout' });
    await received;
    await clock.advance(1500);
    await call;
  });

  test('for lack of credentials ends at its deadline, without a request', async () => {
    const client = clientOf({ headers: () => new Promise(() => undefined) });
    const call = expect(client.get(lease, { timeout: 1500 })).rejects.toMatchObject({ reason: 'Timeout' });
    await clock.advance(1500);
    await call;
    expect(server.requests).toHaveLength(0);
  });

  test('because credentials cannot be had says so', async () => {
    const client = clientOf({ headers: () => Promise.reject(new Error('no token')) });
    await expect(client.get(lease)).rejects.toMatchObject({ reason: 'Disconnected', message: /no token/ });
  });

  test('because its caller gave up says so, before and in the middle of it', async () => {
    server.answerWith(() => undefined);
    await expect(clientOf().get(lease, { signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'Aborted' });
    expect(server.requests).toHaveLength(0);
    const controller = new AbortController();
    const received = server.nextRequest();
    const call = expect(clientOf().get(lease, { signal: controller.signal })).rejects.toMatchObject({
      reason: 'Aborted',
    });
    await received;
    controller.abort();
    await call;
  });

  test('because nobody listens is disconnected', async () => {
    const nobody = new LoopbackServer();
    await nobody.start();
    const address = `http://127.0.0.1:${nobody.port}`;
    await nobody.stop();
    await expect(clientOf({ server: address }).get(lease)).rejects.toMatchObject({ reason: 'Disconnected' });
  });

  test('because the answer broke off is disconnected', async () => {
    server.answerWith((request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{"metadata":', () => request.socket.destroy());
    });
    await expect(clientOf().get(lease)).rejects.toMatchObject({ reason: 'Disconnected' });
  });

  test("because the answer makes no sense is the server's error", async () => {
    server.answerWith((_, response) => void response.end('<html>'));
    await expect(clientOf().get(lease)).rejects.toMatchObject({ reason: 'ServerError', outcomeUnknown: true });
  });
});

describe('the connections', () => {
  test('are kept for the next call', async () => {
    const client = clientOf();
    await client.get(lease);
    await client.replace(lease, body);
    expect(server.connections).toBe(1);
  });

  test('that were closed while idle are replaced at once for a read', async () => {
    const client = clientOf();
    await client.get(lease);
    const first = server.requests[0]?.socket;
    server.answerWith((request, response) => {
      if (request.socket === first) request.socket.destroy();
      else json(response, 200, {});
    });
    await client.get(lease);
    expect(server.requests).toHaveLength(3);
    expect(server.connections).toBe(2);
  });

  test('that were closed while idle fail a write, which may have been received', async () => {
    const client = clientOf();
    await client.get(lease);
    server.answerWith((request) => void request.socket.destroy());
    await expect(client.replace(lease, body)).rejects.toMatchObject({ reason: 'Disconnected', outcomeUnknown: true });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'PUT']);
  });

  test('that are idle are given up after an answer that did not come', async () => {
    const client = clientOf();
    await Promise.all([client.get(lease), client.get(lease)]);
    expect(server.connections).toBe(2);
    server.answerWith(() => undefined);
    const received = server.nextRequest();
    const call = expect(client.get(lease, { timeout: 100 })).rejects.toMatchObject({ reason: 'Timeout' });
    await received;
    await clock.advance(100);
    await call;
    server.answerWith((_, response) => json(response, 200, {}));
    await client.get(lease);
    expect(server.connections).toBe(3);
  });
});

describe('a list', () => {
  const page = (names: string[], proceed?: string): object => ({
    metadata: { resourceVersion: '40', ...(proceed ? { continue: proceed } : {}) },
    items: names.map((name) => ({ metadata: { name } })),
  });

  test('goes through all pages, and gives the items the type that they lack on the wire', async () => {
    server.answerWith(({ query }, response) =>
      json(response, 200, query.get('continue') === null ? page(['a', 'b'], 'more') : page(['c'])),
    );
    const list = await clientOf().list({ resource: pods, labelSelector: 'app=x', fieldSelector: 'metadata.name=a' });
    expect(list.metadata).toEqual({ resourceVersion: '40' });
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(list.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
    expect(server.requests.map(({ query }) => Object.fromEntries(query))).toEqual([
      { limit: '500', labelSelector: 'app=x', fieldSelector: 'metadata.name=a' },
      { limit: '500', continue: 'more', labelSelector: 'app=x', fieldSelector: 'metadata.name=a' },
    ]);
    expect(server.requests[0]?.path).toBe('/api/v1/pods');
  });

  test('whose version expires between two pages is started over, once', async () => {
    let expirations = 1;
    server.answerWith(({ query }, response) => {
      if (query.get('continue') === null) json(response, 200, page(['a'], 'more'));
      else if (expirations-- > 0) json(response, 410, { kind: 'Status', reason: 'Expired' });
      else json(response, 200, page(['b']));
    });
    const list = await clientOf().list(inNamespace);
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    expect(server.requests).toHaveLength(4);
    expirations = 2;
    await expect(clientOf().list(inNamespace)).rejects.toMatchObject({ reason: 'Expired' });
  });

  test('of nothing is empty', async () => {
    server.answerWith((_, response) => json(response, 200, { metadata: { resourceVersion: '3' }, items: null }));
    expect(await clientOf().list<KubernetesObject>(inNamespace)).toEqual({
      metadata: { resourceVersion: '3' },
      items: [],
    });
  });
});
