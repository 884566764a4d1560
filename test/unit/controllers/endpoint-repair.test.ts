import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import { endpointOf, judgeSlice, sliceTermOf } from '../../../src/controllers/endpoint-repair.ts';
import type { SliceVerdict } from '../../../src/controllers/endpoint-repair.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import { claimOf, leaseOf, podOf, sliceOf } from './fixtures.ts';

const PODS = [podOf('a'), podOf('b')];
const NAMES = ['sales-statestore-a-0', 'sales-statestore-b-0'];
const CLAIM = claimOf('a');
const right = sliceOf('10.1.0.1', 5, CLAIM);

const judge = (lease: Lease | undefined, slice: EndpointSlice): SliceVerdict => judgeSlice(lease, slice, PODS, NAMES);

describe('the slice of a pair', () => {
  test.each<[string, Lease | undefined, EndpointSlice]>([
    ['it names the holder', leaseOf(CLAIM, 5), right],
    ['there is no Lease', undefined, sliceOf('10.9.9.9', 5)],
    ['nobody holds the Lease', leaseOf('', 5), sliceOf('10.9.9.9', 3)],
    ['a stranger holds the Lease', leaseOf('someone', 5), sliceOf('10.9.9.9', 3)],
    [
      "the holder's pod is gone and another has its name",
      leaseOf(claimOf('a', 'pod-before'), 5),
      sliceOf('10.9.9.9', 3),
    ],
  ])('stays as it is when %s', (_, lease, slice) => {
    expect(judge(lease, slice)).toEqual({ kind: 'right' });
  });

  test('stays as it is while the holder has no address yet', () => {
    const pod = { ...podOf('a'), status: {} };
    expect(judgeSlice(leaseOf(CLAIM, 5), sliceOf(undefined), [pod], NAMES)).toEqual({ kind: 'right' });
  });

  test.each<[string, EndpointSlice, string]>([
    ['leads elsewhere', sliceOf('10.9.9.9', 5, CLAIM), 'endpoints 10.9.9.9 instead of 10.1.0.1'],
    ['leads nowhere', sliceOf(undefined, 5, CLAIM), 'endpoints none instead of 10.1.0.1'],
    ['has an older term', sliceOf('10.1.0.1', 4, CLAIM), 'term 4 instead of 5'],
    ['has no term', sliceOf('10.1.0.1', undefined, CLAIM), 'term none instead of 5'],
    ['is of another claim', sliceOf('10.1.0.1', 5, claimOf('b')), 'another claim'],
    [
      'has a second address',
      { ...right, endpoints: [...(right.endpoints ?? []), { addresses: ['10.1.0.2'] }] },
      'endpoints 10.1.0.1+10.1.0.2 instead of 10.1.0.1',
    ],
    [
      'has its only endpoint marked as not ready',
      { ...right, endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: false } }] },
      'endpoints 10.1.0.1 instead of 10.1.0.1',
    ],
  ])('is to be repaired when it %s', (_, slice, difference) => {
    const verdict = judge(leaseOf(CLAIM, 5), slice);
    expect(verdict).toMatchObject({ kind: 'behind', difference });
    if (verdict.kind !== 'behind') throw new Error('unreachable');
    expect(verdict.wanted.endpoints).toEqual([endpointOf(podOf('a'))]);
    expect(verdict.wanted.metadata.annotations).toMatchObject({
      [annotations.term]: '5',
      [annotations.claim]: CLAIM,
    });
    expect(judge(leaseOf(CLAIM, 5), verdict.wanted)).toEqual({ kind: 'right' });
  });

  test("is never set back to a Lease's older term", () => {
    expect(judge(leaseOf(CLAIM, 5), sliceOf('10.9.9.9', 6))).toEqual({ kind: 'ahead', sliceTerm: 6 });
  });

  test.each([
    ['12', 12],
    ['0', 0],
    ['-1', undefined],
    ['7.5', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('with the term %j has term %p', (text, term) => {
    const slice = sliceOf(undefined);
    slice.metadata.annotations = { [annotations.term]: text };
    expect(sliceTermOf(slice)).toBe(term);
  });
});
