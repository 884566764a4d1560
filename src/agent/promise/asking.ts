/** When the active asks for promises, and whom, as pure functions (P15). */
import { MEMBERS, names, type PairComponent } from '../../api/names.ts';
import { readSignIn } from '../../daemons/sign-in.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import type { Claim } from '../../kube/election/claim.ts';
import type { ElectionRules } from '../../kube/election/election.ts';
import type { Roster, RosterMember } from '../../kube/election/roster.ts';
import type { Lease } from '../../kube/kubernetes-object.ts';
import type { PromisePeer } from './promise-message.ts';

type AskingRules = Pick<ElectionRules, 'renewDeadline' | 'retryPeriod' | 'retryDelay'>;
type AskingClaim = Pick<Claim, 'confirmedSentAt' | 'promisedAt'>;

/**
 * How long after the send of its last successful write an active relies on writes alone: a renewal and its retry fit, and
 * where renewals are rare, the time that the next one takes.
 */
export const patience = ({ renewDeadline, retryPeriod }: AskingRules): Milliseconds =>
  Math.max((renewDeadline * 2) / 3, retryPeriod + (renewDeadline - retryPeriod) / 3);

/** How long one member has to answer: two more tries fit before the deadline. */
export const askTimeout = ({ renewDeadline }: AskingRules): Milliseconds => renewDeadline / 8;

/** Whether the active lives on promises: they are newer than its last successful write. */
export const livesOnPromises = ({ confirmedSentAt = 0, promisedAt = Number.NEGATIVE_INFINITY }: AskingClaim): boolean =>
  promisedAt > confirmedSentAt;

/** Whether renewals fail, as far as can be told: nothing is begun that needs the API server. */
export const isOutage = (claim: AskingClaim, rules: AskingRules, now: Milliseconds): boolean =>
  now >= (claim.confirmedSentAt ?? Number.NEGATIVE_INFINITY) + patience(rules);

/**
 * When the next round of asking begins: before the deadline comes near, and from then on as often as the active would
 * renew, since each round extends its deadline as a renewal does. A round that failed is tried again after a pause.
 * @param lastRoundAt when the last round was begun, whatever came of it
 */
export function nextRoundAt(claim: AskingClaim, lastRoundAt: Milliseconds, rules: AskingRules): Milliseconds {
  const { confirmedSentAt = 0, promisedAt = 0 } = claim;
  const due = livesOnPromises(claim)
    ? promisedAt + Math.min(rules.retryPeriod, rules.renewDeadline / 2)
    : confirmedSentAt + patience(rules);
  return Math.max(due, lastRoundAt + rules.retryDelay);
}

/** Who is on the roster of the records that this pod writes: itself, and every other pod that has signed in (P14). */
export function rosterToWrite(
  lease: Lease | undefined,
  self: RosterMember,
  { cluster, component }: { readonly cluster: string; readonly component: PairComponent },
): Roster {
  const others = MEMBERS.flatMap((member) => {
    const uid = readSignIn(lease, member)?.uid;
    return uid === undefined || uid === self.uid ? [] : [{ pod: names.memberPod(cluster, component, member), uid }];
  });
  return [self, ...others];
}

/** No pair has more pods, alive and out of sight together. */
const PEERS_KEPT = 16;

/**
 * Where the members listen, by uid. A pod whose sign-in was overwritten may have to promise all the same, so what was
 * read before is kept.
 */
export function peersWith(
  peers: ReadonlyMap<string, PromisePeer>,
  lease: Lease | undefined,
  { cluster, component }: { readonly cluster: string; readonly component: PairComponent },
): ReadonlyMap<string, PromisePeer> {
  const news = MEMBERS.flatMap((member) => {
    const { uid, address } = readSignIn(lease, member) ?? {};
    if (uid === undefined || address === undefined || peers.get(uid)?.address === address) return [];
    return [[uid, { pod: names.memberPod(cluster, component, member), uid, address }] as const];
  });
  return news.length === 0 ? peers : new Map([...[...peers].slice(-PEERS_KEPT), ...news]);
}
