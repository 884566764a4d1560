import type { Milliseconds } from '../../kube/clock.ts';
import { isSignedBy } from './certificate.ts';
import type { Certificate, KeyPair } from './certificate.ts';

const MINUTE: Milliseconds = 60_000;
const DAY: Milliseconds = 24 * 60 * MINUTE;

export const AUTHORITY_LIFE: Milliseconds = 3_650 * DAY;
export const CERTIFICATE_LIFE: Milliseconds = 90 * DAY;

/**
 * By when both pods of a pair have what was written into their Secret: a kubelet looks about once a minute, from a cache
 * that may be another minute old, and the agent looks at the files every few seconds.
 */
export const SETTLING: Milliseconds = 10 * MINUTE;

/** What is in the Secret of a pair's keys, as far as it can be used. */
export interface StoredKeys {
  readonly pair: KeyPair | undefined;
  /** The authorities that the pair trusts. */
  readonly trusted: readonly Certificate[];
  /** When it was written last (wall clock), as it says itself. */
  readonly changed: Milliseconds | undefined;
}

/** What to do about an authority: pure. */
export type AuthorityDecision =
  | { readonly kind: 'keep'; readonly until: Milliseconds; readonly authority: KeyPair }
  | { readonly kind: 'make'; readonly because: string };

/**
 * What to do about a pair's keys: pure.
 * - `keep`: nothing, before that moment.
 * - `issue`: a new certificate, and trust in these authorities.
 * - `trust`: the certificate stays; the pair is to trust these authorities.
 */
export type KeysDecision =
  | { readonly kind: 'keep'; readonly until: Milliseconds }
  | { readonly kind: 'issue'; readonly because: string; readonly trust: readonly Certificate[] }
  | {
      readonly kind: 'trust';
      readonly because: string;
      readonly trust: readonly Certificate[];
      readonly keys: KeyPair;
    };

/** When a certificate is to be replaced: when a third of its life is left. */
const dueAt = ({ notBefore, notAfter }: Certificate): Milliseconds => notAfter - (notAfter - notBefore) / 3;

/** Whether a cluster's authority is to be made, or made anew. */
export function decideAuthority(authority: KeyPair | undefined, now: Milliseconds): AuthorityDecision {
  if (authority === undefined) return { kind: 'make', because: 'there is none that can be used' };
  const { certificate } = authority;
  if (!certificate.isAuthority) return { kind: 'make', because: 'it is no authority' };
  // One that a wrong clock has made would not be believed by anybody.
  if (now < certificate.notBefore) return { kind: 'make', because: 'it is not valid yet' };
  const due = dueAt(certificate);
  return now < due ? { kind: 'keep', until: due, authority } : { kind: 'make', because: 'a third of its life is left' };
}

/**
 * Which of a pair's keys are to be made anew now. A new authority comes in three steps, so that two pods that read the
 * Secret at different moments understand each other at any time: both trust it; then their certificate is signed by it;
 * then nobody trusts the old one any longer.
 * @param name what the certificate has to be made out to
 */
export function decideKeys(stored: StoredKeys, authority: Certificate, name: string, now: Milliseconds): KeysDecision {
  const alive = stored.trusted.filter((trusted) => now < trusted.notAfter && trusted.isAuthority);
  const trust = [authority, ...alive.filter(({ fingerprint }) => fingerprint !== authority.fingerprint)];
  const keys = stored.pair;
  if (keys === undefined) return { kind: 'issue', because: 'there is none that can be used', trust };
  const { certificate } = keys;
  const flaw = flawOf(certificate, alive, name, now);
  if (flaw !== undefined) return { kind: 'issue', because: flaw, trust };

  if (!alive.some(({ fingerprint }) => fingerprint === authority.fingerprint)) {
    return { kind: 'trust', because: 'there is a new authority', trust, keys };
  }
  if (stored.changed === undefined || stored.changed > now) {
    return { kind: 'trust', because: 'it does not say since when it is so', trust, keys };
  }
  const settled = stored.changed + SETTLING;
  const due = dueAt(certificate);
  if (!isSignedBy(certificate, authority)) {
    if (now < settled) return { kind: 'keep', until: settled };
    return { kind: 'issue', because: 'its authority is the old one', trust };
  }
  if (now >= due) return { kind: 'issue', because: 'a third of its life is left', trust };
  if (stored.trusted.length === 1) return { kind: 'keep', until: due };
  if (now < settled) return { kind: 'keep', until: Math.min(settled, due) };
  return { kind: 'trust', because: 'nothing is signed by the old authority any longer', trust: [authority], keys };
}

/** Why the pair cannot do with the certificate that it has. */
function flawOf(
  certificate: Certificate,
  alive: readonly Certificate[],
  name: string,
  now: Milliseconds,
): string | undefined {
  if (certificate.names !== `DNS:${name}`) return 'it is made out to somebody else';
  if (now < certificate.notBefore) return 'it is not valid yet';
  if (now >= certificate.notAfter) return 'it has expired';
  if (!alive.some((authority) => isSignedBy(certificate, authority))) return 'no authority of its own has signed it';
  return undefined;
}
