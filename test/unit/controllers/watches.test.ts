import { describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/names.ts';
import { impalaClusters } from '../../../src/api/impala-clusters.ts';
import { requeueAfter } from '../../../src/controllers/requeue.ts';
import { isNews, keysOf } from '../../../src/controllers/watches.ts';
import { endpointSlices, leases, pods } from '../../../src/kube/resource.ts';
import { leaseOf } from './fixtures.ts';

describe('the clusters that an object concerns', () => {
  const named = (name: string, objectLabels: Record<string, string> = {}) => ({
    metadata: { name, namespace: 'shop', labels: objectLabels },
  });

  test.each([
    ['a cluster itself', impalaClusters, named('sales'), ['shop/sales']],
    ['by label', pods, named('sales-catalog-a-0', { [labels.cluster]: 'sales' }), ['shop/sales']],
    [
      'a foreign slice, by the Service it speaks for',
      endpointSlices,
      named('evil', { 'kubernetes.io/service-name': 'sales-statestore' }),
      ['shop/sales'],
    ],
    [
      'no cluster, for the slice of any other Service',
      endpointSlices,
      named('x', { 'kubernetes.io/service-name': 'shop' }),
      [],
    ],
    ['no cluster, without labels', pods, named('x'), []],
  ])('%s', (_, resource, object, keys) => {
    expect(keysOf(resource, object)).toEqual(keys);
  });
});

describe('a change', () => {
  const lease = leaseOf('pod/uid/random', 3, { note: 'a' });
  const versioned = (object: typeof lease, resourceVersion: string, change: Partial<typeof lease.spec> = {}) => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion },
    spec: { ...object.spec, ...change },
  });

  test('of the renewal of a Lease alone is no news', () => {
    expect(isNews(leases, versioned(lease, '1', { renewTime: 'x' }), versioned(lease, '2', { renewTime: 'y' }))).toBe(
      false,
    );
  });

  test.each([
    ['holder', { holderIdentity: '' }],
    ['term', { leaseTransitions: 4 }],
  ])("of a Lease's %s is news", (_, change) => {
    expect(isNews(leases, versioned(lease, '1'), versioned(lease, '2', change))).toBe(true);
  });

  test('of a sign-in is news', () => {
    expect(isNews(leases, lease, leaseOf('pod/uid/random', 3, { note: 'b' }))).toBe(true);
  });

  test('that makes or deletes an object is news', () => {
    expect(isNews(leases, undefined, lease)).toBe(true);
    expect(isNews(leases, lease, undefined)).toBe(true);
  });

  test("of a cluster's status is news: an earlier one may have landed late", () => {
    const cluster = (status: object) => ({ metadata: { name: 'sales', generation: 1 }, status });
    expect(isNews(impalaClusters, cluster({ version: '4.5.0' }), cluster({}))).toBe(true);
  });

  test('of any other object is news', () => {
    expect(isNews(pods, { metadata: { name: 'p' } }, { metadata: { name: 'p' } })).toBe(true);
  });
});

describe('a cluster is looked at again', () => {
  const foreign = { reason: 'ObjectForeign', message: '' } as const;
  const invalid = { reason: 'InvalidSpec', message: '' } as const;

  test.each([
    ['only when something changes, as a rule', { awaited: [], problems: [] }, [], {}],
    ['only when something changes, for an invalid spec', { awaited: [], problems: [invalid] }, [], {}],
    ['when a slice is due for repair', { awaited: [], problems: [] }, [1500, 300], { requeueAfter: 300 }],
    [
      'soon, while it waits for the garbage collector',
      { awaited: ['Lease x'], problems: [] },
      [],
      { requeueAfter: 1000 },
    ],
    ['from time to time, for what no watch shows', { awaited: [], problems: [foreign] }, [], { requeueAfter: 30_000 }],
  ])('%s', (_, visit, repairs, result) => {
    expect(requeueAfter(visit, repairs)).toEqual(result);
  });
});
