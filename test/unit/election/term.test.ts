import { describe, expect, test } from '@jest/globals';
import { newClaim } from '../../../src/kube/election/claim.ts';
import { HIGHEST_TERM, termIn, termOf } from '../../../src/kube/election/term.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';

const leaseIn = (term: number | undefined): Lease => ({
  metadata: { name: 'lease' },
  spec: { ...(term !== undefined && { leaseTransitions: term }) },
});

describe('a term that a Lease says', () => {
  test.each([
    ['none', undefined, 0],
    ['any', 7, 7],
    ['the highest one', HIGHEST_TERM, HIGHEST_TERM],
    ['a higher one', HIGHEST_TERM + 1, 0],
    ['the highest that the API server takes', 2 ** 31 - 1, 0],
  ])('%s', (_, term, believed) => {
    expect(termOf(leaseIn(term))).toBe(believed);
  });

  test('is followed by one that the API server takes, whatever was typed into it', () => {
    expect(newClaim(5, leaseIn(2 ** 31 - 1), 'mine').term).toBe(6);
    expect(newClaim(HIGHEST_TERM, leaseIn(HIGHEST_TERM), 'mine').term).toBeLessThan(2 ** 31);
  });
});

describe('a term that an annotation says', () => {
  test.each([
    ['none', undefined, undefined],
    ['a number', '7', 7],
    ['the highest one', String(HIGHEST_TERM), HIGHEST_TERM],
    ['a higher one', '9999999999', undefined],
    ['no number', 'x', undefined],
    ['one without end', 'Infinity', undefined],
    ['a fraction', '1.5', undefined],
    ['one below zero', '-1', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, text, believed) => {
    expect(termIn(text)).toBe(believed);
  });
});
