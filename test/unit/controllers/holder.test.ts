import { describe, expect, test } from '@jest/globals';
import { holderOf } from '../../../src/controllers/holder.ts';
import { ownershipOf } from '../../../src/controllers/ownership.ts';
import { claimOf, identity, leaseOf, podOf } from './fixtures.ts';

describe('the holder of a Lease', () => {
  const pods = [podOf('a'), podOf('b')];
  const podNames = ['sales-statestore-a-0', 'sales-statestore-b-0'];

  test.each([
    ['nobody, without a Lease', undefined, 'nobody'],
    ['nobody, when it is released', leaseOf('', 3), 'nobody'],
    ['a member, by the uid of its pod', leaseOf(claimOf('b'), 3), 'member'],
    ['a departed pod whose successor has its name', leaseOf(claimOf('b', 'before'), 3), 'departed'],
    ['a stranger with a claim of another pod', leaseOf('sales-catalog-a-0/uid/random', 3), 'stranger'],
    ['a stranger who is no claimant at all', leaseOf('someone', 3), 'stranger'],
  ])('is %s', (_, lease, kind) => {
    expect(holderOf(lease, pods, podNames).kind).toBe(kind);
  });
});

describe('an object of one of our names', () => {
  const owner = { apiVersion: 'impala-operator.dev/v1alpha1', kind: 'ImpalaCluster', controller: true };
  const managed = { 'app.kubernetes.io/managed-by': 'impala-operator' };

  test.each([
    ['ours, when it is owned by this very cluster', managed, { ...owner, name: 'sales', uid: 'cluster-uid' }, 'ours'],
    [
      "a predecessor's, when its cluster of that name is gone",
      managed,
      { ...owner, name: 'sales', uid: 'x' },
      'predecessor',
    ],
    ["foreign, when another cluster's", managed, { ...owner, name: 'other', uid: 'x' }, 'foreign'],
    ['foreign, when another kind owns it', managed, { ...owner, kind: 'Sales', name: 'sales', uid: 'x' }, 'foreign'],
    ['foreign, when it is not managed by us', {}, { ...owner, name: 'sales', uid: 'cluster-uid' }, 'foreign'],
    [
      'foreign, when we own it without controlling it',
      managed,
      { ...owner, name: 'sales', uid: 'cluster-uid', controller: false },
      'foreign',
    ],
  ])('is %s', (_, objectLabels, reference, ownership) => {
    const object = { metadata: { name: 'x', labels: objectLabels, ownerReferences: [reference] } };
    expect(ownershipOf(object, identity)).toBe(ownership);
  });

  test('is foreign when nobody owns it', () => {
    expect(ownershipOf({ metadata: { name: 'x', labels: managed } }, identity)).toBe('foreign');
  });
});
