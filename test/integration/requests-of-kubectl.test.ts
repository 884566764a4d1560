import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { customResourceDefinition } from '../../src/api/custom-resource-definition.ts';
import { EmbeddedApiServer } from '../../src/embedded/embedded-api-server.ts';
import { EmbeddedHttpServer } from '../../src/embedded/http/embedded-http-server.ts';
import { customResourceDefinitions } from '../../src/embedded/kinds/builtin-kinds.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { podDisruptionBudgets, pods } from '../../src/kube/resource.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const IMPALA = '/apis/impala-operator.dev/v1alpha1/namespaces/shop/impalaclusters';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What kubectl 1.36 sends, as it was seen to send it. */
describe('the embedded cluster answers kubectl', () => {
  const server = new EmbeddedApiServer({ clock: systemClock, random: Math.random });
  const http = new EmbeddedHttpServer({ server, clock: systemClock, basePath: '/secret' });

  const request = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(http.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'kubectl/v1.36', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> } satisfies Answer;
  };
  const cluster = (name: string, spec: object = {}): object => ({
    apiVersion: 'impala-operator.dev/v1alpha1',
    kind: 'ImpalaCluster',
    metadata: { name },
    spec,
  });

  beforeAll(async () => {
    await server.client('setup').create({ resource: customResourceDefinitions }, customResourceDefinition());
    await http.start();
  });
  afterAll(() => http.stop());

  test('nobody who does not know its path', async () => {
    const response = await fetch(http.url.replace('/secret', '/api/v1/pods'));
    expect(response.status).toBe(404);
  });

  test('what it serves, custom resources with their short names among it', async () => {
    const { body } = await request('GET', '/apis/impala-operator.dev/v1alpha1');
    expect(body.resources).toContainEqual(
      expect.objectContaining({ name: 'impalaclusters', shortNames: ['impala'], kind: 'ImpalaCluster' }),
    );
    expect((await request('GET', '/api/v1')).body.resources).toContainEqual(
      expect.objectContaining({ name: 'pods/eviction', group: 'policy', version: 'v1', kind: 'Eviction' }),
    );
  });

  test('that it validates fields itself, so that kubectl apply need not', async () => {
    const index = (await request('GET', '/openapi/v3')).body as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const url = index.paths['apis/impala-operator.dev/v1alpha1']?.serverRelativeURL ?? '';
    const document = JSON.stringify((await request('GET', url.replace('/secret', ''))).body);
    expect(document).toContain('"fieldValidation"');
    expect(document).toContain('"kind":"ImpalaCluster"');
  });

  test('a list as a table with the printer columns of the definition', async () => {
    await request('POST', IMPALA, cluster('columns'));
    const { body } = await request('GET', IMPALA, undefined, { Accept: TABLE });
    const columns = (body.columnDefinitions as { name: string }[]).map(({ name }) => name);
    expect(columns).toEqual(['Name', 'Ready', 'Statestore', 'Catalog', 'Coordinators', 'Executors', 'Version', 'Age']);
    expect(body.rows).toContainEqual(
      expect.objectContaining({ cells: ['columns', '', '', '', '', '', '', expect.stringMatching(/^\d+s$/)] }),
    );
  });

  test('with a refusal for a field that would be dropped', async () => {
    const { status, body } = await request(
      'POST',
      `${IMPALA}?fieldValidation=Strict`,
      cluster('strict', { colour: 1 }),
    );
    expect({ status, message: body.message }).toEqual({
      status: 400,
      message: 'strict decoding error: unknown field "spec.colour"',
    });
  });

  test('a dry run with what would be, and does nothing', async () => {
    const dry = await request('POST', `${IMPALA}?dryRun=All`, cluster('dry'));
    expect(dry).toMatchObject({ status: 201, body: { metadata: { name: 'dry' }, spec: { coordinators: {} } } });
    expect((await request('GET', `${IMPALA}/dry`)).status).toBe(404);

    await request('POST', IMPALA, cluster('dry'));
    const { body: before } = await request('GET', `${IMPALA}/dry`);
    const type = { 'Content-Type': 'application/merge-patch+json' };
    const patch = { spec: { executors: { replicas: 9 } } };
    const { body } = await request('PATCH', `${IMPALA}/dry?dryRun=All`, patch, type);
    expect(body).toMatchObject({ spec: { executors: { replicas: 9 } } });
    expect((await request('DELETE', `${IMPALA}/dry?dryRun=All`)).status).toBe(200);
    expect((await request('GET', `${IMPALA}/dry`)).body).toEqual(before);
    expect((await request('DELETE', `${IMPALA}/dry?dryRun=Some`)).status).toBe(400);
    // kubectl says it in the body.
    expect((await request('DELETE', `${IMPALA}/dry`, { kind: 'DeleteOptions', dryRun: ['All'] })).status).toBe(200);
    expect((await request('GET', `${IMPALA}/dry`)).body).toEqual(before);
  });

  test('a scale, and writes it', async () => {
    await request('POST', IMPALA, cluster('scaled'));
    const patch = { spec: { replicas: 4 } };
    const type = { 'Content-Type': 'application/merge-patch+json' };
    const { body } = await request('PATCH', `${IMPALA}/scaled/scale`, patch, type);
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 4 } });
    expect((await request('GET', `${IMPALA}/scaled`)).body).toMatchObject({ spec: { executors: { replicas: 4 } } });
  });

  test('a cordon by a strategic merge patch', async () => {
    await request('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } });
    const type = { 'Content-Type': 'application/strategic-merge-patch+json' };
    const { status } = await request('PATCH', '/api/v1/nodes/node-1', { spec: { unschedulable: true } }, type);
    expect(status).toBe(200);
    const { body } = await request('GET', '/api/v1/nodes/node-1', undefined, { Accept: TABLE });
    expect(JSON.stringify(body.rows)).toContain('SchedulingDisabled');
  });

  test('an eviction, and refuses the next one until the budget allows it', async () => {
    const labels = { app: 'pair' };
    const namespace = 'evictions';
    const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'pair' } };
    const api = `/api/v1/namespaces/${namespace}/pods`;
    for (const name of ['a', 'b']) {
      await request('POST', api, { metadata: { name, labels }, spec: { containers: [] } });
      server.setStatus({ resource: pods, namespace, name }, ready);
    }
    await request('POST', `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, {
      ...budget,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    });
    server.setStatus({ resource: podDisruptionBudgets, namespace, name: 'pair' }, { disruptionsAllowed: 1 });
    const evict = (name: string) =>
      request('POST', `${api}/${name}/eviction`, { kind: 'Eviction', metadata: { name } });
    expect((await evict('a')).status).toBe(201);
    const refused = await evict('b');
    expect(refused).toMatchObject({ status: 429, body: { reason: 'TooManyRequests' } });
    expect((await request('GET', api)).body.items).toHaveLength(1);
  });

  test('events under the names of the core group', async () => {
    await request('POST', '/apis/events.k8s.io/v1/namespaces/shop/events', {
      metadata: { name: 'one' },
      eventTime: new Date().toISOString(),
      reason: 'FailoverCompleted',
      note: 'it is active',
      type: 'Normal',
      regarding: { kind: 'ImpalaCluster', name: 'columns' },
    });
    const selector = 'involvedObject.name=columns,involvedObject.kind=ImpalaCluster';
    const { body } = await request('GET', `/api/v1/namespaces/shop/events?fieldSelector=${selector}`);
    expect(body.items).toEqual([
      expect.objectContaining({ message: 'it is active', involvedObject: { kind: 'ImpalaCluster', name: 'columns' } }),
    ]);
  });

  test('a watch that begins with everything there is, and says where that ends', async () => {
    const leaving = new AbortController();
    const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
    const response = await fetch(`${http.url}${IMPALA}?${query}`, { signal: leaving.signal });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk as Uint8Array);
      if (text.includes('BOOKMARK')) break;
    }
    leaving.abort();
    const types = text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(new Set(types.slice(0, -1))).toEqual(new Set(['ADDED']));
    expect(text).toContain('"k8s.io/initial-events-end":"true"');
  });
});

describe('an embedded API server that is away', () => {
  const server = new EmbeddedApiServer({ clock: systemClock, random: Math.random });
  const http = new EmbeddedHttpServer({ server, clock: systemClock });
  afterAll(() => http.stop());

  test('refuses connections, and is back at the same address', async () => {
    await http.start();
    const { url } = http;
    await http.stop();
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
    await http.start();
    expect(http.url).toBe(url);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test('when it is frozen, answers once it goes on', async () => {
    http.freeze();
    let answered = false;
    const answer = fetch(`${http.url}/readyz`).then((response) => {
      answered = true;
      return response.status;
    });
    await fetch(`${http.url}/readyz`, { signal: AbortSignal.timeout(100) }).catch(() => undefined);
    expect(answered).toBe(false);
    http.thaw();
    expect(await answer).toBe(200);
  });
});
