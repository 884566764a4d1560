/**
 * What stands as the holder in a pair's Lease: `<pod>/<pod uid>/<random>`. The random part is new with each claim, so that
 * nobody takes an earlier claim, of a container that was restarted or of a pod of the same name, for its own.
 */
export const claimIdentity = (pod: string, uid: string, random: string): string => `${pod}/${uid}/${random}`;

/** The pod that made a claim. */
export interface Claimant {
  readonly pod: string;
  readonly uid: string;
}

/** @returns nothing for an identity that no agent of ours would write */
export function parseClaim(identity: string): Claimant | undefined {
  const [pod, uid, random, ...rest] = identity.split('/');
  return pod && uid && random && rest.length === 0 ? { pod, uid } : undefined;
}

/** What to call a holder, whoever wrote it: its pod's name, if it is a claim; empty for nobody. */
export const podNamedIn = (identity: string): string => identity.split('/')[0] ?? '';
