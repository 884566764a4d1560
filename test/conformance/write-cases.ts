import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject, Lease } from '../../src/kube/kubernetes-object.ts';
import { compareResourceVersions } from '../../src/kube/resource-version.ts';
import {
  configMaps,
  endpointSlices,
  events,
  leases,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  services,
  statefulSets,
} from '../../src/kube/resource.ts';
import { Objects, refusal, refusedFields, type ConformanceEnvironment } from './environment.ts';

const ANOTHER_UID = '00000000-0000-4000-8000-000000000000';
const CONFLICT = { reason: 'Conflict', status: 409 };
const NOT_FOUND = { reason: 'NotFound', status: 404 };

const versionOf = ({ metadata }: KubernetesObject): string => metadata.resourceVersion ?? '';

const later = (one: KubernetesObject, other: KubernetesObject): boolean =>
  (compareResourceVersions(versionOf(one), versionOf(other)) ?? 0) > 0;

interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}

/** What the API server makes of creates, replacements, patches and deletions. */
export function writeCases(environment: ConformanceEnvironment): void {
  const objects = new Objects<Lease>(environment, leases);
  const maps = new Objects<ConfigMap>(environment, configMaps);

  describe('a create', () => {
    test('is refused when there is one of that name', async () => {
      await objects.create('twice');
      expect(await refusal(objects.create('twice'))).toEqual({ reason: 'AlreadyExists', status: 409 });
    });

    test('does not take a uid or its time from the client', async () => {
      const metadata = { uid: ANOTHER_UID, creationTimestamp: '2020-01-01T00:00:00Z' };
      const created = await objects.create('own-uid', {}, metadata);
      expect(created.metadata.uid).not.toBe(ANOTHER_UID);
      expect(created.metadata.creationTimestamp).not.toBe('2020-01-01T00:00:00Z');
    });

    test('with a resourceVersion is refused', async () => {
      const call = objects.create('with-version', {}, { resourceVersion: '1' });
      expect(await refusal(call)).toEqual({ reason: 'ServerError', status: 500 });
      expect(await refusal(objects.get('with-version'))).toEqual(NOT_FOUND);
    });

    test('into another namespace than the call names is refused', async () => {
      expect(await refusal(objects.create('elsewhere', {}, { namespace: 'default' }))).toMatchObject({ status: 400 });
    });

    test('into a namespace that is missing is refused', async () => {
      const missing = { resource: objects.resource, namespace: `${environment.namespace}-missing`, name: 'nowhere' };
      const { apiVersion, kind } = objects.resource;
      const body = { apiVersion, kind, metadata: { name: 'nowhere' } };
      const api = environment.client('creator');
      expect(await refusal(api.create(missing, body))).toEqual(NOT_FOUND);
      expect(await refusal(api.apply(missing, body, { fieldManager: 'creator', force: false }))).toEqual(NOT_FOUND);
    });

    test('without a name is refused', async () => {
      expect(await refusal(objects.create(''))).toMatchObject({ status: 422 });
    });

    test('of another kind is refused', async () => {
      expect(await refusal(objects.create('other-kind', { kind: 'ConfigMap' }))).toMatchObject({ status: 400 });
    });

    test.each(['Upper', 'under_score', '-dash', 'a'.repeat(254)])('of the name %s is refused', async (name) => {
      expect(await refusedFields(objects.create(name))).toContain('metadata.name');
    });

    test.each([
      ['a label with a space', { labels: { key: 'a b' } }, 422],
      ['a label of 64 characters', { labels: { key: 'a'.repeat(64) } }, 422],
      ['a label key with two slashes', { labels: { 'a/b/c': 'd' } }, 422],
      ['a label that is a number', { labels: { key: 1 } }, 400],
      ['an annotation that is a number', { annotations: { key: 1 } }, 400],
      ['an annotation key with a space', { annotations: { 'a b': 'c' } }, 422],
      ['annotations of more than 256 KiB', { annotations: { key: 'a'.repeat(262_144) } }, 422],
      ['an owner without a uid', { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: '' }] }, 422],
    ])('with %s is refused', async (_what, metadata, status) => {
      expect(await refusal(objects.create('bad-metadata', {}, metadata))).toEqual({ reason: 'Invalid', status });
    });

    test('with empty labels and annotations has none', async () => {
      const { metadata } = await objects.create('no-labels', {}, { labels: {}, annotations: {}, ownerReferences: [] });
      expect(metadata).not.toHaveProperty('labels');
      expect(metadata).not.toHaveProperty('annotations');
      expect(metadata).not.toHaveProperty('ownerReferences');
    });
  });

  describe('a read', () => {
    test('of what does not exist says so', async () => {
      expect(await refusal(objects.get('nothing'))).toEqual(NOT_FOUND);
    });

    test('names kind and version', async () => {
      await objects.create('typed');
      expect(await objects.get('typed')).toMatchObject({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' });
    });
  });

  describe('a replacement', () => {
    test('of the version that was read gets a later one', async () => {
      const lease = await objects.create('swap');
      const replaced = await objects.replace('swap', { ...lease, spec: { holderIdentity: 'me' } });
      expect(later(replaced, lease)).toBe(true);
      expect(replaced.metadata).toMatchObject({
        uid: lease.metadata.uid,
        creationTimestamp: lease.metadata.creationTimestamp,
      });
      expect((await objects.get('swap')).spec).toEqual({ holderIdentity: 'me' });
    });

    test('of an older version is a conflict and changes nothing', async () => {
      const lease = await objects.create('stale');
      await objects.replace('stale', { ...lease, spec: { holderIdentity: 'first' } });
      expect(await refusal(objects.replace('stale', { ...lease, spec: { holderIdentity: 'second' } }))).toEqual(
        CONFLICT,
      );
      expect((await objects.get('stale')).spec).toEqual({ holderIdentity: 'first' });
    });

    test('of a version that never was is a conflict', async () => {
      const lease = await objects.create('future');
      const metadata = { ...lease.metadata, resourceVersion: `${versionOf(lease)}000` };
      expect(await refusal(objects.replace('future', { ...lease, metadata }))).toEqual(CONFLICT);
    });

    test('of a version that is no number is refused', async () => {
      const lease = await objects.create('no-number');
      const metadata = { ...lease.metadata, resourceVersion: 'x' };
      const call = objects.replace('no-number', { ...lease, metadata });
      expect(await refusal(call)).toEqual({ reason: 'ServerError', status: 500 });
    });

    test.each([
      { resource: leases, content: {} },
      { resource: podDisruptionBudgets, content: { spec: { maxUnavailable: 1 } } },
    ])('of a $resource.kind without a version is refused', async ({ resource, content }) => {
      const kind = new Objects(environment, resource, 'unconditional-');
      await kind.create('object', content);
      const call = kind.replace('object', kind.body('object', content, { labels: { a: 'b' } }));
      expect(await refusal(call)).toEqual({ reason: 'Invalid', status: 422 });
    });

    test.each([
      { resource: endpointSlices, content: { addressType: 'IPv4' } },
      { resource: configMaps, content: { data: { a: 'b' } } },
      { resource: serviceAccounts, content: {} },
      { resource: services, content: { spec: { clusterIP: 'None' } } },
      { resource: roles, content: { rules: [] } },
    ])('of a $resource.kind without a version overwrites', async ({ resource, content }) => {
      const kind = new Objects(environment, resource, 'unconditional-');
      await kind.create('object', content, { labels: { a: 'b' } });
      const replaced = await kind.replace('object', kind.body('object', content));
      expect(replaced.metadata.labels).toBeUndefined();
    });

    test('that changes nothing keeps the version', async () => {
      const lease = await objects.create('same', { spec: { holderIdentity: 'one' } }, { labels: { a: 'b' } });
      expect(versionOf(await objects.replace('same', lease, 'another'))).toBe(versionOf(lease));
    });

    test('with the uid of another object is a conflict', async () => {
      const lease = await objects.create('other-uid');
      const metadata = { ...lease.metadata, uid: ANOTHER_UID };
      expect(await refusal(objects.replace('other-uid', { ...lease, metadata }))).toEqual(CONFLICT);
      const body = objects.body('other-uid', {}, { uid: ANOTHER_UID });
      expect(await refusal(objects.replace('other-uid', body))).toEqual(CONFLICT);
    });

    test('of a deleted object with its uid is a conflict', async () => {
      const lease = await objects.create('deleted');
      await objects.delete('deleted');
      expect(await refusal(objects.replace('deleted', lease))).toEqual(CONFLICT);
      const body = objects.body('deleted', {}, { uid: lease.metadata.uid });
      expect(await refusal(objects.replace('deleted', body))).toEqual(CONFLICT);
      expect(await refusal(objects.get('deleted'))).toEqual(NOT_FOUND);
    });

    test('of a deleted object with its version but without its uid makes it anew', async () => {
      const lease = await objects.create('deleted-version');
      await objects.delete('deleted-version');
      const body = objects.body('deleted-version', {}, { resourceVersion: versionOf(lease) });
      const successor = await objects.replace('deleted-version', body);
      expect(successor.metadata.uid).not.toBe(lease.metadata.uid);
    });

    test('of a deleted and recreated object is a conflict', async () => {
      const lease = await objects.create('recreated');
      await objects.delete('recreated');
      const successor = await objects.create('recreated');
      expect(successor.metadata.uid).not.toBe(lease.metadata.uid);
      expect(await refusal(objects.replace('recreated', lease))).toEqual(CONFLICT);
    });

    test('to another name than the call names is refused', async () => {
      await objects.create('one-name');
      expect(await refusal(objects.replace('one-name', objects.body('other-name')))).toMatchObject({ status: 400 });
    });

    test('does not change the time of the creation', async () => {
      const lease = await objects.create('server-owned');
      const metadata = { ...lease.metadata, creationTimestamp: '2020-01-01T00:00:00Z', labels: { a: 'b' } };
      const replaced = await objects.replace('server-owned', { ...lease, metadata });
      expect(replaced.metadata.creationTimestamp).toBe(lease.metadata.creationTimestamp);
    });

    test('cannot mark an object as deleted', async () => {
      const lease = await objects.create('marked');
      const metadata = { ...lease.metadata, deletionTimestamp: '2020-01-01T00:00:00Z' };
      const call = (): Promise<Lease> => objects.replace('marked', { ...lease, metadata });
      expect(await refusal(call())).toEqual({ reason: 'Invalid', status: 422 });
      expect(await refusedFields(call())).toEqual(['metadata.deletionTimestamp']);
    });
  });

  describe('a replacement of what does not exist', () => {
    test.each([
      { resource: leases, content: {} },
      { resource: services, content: { spec: { clusterIP: 'None' } } },
      { resource: roles, content: { rules: [] } },
      {
        resource: roleBindings,
        content: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'x' } },
      },
    ])('makes a $resource.kind', async ({ resource, content }) => {
      const kind = new Objects(environment, resource);
      await kind.replace('made-by-put', kind.body('made-by-put', content));
      expect((await kind.get('made-by-put')).metadata.uid).toBeDefined();
    });

    test.each([
      { resource: endpointSlices, content: { addressType: 'IPv4' } },
      { resource: configMaps, content: {} },
      { resource: serviceAccounts, content: {} },
      { resource: pods, content: { spec: { schedulerName: 'none', containers: [{ name: 'c', image: 'i' }] } } },
      { resource: podDisruptionBudgets, content: { spec: { maxUnavailable: 1 } } },
      {
        resource: statefulSets,
        content: {
          spec: {
            replicas: 0,
            selector: { matchLabels: { a: 'b' } },
            template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
          },
        },
      },
    ])('does not make a $resource.kind', async ({ resource, content }) => {
      const kind = new Objects(environment, resource);
      expect(await refusal(kind.replace('not-made', kind.body('not-made', content)))).toEqual(NOT_FOUND);
      const withUid = kind.body('not-made', content, { uid: ANOTHER_UID });
      expect(await refusal(kind.replace('not-made', withUid))).toEqual(NOT_FOUND);
    });
  });

  describe('a merge patch', () => {
    test('changes what it names, removes what it names as null, and leaves the rest', async () => {
      await objects.create(
        'patched',
        { spec: { holderIdentity: 'me', leaseTransitions: 1 } },
        { labels: { a: 'b', c: 'd' } },
      );
      const patched = await objects.patch('patched', {
        metadata: { labels: { a: null, e: 'f' } },
        spec: { leaseTransitions: 2 },
      });
      expect(patched.metadata.labels).toEqual({ c: 'd', e: 'f' });
      expect(patched.spec).toEqual({ holderIdentity: 'me', leaseTransitions: 2 });
    });

    test('of what does not exist says so', async () => {
      expect(await refusal(objects.patch('nothing', { metadata: { labels: { a: 'b' } } }))).toEqual(NOT_FOUND);
    });

    test('with an older version is a conflict', async () => {
      const lease = await objects.create('patch-stale');
      await objects.patch('patch-stale', { metadata: { labels: { a: 'b' } } });
      const patch = { metadata: { resourceVersion: versionOf(lease), labels: { a: 'c' } } };
      expect(await refusal(objects.patch('patch-stale', patch))).toEqual(CONFLICT);
    });

    test('with another uid is a conflict, though the answer is 422', async () => {
      await objects.create('patch-uid');
      const patch = { metadata: { uid: ANOTHER_UID, labels: { a: 'c' } } };
      expect(await refusal(objects.patch('patch-uid', patch))).toEqual({ reason: 'Conflict', status: 422 });
    });

    test('that changes nothing keeps the version', async () => {
      const lease = await objects.create('patch-same', {}, { labels: { a: 'b' } });
      expect(versionOf(await objects.patch('patch-same', { metadata: { labels: { a: 'b' } } }))).toBe(versionOf(lease));
    });
  });

  describe('a deletion', () => {
    test('takes the object away', async () => {
      await objects.create('gone');
      await objects.delete('gone');
      expect(await refusal(objects.get('gone'))).toEqual(NOT_FOUND);
      expect(await refusal(objects.delete('gone'))).toEqual(NOT_FOUND);
    });

    test('with another uid is a conflict', async () => {
      const { metadata } = await objects.create('guarded');
      expect(await refusal(objects.delete('guarded', { uid: ANOTHER_UID }))).toEqual(CONFLICT);
      await objects.delete('guarded', metadata.uid === undefined ? {} : { uid: metadata.uid });
      expect(await refusal(objects.get('guarded'))).toEqual(NOT_FOUND);
    });

    test('waits for the finalizers', async () => {
      const map = await maps.create('held', {}, { finalizers: ['impala-operator.dev/test'] });
      await maps.delete('held');
      const held = await maps.get('held');
      expect(held.metadata.deletionTimestamp).toBeDefined();
      expect(held.metadata.uid).toBe(map.metadata.uid);
      await maps.patch('held', { metadata: { finalizers: null } });
      expect(await refusal(maps.get('held'))).toEqual(NOT_FOUND);
    });
  });

  describe('the deletion of a pod', () => {
    const kind = new Objects<KubernetesObject & { status?: { phase?: string } }>(environment, pods);
    const spec = { schedulerName: 'none', terminationGracePeriodSeconds: 20, containers: [{ name: 'c', image: 'i' }] };
    const onNode = { spec: { ...spec, nodeName: 'no-such-node' } };

    test('that is on no node takes it away', async () => {
      expect((await kind.create('waiting', { spec })).status?.phase).toBe('Pending');
      await kind.delete('waiting');
      expect(await refusal(kind.get('waiting'))).toEqual(NOT_FOUND);
    });

    test('that is on a node asks its kubelet, who has the grace period for it', async () => {
      await kind.create('stopping', onNode);
      await kind.delete('stopping');
      const { metadata } = await kind.get('stopping');
      expect(metadata).toMatchObject({ generation: 2, deletionGracePeriodSeconds: 20 });
      expect(metadata.deletionTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      await kind.delete('stopping', { gracePeriodSeconds: 0 });
      expect(await refusal(kind.get('stopping'))).toEqual(NOT_FOUND);
    });

    test('can be hastened, but not put off', async () => {
      await kind.create('hastened', onNode);
      await kind.delete('hastened', { gracePeriodSeconds: 10 });
      await kind.delete('hastened', { gracePeriodSeconds: 15 });
      expect((await kind.get('hastened')).metadata).toMatchObject({ deletionGracePeriodSeconds: 10 });
      await kind.delete('hastened', { gracePeriodSeconds: 5 });
      expect((await kind.get('hastened')).metadata).toMatchObject({ deletionGracePeriodSeconds: 5 });
      await kind.delete('hastened', { gracePeriodSeconds: 0 });
    });

    test('by force takes it away', async () => {
      await kind.create('forced', onNode);
      await kind.delete('forced', { gracePeriodSeconds: 0 });
      expect(await refusal(kind.get('forced'))).toEqual(NOT_FOUND);
    });
  });

  describe('an event', () => {
    const kind = new Objects<KubernetesObject & { series?: object }>(environment, events);

    test('is taken, and its series patched', async () => {
      await kind.create('happened', {
        eventTime: '2026-01-02T03:04:05.123456Z',
        regarding: { kind: 'Lease', name: 'x', namespace: environment.namespace, uid: ANOTHER_UID },
        reason: 'Happened',
        action: 'Happening',
        type: 'Normal',
        note: 'It happened',
        reportingController: 'impala-operator.dev/test',
        reportingInstance: 'test',
      });
      const series = { count: 2, lastObservedTime: '2026-01-02T03:05:05.123456Z' };
      expect((await kind.patch('happened', { series })).series).toEqual(series);
    });
  });

  describe('a generation', () => {
    const budgets = new Objects<KubernetesObject & { status?: unknown }>(environment, podDisruptionBudgets);
    const spec = (maxUnavailable: number): object => ({
      spec: { maxUnavailable, selector: { matchLabels: { a: 'b' } } },
    });

    test('counts the changes of what is wanted', async () => {
      expect((await budgets.create('counted', spec(1))).metadata.generation).toBe(1);
      expect((await budgets.patch('counted', { metadata: { labels: { a: 'b' } } })).metadata.generation).toBe(1);
      expect((await budgets.patch('counted', spec(2))).metadata.generation).toBe(2);
    });

    test('does not count, and a patch does not change, the status', async () => {
      await budgets.create('status', spec(1));
      const patched = await budgets.patch('status', { status: { expectedPods: 77 } });
      expect(patched.metadata.generation).toBe(1);
      expect(patched.status).not.toMatchObject({ expectedPods: 77 });
    });
  });
}
