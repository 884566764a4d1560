import { describe, expect, test } from '@jest/globals';
import { GROUP, KIND, PLURAL, VERSION } from '../../../src/api/names.ts';
import type { Change } from '../../../src/embedded/versioned-store.ts';
import type { KubernetesObject, Lease } from '../../../src/kube/kubernetes-object.ts';
import { ListWatch } from '../../../src/kube/list-watch.ts';
import { pods, type Resource } from '../../../src/kube/resource.ts';
import { LEASE, LEASES, lease, makeFixture, outcomeOf, watchLeases } from './fixture.ts';
import { seededRandom } from './seeded-random.ts';

const CLUSTERS: Resource = { apiVersion: `${GROUP}/${VERSION}`, kind: KIND, plural: PLURAL, namespaced: true };

type Cluster = KubernetesObject & { spec?: object; status?: object };

describe('the embedded API server', () => {
  test('sends a bookmark with the present version once a minute', async () => {
    const { clock, server, api } = makeFixture();
    const seen = watchLeases(api, server.resourceVersion);
    await clock.flush();
    await api.create({ resource: CLUSTERS, namespace: 'shop' }, { metadata: { name: 'other-kind' } });
    await clock.advance(60_000);
    expect(seen.events).toEqual([{ type: 'BOOKMARK', resourceVersion: server.resourceVersion }]);
    seen.stop();
    await clock.flush();
    expect(clock.pendingTimers).toBe(0);
  });

  test('ends a watch after four to eight minutes', async () => {
    const { clock, server, api } = makeFixture();
    const seen = watchLeases(api, server.resourceVersion);
    await clock.advance(240_000);
    expect(seen.ended).toBe(false);
    await clock.advance(240_000);
    expect(seen).toMatchObject({ ended: true, error: undefined });
    expect(clock.pendingTimers).toBe(0);
  });

  test('has nothing to say to a watch from a version that it has not reached', async () => {
    const { clock, server, api } = makeFixture();
    const seen = watchLeases(api, String(Number(server.resourceVersion) + 100), 90_000);
    await clock.flush();
    await api.create(LEASE, lease('me'));
    await clock.advance(90_000);
    expect(seen.events).toEqual([]);
    expect(seen.error).toMatchObject({ reason: 'Timeout' });
  });

  test('answers a watch from before a compaction as expired, and one from its moment not', async () => {
    const { clock, server, api } = makeFixture();
    const created = await api.create(LEASE, lease('me'));
    const before = created.metadata.resourceVersion ?? '';
    await api.replace(LEASE, { ...created, spec: {} });
    server.compact();
    const old = watchLeases(api, before);
    const present = watchLeases(api, server.resourceVersion);
    await clock.flush();
    await api.delete(LEASE);
    await clock.flush();
    expect(old.error).toMatchObject({ reason: 'Expired', status: 410 });
    expect(present.events).toMatchObject([{ type: 'DELETED' }]);
    present.stop();
  });

  test('forgets its history by itself when it gets long', async () => {
    const { clock, server, api } = makeFixture({ historyLimit: 10 });
    let object = await api.create(LEASE, lease('0'));
    const before = object.metadata.resourceVersion ?? '';
    for (let write = 1; write <= 25; write++)
      object = await api.replace(LEASE, { ...object, spec: lease(`${write}`).spec ?? {} });
    const old = watchLeases(api, before);
    const recent = watchLeases(api, String(Number(server.resourceVersion) - 10));
    await clock.flush();
    expect(old.error).toMatchObject({ reason: 'Expired' });
    expect(recent.events).toHaveLength(10);
    recent.stop();
  });

  test('feeds a list-watch, through a compaction too', async () => {
    const { clock, server, api } = makeFixture();
    await api.create(LEASE, lease('one'));
    const abort = new AbortController();
    const cache = new ListWatch<Lease>({ api, clock, random: seededRandom(2) }, { selection: LEASES });
    const running = cache.run(abort.signal);
    await clock.flush();
    expect(cache.get('shop', 'impala')?.spec?.holderIdentity).toBe('one');
    await api.mergePatch(LEASE, { spec: { holderIdentity: 'two' } });
    server.compact();
    await clock.advance(600_000);
    await api.mergePatch(LEASE, { spec: { holderIdentity: 'three' } });
    await clock.flush();
    expect(cache.get('shop', 'impala')?.spec?.holderIdentity).toBe('three');
    abort.abort();
    await clock.settle(running);
    expect(clock.pendingTimers).toBe(0);
  });

  test('does the same again with the same random source', async () => {
    const run = async (): Promise<unknown> => {
      const { clock, server, api } = makeFixture();
      const changes: Change[] = [];
      server.onChange((change) => changes.push(change));
      const seen = watchLeases(api, '');
      await api.create(LEASE, lease('me'));
      await clock.advance(500_000);
      await api.delete(LEASE);
      return { changes, events: seen.events, ended: seen.ended, now: clock.now() };
    };
    expect(await run()).toEqual(await run());
  });

  test('answers with objects that cannot be changed, and keeps none of the client’s', async () => {
    const { server, api } = makeFixture();
    const body = lease('me');
    const answer = await api.create(LEASE, body);
    (body.spec ??= {}).holderIdentity = 'another';
    expect(server.peek<Lease>(LEASE)?.spec?.holderIdentity).toBe('me');
    expect(() => ((answer.spec ??= {}).holderIdentity = 'another')).toThrow(TypeError);
  });

  test('tells of every write at once, with the state before it', async () => {
    const { server, api } = makeFixture();
    const told: (string | undefined)[][] = [];
    const end = server.onChange(({ type, object, previous }) =>
      told.push([type, ...[previous, object].map((one) => (one as Lease | undefined)?.spec?.holderIdentity)]),
    );
    const created = await api.create(LEASE, lease('one'));
    await api.replace(LEASE, { ...created, spec: lease('two').spec ?? {} });
    await api.delete(LEASE);
    end();
    await api.create(LEASE, lease('three'));
    expect(told).toEqual([
      ['ADDED', undefined, 'one'],
      ['MODIFIED', 'one', 'two'],
      ['DELETED', 'two', 'two'],
    ]);
  });

  test('refuses a user who may not', async () => {
    const { clock, server } = makeFixture({ authorize: ({ user, verb }) => user === 'operator' || verb !== 'create' });
    const refused = outcomeOf(server.client('agent').create(LEASE, lease('me')));
    await clock.flush();
    expect(refused.error).toMatchObject({ reason: 'Forbidden', status: 403 });
    await server.client('operator').create(LEASE, lease('me'));
    expect(server.peek(LEASE)).toBeDefined();
  });

  test('keeps spec and status of a custom resource apart', async () => {
    const { api } = makeFixture();
    const reference = { resource: CLUSTERS, namespace: 'shop', name: 'impala' };
    const body: Cluster = { metadata: { name: 'impala' }, spec: { a: 1 }, status: { b: 1 } };
    const created = await api.create(reference, body);
    expect(created.status).toBeUndefined();
    expect(created.metadata.generation).toBe(1);
    const applied = await api.apply<Cluster>(
      reference,
      { ...CLUSTERS, metadata: { name: 'impala' }, spec: { a: 2 }, status: { b: 2 } },
      { fieldManager: 'operator', subresource: 'status' },
    );
    expect(applied).toMatchObject({ spec: { a: 1 }, status: { b: 2 }, metadata: { generation: 1 } });
    const replaced = await api.replace<Cluster>(reference, { ...applied, spec: { a: 3 }, status: { b: 3 } });
    expect(replaced).toMatchObject({ spec: { a: 3 }, status: { b: 2 }, metadata: { generation: 2 } });
  });

  test('takes a status of a kubelet’s', async () => {
    const { server, api } = makeFixture();
    const reference = { resource: pods, namespace: 'shop', name: 'pod' };
    await api.create(reference, { metadata: { name: 'pod' } });
    server.setStatus(reference, { phase: 'Running' });
    expect(await api.get(reference)).toMatchObject({ status: { phase: 'Running' } });
    expect(() => server.setStatus({ ...reference, name: 'none' }, {})).toThrow('not found');
  });
});
