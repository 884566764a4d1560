/** The rules of roster, promises and gone (P14 to P17), broken on purpose. */
import type { Claim } from '../../src/kube/election/claim.ts';
import * as election from '../../src/kube/election/election.ts';
import { nextAction } from '../../src/kube/election/next-action.ts';
import * as outage from '../../src/kube/election/outage.ts';
import { annotations } from '../../src/api/names.ts';
import type { Lease } from '../../src/kube/kubernetes-object.ts';
import type { Roster } from '../../src/kube/election/roster.ts';
import type { Mutation } from './mutations.ts';
import { product, type Protocol } from './protocol.ts';
import type { World } from './world.ts';

type State = election.ElectionState;
type Rules = election.ElectionRules;

const mutation = (name: string, world: Mutation['world'], change: Partial<Protocol>): Mutation => ({
  name,
  world: { durations: { a: [4, 3], b: [4, 3] }, maxOutage: [6, 6, 6], signIns: true, ...world },
  protocol: { ...product, ...change },
});

/** Takes a round for one in which everybody has promised, when these have. */
const sufficient =
  (suffices: (promised: readonly string[], state: State, rules: Rules) => boolean): Protocol['promised'] =>
  (state, round, rules, now) => {
    const everybody = outage.electorate(state, rules).map(({ uid }) => uid);
    const promised = suffices(round.promised, state, rules) ? everybody : [];
    return outage.promised(state, { ...round, promised }, rules, now);
  };

/** Everybody else on a roster has promised. */
const allOf = (promised: readonly string[], roster: Roster, rules: Rules): boolean =>
  roster.every(({ uid }) => uid === rules.outage?.self.uid || promised.includes(uid));

function claimsOf({ standing }: State) {
  const present = standing.kind === 'holder' || standing.kind === 'reclaiming' ? standing.claim : undefined;
  return { present, next: standing.kind === 'reclaiming' ? standing.next : undefined };
}

const goneRules = (rules: Rules): Rules =>
  rules.outage ? { ...rules, outage: { ...rules.outage, isHolderGone: () => true } } : rules;

function withoutOutage<L extends Lease | undefined>(lease: L): L {
  if (lease === undefined) return lease;
  const { [annotations.maxOutageSeconds]: _, ...rest } = lease.metadata.annotations ?? {};
  return { ...lease, metadata: { ...lease.metadata, annotations: rest } };
}

const ownOutage = (state: State): State => {
  const { observation } = state;
  if (observation === undefined) return state;
  const { lease, before } = observation;
  return { ...state, observation: { ...observation, lease: withoutOutage(lease), before: withoutOutage(before) } };
};

/** Whatever the deadline: as if it had not passed. */
const revived: Protocol['promised'] = (state, round, rules) =>
  outage.promised(state, round, rules, Number.NEGATIVE_INFINITY);

/** As a challenger, whatever it has sent. */
const promisedWhileClaiming: Protocol['askedToPromise'] = (state, records, duration, rules, now) => {
  if (state.standing.kind !== 'claiming') return outage.askedToPromise(state, records, duration, rules, now);
  const asked = outage.askedToPromise({ ...state, standing: { kind: 'challenger' } }, records, duration, rules, now);
  return { ...asked, state: { ...asked.state, standing: state.standing } };
};

/** As if it had seen what it is asked for. */
const promisedUnseen: Protocol['askedToPromise'] = (state, [record], duration, rules, now) => {
  const { observation } = state;
  if (record === undefined) return { state, answer: 'unseen' };
  const seen = {
    ...state,
    lastHeld: record,
    observation: observation ?? {
      lease: undefined,
      unchangedSince: now,
      lastHeard: now,
      before: undefined,
      keptUntil: now,
    },
  };
  const lease = seen.observation.lease && {
    ...seen.observation.lease,
    spec: { ...seen.observation.lease.spec, holderIdentity: record.holder },
  };
  const asked = outage.askedToPromise(
    { ...seen, observation: { ...seen.observation, lease } },
    [record],
    duration,
    rules,
    now,
  );
  return { ...asked, state: { ...state, promisedUntil: asked.state.promisedUntil } };
};

type Answered = { readonly answeredAt?: number };

/** Notes with the claim when its newest write was answered. */
function answered(before: State, state: State, now: number): State {
  const { standing } = state;
  const sentBefore = claimsOf(before).present?.confirmedSentAt;
  if (standing.kind !== 'holder' || standing.claim.confirmedSentAt === sentBefore) return state;
  const claim: typeof standing.claim & Answered = { ...standing.claim, answeredAt: now };
  return { ...state, standing: { ...standing, claim } };
}

/** The rules with so much more of an outage as the answer came after the send. */
function fromAnswer(state: State, rules: Rules): Rules {
  const claim: (Claim & Answered) | undefined = claimsOf(state).present;
  const late = claim?.answeredAt === undefined ? 0 : claim.answeredAt - (claim.confirmedSentAt ?? claim.answeredAt);
  return rules.outage ? { ...rules, outage: { ...rules.outage, maxOutage: rules.outage.maxOutage + late } } : rules;
}

/** While the claim of a Lease made anew is unconfirmed, its own roster is enough. */
const promisedByNext: Protocol['promised'] = sufficient((promised, state, rules) => {
  const { next } = claimsOf(state);
  if (next) return allOf(promised, next.sends.at(-1)?.roster ?? [], rules);
  return outage.electorate(state, rules).every(({ uid }) => promised.includes(uid));
});

const claimedAfterOneDuration: Protocol['nextAction'] = (state, desire, rules, now) =>
  nextAction(state, desire, goneRules(rules), now);

export const outageMutations: readonly Mutation[] = [
  mutation(
    'one promise suffices',
    { faults: { ask: 1 }, watch: 'now', begins: 'changing', replaces: 'b', cutOff: [0] },
    {
      promised: sufficient((promised) => promised.length > 0),
    },
  ),
  mutation(
    'while a write is unconfirmed, the promises of its roster suffice',
    { faults: { ask: 1 }, watch: 'now', begins: 'changing', replaces: 'b', cutOff: [0, 2] },
    {
      promised: sufficient((promised, state, rules) => {
        const { present, next } = claimsOf(state);
        return allOf(promised, (next ?? present)?.sends.at(-1)?.roster ?? [], rules);
      }),
    },
  ),
  mutation(
    'while a write is unconfirmed, the promises of the roster before it suffice',
    { faults: { ask: 1 }, watch: 'now', begins: 'changing', replaces: 'b', cutOff: [0, 1] },
    { promised: sufficient((promised, state, rules) => allOf(promised, claimsOf(state).present?.roster ?? [], rules)) },
  ),
  mutation(
    'while the claim of a Lease made anew is unconfirmed, the promises of the roster before it suffice',
    { faults: { ask: 1 }, watch: 'now', begins: 'reclaiming', replaces: 'b', cutOff: [0, 1] },
    {
      promised: sufficient((promised, state, rules) => {
        const { present, next } = claimsOf(state);
        if (next) return allOf(promised, present?.roster ?? [], rules);
        return outage.electorate(state, rules).every(({ uid }) => promised.includes(uid));
      }),
    },
  ),
  mutation(
    'a Lease made anew has a roster of those who have signed in',
    { faults: { ask: 1 }, watch: 'now', begins: 'remade', replaces: 'b', cutOff: [0, 1] },
    {
      rosterOfRemade: ({ pods }: World) =>
        pods.filter(({ exists }) => exists).map(({ member, uid }) => ({ pod: member, uid })),
    },
  ),
  mutation(
    'a promise lasts as long as the one who makes it is configured',
    { faults: { ask: 1 }, durations: { a: [5, 4], b: [3, 2] } },
    {
      askedToPromise: (state, records, duration, rules, now) => {
        const asked = outage.askedToPromise(state, records, duration, rules, now);
        if (asked.answer !== 'promised') return asked;
        return { ...asked, state: { ...asked.state, promisedUntil: now + rules.leaseDuration } };
      },
    },
  ),
  mutation(
    'promises are not kept',
    { faults: { ask: 1 } },
    { askedToPromise: (state, ...rest) => ({ ...outage.askedToPromise(state, ...rest), state }) },
  ),
  mutation(
    'a replacement claims after one lease duration',
    { faults: { ask: 1 }, watch: 'now', begins: 'signed in', replaces: 'b', cutOff: [0, 1] },
    { nextAction: claimedAfterOneDuration },
  ),
  mutation(
    'a replacement claims after the longest outage of its own configuration',
    { faults: { ask: 2 }, watch: 'now', begins: 'signed in', replaces: 'b', maxOutage: [6, 6, 1], cutOff: [0, 1] },
    { nextAction: (state, desire, rules, now) => nextAction(ownOutage(state), desire, rules, now) },
  ),
  mutation(
    'a holder is said to be gone when another member is dead',
    { faults: { ask: 1, lost: 1 }, watch: 'now', begins: 'signed in', replaces: 'b', cutOff: [0, 1] },
    { isDead: (_, { pods }) => pods.some(({ lost }) => lost) },
  ),
  mutation(
    'a holder is said to be gone when its pod object has vanished',
    { faults: { ask: 1 }, watch: 'now', begins: 'signed in', cutOff: [0, 1] },
    { isDead: (holder, { pods }) => pods[2]!.exists && holder === pods[0] },
  ),
  mutation(
    'an outage is counted from the answer instead of the send',
    {
      faults: { ask: 6 },
      begins: 'outliving',
      replaces: 'b',
      durations: { a: [5, 4], b: [5, 4] },
      maxOutage: [8, 8, 8],
      cutOff: [0, 1],
      promptRounds: true,
    },
    {
      writeAnswered: (state, lease, now) => answered(state, election.writeAnswered(state, lease, now), now),
      tenureOf: (state, rules, daemon, now) => product.tenureOf(state, fromAnswer(state, rules), daemon, now),
      expire: (state, rules, now) => election.expire(state, fromAnswer(state, rules), now),
      promised: (state, round, rules, now) => outage.promised(state, round, fromAnswer(state, rules), now),
    },
  ),
  mutation(
    'while the claim of a Lease made anew is unconfirmed, the promises of its roster suffice, and others wait for one lease',
    { faults: { ask: 1 }, watch: 'now', begins: 'reclaiming', replaces: 'b', cutOff: [0, 2] },
    { promised: promisedByNext, nextAction: claimedAfterOneDuration },
  ),
  mutation(
    'promises revive a holder, and one promises although its claim is under way',
    { faults: { ask: 1 }, tenures: true },
    { promised: revived, askedToPromise: promisedWhileClaiming },
  ),
  mutation(
    'promises revive a holder, and one promises for a record that it has not seen',
    { faults: { ask: 1, crash: 1 }, fifos: 'reports', begins: 'released', cutOff: [0], tenures: true },
    { promised: revived, askedToPromise: promisedUnseen },
  ),
];

/** Second nets: nothing comes of one alone. */
export const outageRedundant: readonly Mutation[] = [
  // A Lease made anew names nobody: who was on the roster before it waits as long as anybody, or claims a Lease that is gone.
  mutation(
    'while the claim of a Lease made anew is unconfirmed, the promises of its roster suffice',
    { faults: { ask: 1 }, watch: 'now', begins: 'reclaiming', replaces: 'b', cutOff: [0, 2] },
    { promised: promisedByNext },
  ),
  mutation(
    'others wait for one lease where nobody is on the roster',
    { faults: { ask: 1 }, watch: 'now', begins: 'reclaiming', replaces: 'b', cutOff: [0, 2] },
    { nextAction: claimedAfterOneDuration },
  ),
  mutation('promises revive a holder', { faults: { ask: 1 }, tenures: true }, { promised: revived }),
  mutation(
    'one promises although its claim is under way',
    { faults: { ask: 1 }, tenures: true },
    { askedToPromise: promisedWhileClaiming },
  ),
  mutation(
    'one promises for a record that it has not seen',
    { faults: { ask: 1, crash: 1 }, fifos: 'reports', begins: 'released', cutOff: [0], tenures: true },
    { askedToPromise: promisedUnseen },
  ),
];
