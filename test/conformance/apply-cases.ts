import { describe, expect, test } from '@jest/globals';
import type { EndpointSlice, KubernetesObject, Lease } from '../../src/kube/kubernetes-object.ts';
import { configMaps, endpointSlices, leases, podDisruptionBudgets } from '../../src/kube/resource.ts';
import { Objects, refusal, refusedFields, type ConformanceEnvironment } from './environment.ts';

const versionOf = ({ metadata }: KubernetesObject): string | undefined => metadata.resourceVersion;
const CONFLICT = { reason: 'Conflict', status: 409 };
const ENDPOINT = { addresses: ['10.1.2.3'], conditions: { ready: true } };

const owner = (uid: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'o',
  uid,
  ...more,
});

/** Who owns which field, and what an apply does to those of others. */
export function applyCases(environment: ConformanceEnvironment): void {
  const objects = new Objects<Lease>(environment, leases, 'apply-');
  const slices = new Objects<EndpointSlice>(environment, endpointSlices, 'apply-');
  const labels = (values: object): { metadata: object } => ({ metadata: { labels: values } });

  describe('an apply', () => {
    test('makes an object that does not exist', async () => {
      const lease = await objects.apply('made', { spec: { holderIdentity: 'x' } }, { manager: 'op' });
      expect(lease.spec).toEqual({ holderIdentity: 'x' });
      expect(lease.metadata.uid).toBeDefined();
    });

    test('with a uid does not make an object', async () => {
      const metadata = { uid: '00000000-0000-4000-8000-000000000000' };
      expect(await refusal(objects.apply('absent', {}, { manager: 'op', metadata }))).toEqual(CONFLICT);
    });

    test('with the uid of another object is a conflict, though the answer is 422', async () => {
      const metadata = { uid: '00000000-0000-4000-8000-000000000000' };
      await objects.create('other');
      const call = (): Promise<Lease> => objects.apply('other', {}, { manager: 'op', metadata });
      expect(await refusal(call())).toEqual({ reason: 'Conflict', status: 422 });
      expect(await refusedFields(call())).toEqual(['metadata.uid']);
    });

    test('with an older version is a conflict', async () => {
      const lease = await objects.create('stale');
      await objects.replace('stale', { ...lease, spec: { holderIdentity: 'x' } });
      const metadata = { resourceVersion: versionOf(lease), labels: { a: 'b' } };
      expect(await refusal(objects.apply('stale', {}, { manager: 'op', metadata }))).toEqual(CONFLICT);
    });

    test('said twice writes once', async () => {
      const first = await objects.apply(
        'twice',
        { spec: { holderIdentity: 'x' } },
        { manager: 'op', ...labels({ a: 'b' }) },
      );
      const again = await objects.apply(
        'twice',
        { spec: { holderIdentity: 'x' } },
        { manager: 'op', ...labels({ a: 'b' }) },
      );
      expect(versionOf(again)).toBe(versionOf(first));
    });

    test('by a second manager that states the same writes, because it owns it, too', async () => {
      const first = await objects.apply('shared', {}, { manager: 'one', ...labels({ a: 'b' }) });
      const second = await objects.apply('shared', {}, { manager: 'two', ...labels({ a: 'b' }) });
      expect(versionOf(second)).not.toBe(versionOf(first));
      const withoutOne = await objects.apply('shared', {}, { manager: 'one' });
      expect(withoutOne.metadata.labels).toEqual({ a: 'b' });
      const withoutBoth = await objects.apply('shared', {}, { manager: 'two' });
      expect(withoutBoth.metadata.labels).toBeUndefined();
    });

    test('removes what the manager stated before and states no more', async () => {
      await objects.apply('left', { spec: { holderIdentity: 'x', leaseTransitions: 1 } }, { manager: 'op' });
      const applied = await objects.apply('left', { spec: { leaseTransitions: 1 } }, { manager: 'op' });
      expect(applied.spec).toEqual({ leaseTransitions: 1 });
    });

    test('leaves alone what others own', async () => {
      await objects.create('theirs', { spec: { holderIdentity: 'x' } }, { annotations: { theirs: '1' } });
      const metadata = { annotations: { ours: '1' } };
      await objects.apply('theirs', {}, { manager: 'op', metadata });
      const applied = await objects.apply('theirs', {}, { manager: 'op' });
      expect(applied.metadata.annotations).toEqual({ theirs: '1' });
      expect(applied.spec).toEqual({ holderIdentity: 'x' });
    });

    test('of another value than an update’s is a conflict that names the field', async () => {
      await objects.create('contested', { spec: { holderIdentity: 'x' } });
      const call = (): Promise<Lease> =>
        objects.apply('contested', { spec: { holderIdentity: 'y' } }, { manager: 'op' });
      expect(await refusal(call())).toEqual(CONFLICT);
      expect(await refusedFields(call())).toEqual(['.spec.holderIdentity']);
      expect((await objects.get('contested')).spec).toEqual({ holderIdentity: 'x' });
    });

    test('of the same value as an update’s is none', async () => {
      await objects.create('agreed', { spec: { holderIdentity: 'x' } });
      await objects.apply('agreed', { spec: { holderIdentity: 'x' } }, { manager: 'op' });
      expect((await objects.apply('agreed', {}, { manager: 'op' })).spec).toEqual({ holderIdentity: 'x' });
    });

    test('of another value than another apply’s is a conflict', async () => {
      await objects.apply('two', {}, { manager: 'one', ...labels({ a: '1' }) });
      expect(await refusal(objects.apply('two', {}, { manager: 'two', ...labels({ a: '2' }) }))).toEqual(CONFLICT);
    });

    test('by force takes the field over', async () => {
      await objects.apply('forced', {}, { manager: 'one', ...labels({ a: '1', b: '1' }) });
      await objects.apply('forced', {}, { manager: 'two', force: true, ...labels({ a: '2' }) });
      const applied = await objects.apply('forced', {}, { manager: 'one' });
      expect(applied.metadata.labels).toEqual({ a: '2' });
    });

    test('is a conflict with an update by the same name', async () => {
      await objects.create('same-name', { spec: { holderIdentity: 'x' } }, {}, 'op');
      expect(await refusal(objects.apply('same-name', { spec: { holderIdentity: 'y' } }, { manager: 'op' }))).toEqual(
        CONFLICT,
      );
    });

    test('brings back what an update changed or removed', async () => {
      const lease = await objects.apply('repaired', {}, { manager: 'op', ...labels({ a: '1', b: '1' }) });
      const metadata = { ...lease.metadata, labels: { a: '2' } };
      await objects.replace('repaired', { ...lease, metadata });
      const repaired = await objects.apply(
        'repaired',
        {},
        { manager: 'op', force: true, ...labels({ a: '1', b: '1' }) },
      );
      expect(repaired.metadata.labels).toEqual({ a: '1', b: '1' });
    });

    test('without a field that an update changed meanwhile leaves it', async () => {
      const lease = await objects.apply('changed', {}, { manager: 'op', ...labels({ a: '1' }) });
      await objects.replace('changed', { ...lease, metadata: { ...lease.metadata, labels: { a: '2' } } });
      expect((await objects.apply('changed', {}, { manager: 'op' })).metadata.labels).toEqual({ a: '2' });
    });

    test('brings back a mark that an update removed, without a conflict', async () => {
      const metadata = { annotations: { mark: 'x' } };
      const lease = await objects.apply('mark', {}, { manager: 'op', metadata });
      await objects.replace('mark', { ...lease, metadata: { ...lease.metadata, annotations: {} } });
      expect((await objects.apply('mark', {}, { manager: 'op', metadata })).metadata.annotations).toEqual({
        mark: 'x',
      });
    });

    test('without kind is refused', async () => {
      const call = objects.apply('no-kind', { kind: undefined }, { manager: 'op' });
      expect(await refusal(call)).toMatchObject({ reason: 'Invalid' });
    });

    test('of a field that does not exist is refused for good', async () => {
      expect(await refusal(objects.apply('bogus', { spec: { bogus: 1 } }, { manager: 'op' }))).toEqual({
        reason: 'Invalid',
        status: 500,
      });
      expect(await refusal(slices.apply('bogus', { addressType: 'IPv4', bogus: 1 }, { manager: 'op' }))).toEqual({
        reason: 'Invalid',
        status: 500,
      });
    });

    test('of an invalid value is refused as in a create', async () => {
      const call = objects.apply('invalid', { spec: { leaseDurationSeconds: 0 } }, { manager: 'op' });
      expect(await refusal(call)).toEqual({ reason: 'Invalid', status: 422 });
    });
  });

  describe('an apply of owners', () => {
    const byUid = (lease: Lease): string[] => (lease.metadata.ownerReferences ?? []).map(({ uid }) => uid).sort();
    /** Of an object that exists: others would be collected. */
    const ownerUids = async (name: string): Promise<[string, string]> => {
      const maps = new Objects(environment, configMaps);
      const uids = [await maps.create(`${name}-1`), await maps.create(`${name}-2`)].map(({ metadata }) => metadata.uid);
      return [uids[0] ?? '', uids[1] ?? ''];
    };

    test('adds to those of others, and takes away its own alone', async () => {
      const [one, two] = await ownerUids('owners');
      await objects.create('owned', {}, { ownerReferences: [owner(one, { name: 'owners-1' })] });
      const metadata = { ownerReferences: [owner(two, { name: 'owners-2' })] };
      const both = await objects.apply('owned', {}, { manager: 'op', metadata });
      expect(byUid(both)).toEqual([one, two].sort());
      expect(byUid(await objects.apply('owned', {}, { manager: 'op' }))).toEqual([one]);
    });

    test('changes a part of one', async () => {
      const [one] = await ownerUids('part');
      const metadata = (controller: boolean): object => ({
        ownerReferences: [owner(one, { name: 'part-1', controller })],
      });
      await objects.apply('part', {}, { manager: 'op', metadata: metadata(true) });
      const applied = await objects.apply('part', {}, { manager: 'op', metadata: metadata(false) });
      expect(applied.metadata.ownerReferences).toEqual([owner(one, { name: 'part-1', controller: false })]);
    });
  });

  describe('an apply of an EndpointSlice', () => {
    const applied = { addressType: 'IPv4', ports: [{ name: 'rpc', port: 24000, protocol: 'TCP' }] };

    test('without endpoints leaves an agent’s endpoints and annotation alone, forced too', async () => {
      const slice = await slices.apply('agent', applied, { manager: 'op', metadata: { labels: { a: 'b' } } });
      expect(slice.endpoints).toBeNull();
      const metadata = { ...slice.metadata, annotations: { term: '1' } };
      await slices.replace('agent', { ...slice, metadata, endpoints: [ENDPOINT] }, 'agent');
      const again = await slices.apply('agent', applied, {
        manager: 'op',
        force: true,
        metadata: { labels: { a: 'c' } },
      });
      expect(again.endpoints).toEqual([ENDPOINT]);
      expect(again.metadata.annotations).toEqual({ term: '1' });
      expect(again.metadata.labels).toEqual({ a: 'c' });
    });

    test('with no endpoints in a list takes them away by force and leaves null', async () => {
      const slice = await slices.apply('wiped', applied, { manager: 'op' });
      await slices.replace('wiped', { ...slice, endpoints: [ENDPOINT] }, 'agent');
      const wiping = { ...applied, endpoints: [] };
      expect(await refusal(slices.apply('wiped', wiping, { manager: 'op' }))).toEqual(CONFLICT);
      expect((await slices.apply('wiped', wiping, { manager: 'op', force: true })).endpoints).toBeNull();
    });

    test('replaces ports and endpoints as a whole', async () => {
      const other = { ...ENDPOINT, addresses: ['10.1.2.4'] };
      await slices.apply('atomic', { ...applied, endpoints: [ENDPOINT] }, { manager: 'op' });
      const call = (force: boolean): Promise<EndpointSlice> =>
        slices.apply('atomic', { ...applied, endpoints: [other] }, { manager: 'two', force });
      expect(await refusal(call(false))).toEqual(CONFLICT);
      expect((await call(true)).endpoints).toEqual([other]);
    });

    test('without endpoints that it stated before takes them away', async () => {
      await slices.apply('dropped', { ...applied, endpoints: [ENDPOINT] }, { manager: 'op' });
      expect((await slices.apply('dropped', applied, { manager: 'op' })).endpoints).toBeNull();
    });
  });

  describe('an apply of a status', () => {
    const budgets = new Objects<KubernetesObject & { spec?: object; status?: object }>(
      environment,
      podDisruptionBudgets,
    );
    const spec = { maxUnavailable: 1, selector: { matchLabels: { nobody: 'x' } } };
    const status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
    const applyStatus = (name: string, body: object): Promise<KubernetesObject & { spec?: object; status?: object }> =>
      environment.client('op').apply(budgets.reference(name), budgets.body(name, body), {
        fieldManager: 'op',
        force: true,
        subresource: 'status',
      });

    test('writes the status and nothing else', async () => {
      await budgets.create('status-apply', { spec });
      const conditions = [
        { type: 'Test', status: 'True', reason: 'R', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ];
      const applied = await applyStatus('status-apply', {
        status: { ...status, conditions },
        spec: { maxUnavailable: 5 },
      });
      expect(applied.spec).toEqual(spec);
      expect(applied.status).toMatchObject({ conditions: expect.arrayContaining(conditions) as unknown });
      expect(applied.metadata.generation).toBe(1);
    });

    test('of what does not exist says so', async () => {
      expect(await refusal(applyStatus('status-nothing', { status }))).toEqual({ reason: 'NotFound', status: 404 });
    });
  });
}
