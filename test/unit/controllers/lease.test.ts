import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import { historyOf, leaseMetadata, newLease } from '../../../src/controllers/build/lease.ts';
import type { LeaseTraces } from '../../../src/controllers/build/lease.ts';
import { identity } from './fixtures.ts';

const nothing: LeaseTraces = { membersExist: false, statusTerm: undefined, sliceTerm: undefined };

describe('a Lease that is made', () => {
  test.each<[string, LeaseTraces, object]>([
    ['the first, when nothing tells of an earlier one', nothing, { kind: 'first' }],
    ['the first, when the slice has never had a holder', { ...nothing, sliceTerm: 0 }, { kind: 'first' }],
    ['remade, when a pod or StatefulSet exists', { ...nothing, membersExist: true }, { kind: 'remade', term: 0 }],
    ['remade, when the status knows a term', { ...nothing, statusTerm: 3 }, { kind: 'remade', term: 3 }],
    ['remade, when the slice knows a term', { ...nothing, sliceTerm: 4 }, { kind: 'remade', term: 4 }],
    ['remade from the highest term', { membersExist: true, statusTerm: 7, sliceTerm: 4 }, { kind: 'remade', term: 7 }],
  ])('is %s', (_, traces, history) => {
    expect(historyOf(traces)).toEqual(history);
  });

  test('may be claimed at once when it is the first', () => {
    const lease = newLease(identity, 'statestore', 9, { kind: 'first' });
    expect(lease.spec).toEqual({ holderIdentity: '', leaseDurationSeconds: 9, leaseTransitions: 0 });
    expect(lease.metadata.annotations?.[annotations.released]).toBe('0');
  });

  test('has to be waited out when it is remade, and its numbers go on', () => {
    const lease = newLease(identity, 'catalog', 15, { kind: 'remade', term: 7 });
    expect(lease.spec).toEqual({ holderIdentity: '', leaseDurationSeconds: 15, leaseTransitions: 7 });
    expect(lease.metadata.annotations).not.toHaveProperty([annotations.released]);
  });

  test('is afterwards applied without spec and without the mark of release', () => {
    const { body } = leaseMetadata(identity, 'statestore');
    expect(body).not.toHaveProperty('spec');
    expect(Object.keys(body.metadata.annotations ?? {})).toEqual([annotations.applied]);
  });
});
