import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject, Lease } from '../../src/kube/kubernetes-object.ts';
import { isOlder } from '../../src/kube/resource-version.ts';
import { leases } from '../../src/kube/resource.ts';
import { Objects, refusal, type ConformanceEnvironment } from './environment.ts';
import { Watching } from './watching.ts';

const versionOf = ({ metadata }: KubernetesObject): string => metadata.resourceVersion ?? '';

/** What lists and watches show, and from when on. */
export function watchCases(environment: ConformanceEnvironment): void {
  const objects = new Objects<Lease>(environment, leases);
  const { namespace } = environment;
  const selecting = (selectors: object = {}): { resource: typeof leases; namespace: string } => ({
    resource: leases,
    namespace,
    ...selectors,
  });
  const list = (selectors: object = {}) => environment.client('reader').list<Lease>(selecting(selectors));
  const names = async (selectors: object): Promise<string[]> =>
    (await list(selectors)).items.map(({ metadata }) => metadata.name);
  const watching = async <R>(
    resourceVersion: string,
    selectors: object,
    use: (watch: Watching<Lease>) => Promise<R>,
  ): Promise<R> => {
    const watch = new Watching<Lease>(environment, selecting(selectors), resourceVersion);
    try {
      return await use(watch);
    } finally {
      await watch.stop();
    }
  };

  describe('a list', () => {
    test('is of a version that is none older than its objects, ordered by name, and names their kind', async () => {
      for (const name of ['list-c', 'list-a', 'list-b']) await objects.create(name, {}, { labels: { list: 'x' } });
      const { metadata, items } = await list({ labelSelector: 'list=x' });
      expect(items.map((item) => item.metadata.name)).toEqual(['list-a', 'list-b', 'list-c']);
      expect(items.some((item) => isOlder(metadata.resourceVersion, versionOf(item)))).toBe(false);
      expect(items[0]).toMatchObject({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' });
    });

    test('of a namespace without objects is empty and has a version', async () => {
      const selection = { resource: leases, namespace: `${namespace}-empty` };
      const { metadata, items } = await environment.client('reader').list(selection);
      expect(items).toEqual([]);
      expect(metadata.resourceVersion).toMatch(/^[1-9][0-9]*$/);
    });

    test('over all namespaces has those of each', async () => {
      await objects.create('everywhere');
      const { items } = await environment.client('reader').list<Lease>({ resource: leases });
      expect(items.filter(({ metadata }) => metadata.name === 'everywhere')).toHaveLength(1);
    });

    test.each([
      ['tier=front', ['select-1']],
      ['tier==front', ['select-1']],
      ['tier!=front', ['select-2', 'select-3']],
      ['tier', ['select-1', 'select-2']],
      ['!tier', ['select-3']],
      ['tier in (front,back)', ['select-1', 'select-2']],
      ['tier in (front, back),zone', ['select-2']],
      ['tier notin (front)', ['select-2', 'select-3']],
      ['tier=back,zone=a', ['select-2']],
      ['tier=', []],
    ])('with the label selector %s has what matches it', async (labelSelector, expected) => {
      const labelled: Record<string, object> = {
        'select-1': { tier: 'front' },
        'select-2': { tier: 'back', zone: 'a' },
        'select-3': {},
      };
      for (const [name, labels] of Object.entries(labelled)) {
        const metadata = { labels: { ...labels, group: 'select' } };
        await objects.create(name, {}, metadata).catch(() => undefined);
      }
      expect(await names({ labelSelector: `${labelSelector},group=select` })).toEqual(expected);
    });

    test('with a field selector has the object of that name', async () => {
      await objects.create('field-1');
      await objects.create('field-2');
      expect(await names({ fieldSelector: 'metadata.name=field-1' })).toEqual(['field-1']);
      expect(await names({ fieldSelector: 'metadata.name=field-1,metadata.namespace=elsewhere' })).toEqual([]);
    });

    test.each([{ labelSelector: 'a=b=c' }, { labelSelector: 'in (' }, { fieldSelector: 'spec.holderIdentity=x' }])(
      'with %j is refused',
      async (selectors) => {
        expect(await refusal(list(selectors))).toEqual({ reason: 'Invalid', status: 400 });
      },
    );
  });

  describe('a watch', () => {
    test('from a version shows what came after it, in order, each with its version', async () => {
      const first = await objects.create('from');
      const second = await objects.replace('from', { ...first, spec: { holderIdentity: 'x' } });
      await watching(versionOf(first), { fieldSelector: 'metadata.name=from' }, async (watch) => {
        const third = await objects.replace('from', { ...second, spec: { holderIdentity: 'y' } });
        await objects.delete('from');
        const events = await watch.take(3);
        expect(events.map(({ type }) => type)).toEqual(['MODIFIED', 'MODIFIED', 'DELETED']);
        expect(events.slice(0, 2).map(({ object }) => versionOf(object))).toEqual([second, third].map(versionOf));
        expect(events[0]?.object).toMatchObject({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' });
      });
    });

    test('shows of a deleted object its last state, with a later version', async () => {
      const lease = await objects.create('last', { spec: { holderIdentity: 'x' } });
      await watching(versionOf(lease), { fieldSelector: 'metadata.name=last' }, async (watch) => {
        await objects.delete('last');
        const [event] = await watch.take(1);
        expect(event).toMatchObject({ type: 'DELETED', object: { spec: { holderIdentity: 'x' } } });
        expect(event?.object.metadata.uid).toBe(lease.metadata.uid);
        expect(isOlder(versionOf(lease), event && versionOf(event.object))).toBe(true);
      });
    });

    test('shows a deleted and recreated object as two', async () => {
      const lease = await objects.create('reborn');
      await objects.delete('reborn');
      const successor = await objects.create('reborn');
      await watching(versionOf(lease), { fieldSelector: 'metadata.name=reborn' }, async (watch) => {
        const events = await watch.take(2);
        expect(events.map(({ type, object }) => [type, object.metadata.uid])).toEqual([
          ['DELETED', lease.metadata.uid],
          ['ADDED', successor.metadata.uid],
        ]);
      });
    });

    test('without a version begins with everything there is, as added', async () => {
      const labels = { begin: 'x' };
      await objects.create('begin-1', {}, { labels });
      await objects.create('begin-2', {}, { labels });
      await watching('', { labelSelector: 'begin=x' }, async (watch) => {
        expect((await watch.describe(2)).sort()).toEqual(['ADDED begin-1', 'ADDED begin-2']);
        await objects.create('begin-3', {}, { labels });
        expect(await watch.describe(1)).toEqual(['ADDED begin-3']);
      });
    });

    test('from the version of a list misses nothing and repeats nothing', async () => {
      const labels = { gapless: 'x' };
      await objects.create('gapless-1', {}, { labels });
      const { metadata } = await list({ labelSelector: 'gapless=x' });
      await objects.create('gapless-2', {}, { labels });
      await watching(metadata.resourceVersion ?? '', { labelSelector: 'gapless=x' }, async (watch) => {
        expect(await watch.describe(1)).toEqual(['ADDED gapless-2']);
      });
    });

    test('shows nothing of a write that changed nothing', async () => {
      const lease = await objects.create('unchanged', {}, { labels: { a: 'b' } });
      await objects.replace('unchanged', lease);
      await watching(versionOf(lease), { fieldSelector: 'metadata.name=unchanged' }, async (watch) => {
        await objects.delete('unchanged');
        expect(await watch.describe(1)).toEqual(['DELETED unchanged']);
      });
    });

    test('with selectors shows what enters them as added and what leaves them as deleted, as it was inside', async () => {
      const lease = await objects.create('moving');
      await watching(versionOf(lease), { labelSelector: 'inside=yes' }, async (watch) => {
        await objects.patch('moving', { metadata: { labels: { inside: 'yes' } } });
        await objects.patch('moving', { spec: { holderIdentity: 'x' } });
        const left = await objects.patch('moving', { metadata: { labels: { inside: 'no' } } });
        const events = await watch.take(3);
        expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
        expect(events[2]?.object.metadata.labels).toEqual({ inside: 'yes' });
        expect(versionOf(events[2]?.object ?? left)).toBe(versionOf(left));
      });
    });

    test('does not show what another field selector is about', async () => {
      const { metadata } = await list();
      await watching(metadata.resourceVersion ?? '', { fieldSelector: 'metadata.name=mine' }, async (watch) => {
        await objects.create('not-mine');
        await objects.create('mine');
        expect(await watch.describe(1)).toEqual(['ADDED mine']);
      });
    });

    test('from a version that is kept no longer fails as expired', async () => {
      const watch = new Watching<Lease>(environment, selecting(), '1');
      expect(await refusal(watch.take(1))).toEqual({ reason: 'Expired', status: 410 });
    });

    test('from a version that is no number fails', async () => {
      const watch = new Watching<Lease>(environment, selecting(), 'x');
      expect(await refusal(watch.take(1))).toEqual({ reason: 'ServerError', status: 500 });
    });

    test('ends without an error when it is aborted', async () => {
      await objects.create('aborted');
      await watching('', { fieldSelector: 'metadata.name=aborted' }, async (watch) => {
        expect(await watch.describe(1)).toEqual(['ADDED aborted']);
      });
    });
  });
}
