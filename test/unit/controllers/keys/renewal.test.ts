import { beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyPair } from '../../../../src/controllers/keys/certificate.ts';
import { issueCertificate, makeAuthority } from '../../../../src/controllers/keys/issue-certificate.ts';
import {
  AUTHORITY_LIFE,
  CERTIFICATE_LIFE,
  decideAuthority,
  decideKeys,
  SETTLING,
} from '../../../../src/controllers/keys/renewal.ts';
import type { StoredKeys } from '../../../../src/controllers/keys/renewal.ts';

const NAME = 'sales-catalog.shop';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** When authorities and certificates are made, unless it is said otherwise. */
const T = Date.parse('2026-01-01T00:00:00Z');
const LONG_AGO = T - 100 * DAY;

let authority: KeyPair;
let old: KeyPair;
let stranger: KeyPair;
let keys: KeyPair;
let keysOfOld: KeyPair;
let keysOfStranger: KeyPair;
let keysOfAnotherPair: KeyPair;
let keysSignedByKeys: KeyPair;

beforeAll(async () => {
  [authority, old, stranger] = await Promise.all([makeAuthority(T), makeAuthority(LONG_AGO), makeAuthority(T)]);
  [keys, keysOfOld, keysOfStranger, keysOfAnotherPair] = await Promise.all([
    issueCertificate(authority, NAME, T),
    issueCertificate(old, NAME, T),
    issueCertificate(stranger, NAME, T),
    issueCertificate(authority, 'sales-statestore.shop', T),
  ]);
  keysSignedByKeys = await issueCertificate(keys, NAME, T);
});

describe('the authority of a cluster', () => {
  const due = T - HOUR + (AUTHORITY_LIFE * 2) / 3;
  const CASES: [string, () => KeyPair | undefined, number, 'keep' | 'make'][] = [
    ['is made when there is none', () => undefined, T, 'make'],
    ['is kept when it is new', () => authority, T, 'keep'],
    ['is kept until a third of its life is left', () => authority, due - 1, 'keep'],
    ['is made anew then', () => authority, due, 'make'],
    ['is made anew when it has expired', () => authority, T + AUTHORITY_LIFE, 'make'],
    ['is made anew when it may not sign', () => keys, T, 'make'],
    ['is made anew when a wrong clock has made it', () => authority, T - 2 * HOUR, 'make'],
  ];
  test.each(CASES)('%s', (_, given, now, kind) => {
    expect(decideAuthority(given(), now)).toMatchObject({ kind, ...(kind === 'keep' && { until: due }) });
  });
});

describe('the keys of a pair', () => {
  /** Written long ago, by the authority that there is. */
  const good = (): StoredKeys => ({ pair: keys, trusted: [authority.certificate], changed: T });
  const decide = (change: Partial<StoredKeys>, now: number) =>
    decideKeys({ ...good(), ...change }, authority.certificate, NAME, now);
  const due = T - HOUR + (CERTIFICATE_LIFE * 2) / 3;
  const settled = T + SETTLING;

  const CASES: [string, () => Partial<StoredKeys>, number, object][] = [
    ['are made when there are none', () => ({ pair: undefined, trusted: [] }), T, { kind: 'issue' }],
    ['are kept when they are good', () => ({}), T + DAY, { kind: 'keep', until: due }],
    ['are kept until a third of their life is left', () => ({}), due - 1, { kind: 'keep', until: due }],
    ['are made anew then', () => ({}), due, { kind: 'issue' }],
    ['are made anew when they have expired', () => ({}), T + CERTIFICATE_LIFE, { kind: 'issue' }],
    ['are made anew when they are another pair’s', () => ({ pair: keysOfAnotherPair }), T + DAY, { kind: 'issue' }],
    ['are made anew when a stranger has signed them', () => ({ pair: keysOfStranger }), T + DAY, { kind: 'issue' }],
    ['are made anew when no authority has signed them', () => ({ pair: keysSignedByKeys }), T + DAY, { kind: 'issue' }],
    [
      'are made anew when who has signed them is trusted, but no authority',
      () => ({ pair: keysSignedByKeys, trusted: [authority.certificate, keys.certificate] }),
      T + DAY,
      { kind: 'issue' },
    ],
    ['are made anew when they trust nobody', () => ({ trusted: [] }), T + DAY, { kind: 'issue' }],
    ['are made anew when a wrong clock has made them', () => ({}), T - 2 * HOUR, { kind: 'issue' }],
    [
      'say since when they are as they are, if they did not',
      () => ({ changed: undefined }),
      T + DAY,
      { kind: 'trust', because: 'it does not say since when it is so' },
    ],
    [
      'are not believed to be of the future',
      () => ({ changed: T + 2 * DAY }),
      T + DAY,
      { kind: 'trust', because: 'it does not say since when it is so' },
    ],
  ];
  test.each(CASES)('%s', (_, change, now, expected) => {
    expect(decide(change(), now)).toMatchObject(expected);
  });

  describe('under a new authority', () => {
    const trustingOld = (): Partial<StoredKeys> => ({ pair: keysOfOld, trusted: [old.certificate] });
    const trustingBoth = (pair: KeyPair): Partial<StoredKeys> => ({
      pair,
      trusted: [authority.certificate, old.certificate],
    });
    const fingerprints = (...pairs: KeyPair[]) => pairs.map(({ certificate }) => certificate.fingerprint);
    const trustOf = (decision: ReturnType<typeof decide>) =>
      decision.kind === 'keep' ? [] : decision.trust.map(({ fingerprint }) => fingerprint);

    test('stay, and trust it besides the old one', () => {
      const decision = decide(trustingOld(), T + DAY);
      expect(decision).toMatchObject({ kind: 'trust', keys: keysOfOld });
      expect(trustOf(decision)).toEqual(fingerprints(authority, old));
    });

    test('stay until both pods trust it', () => {
      expect(decide(trustingBoth(keysOfOld), settled - 1)).toEqual({ kind: 'keep', until: settled });
    });

    test('are then signed by it, and trust the old one still', () => {
      const decision = decide(trustingBoth(keysOfOld), settled);
      expect(decision.kind).toBe('issue');
      expect(trustOf(decision)).toEqual(fingerprints(authority, old));
    });

    test('trust the old one until both pods have the new ones', () => {
      expect(decide(trustingBoth(keys), settled - 1)).toEqual({ kind: 'keep', until: settled });
    });

    test('no longer trust the old one then', () => {
      const decision = decide(trustingBoth(keys), settled);
      expect(decision).toMatchObject({ kind: 'trust', keys });
      expect(trustOf(decision)).toEqual(fingerprints(authority));
    });

    test('that are missing are signed by it at once, and trust whom they trusted', () => {
      const decision = decide({ ...trustingOld(), pair: undefined }, T + DAY);
      expect(decision.kind).toBe('issue');
      expect(trustOf(decision)).toEqual(fingerprints(authority, old));
    });

    test('do not trust one that has expired', () => {
      const decision = decide(trustingOld(), T + AUTHORITY_LIFE - 50 * DAY);
      expect(decision.kind).toBe('issue');
      expect(trustOf(decision)).toEqual(fingerprints(authority));
    });
  });
});
