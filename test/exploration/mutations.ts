/** Rules broken on purpose, each in a world in which the search has to find what comes of it. */
import { decide } from '../../src/agent/decision.ts';
import { takeUp, tenureOf } from '../../src/agent/tenure.ts';
import { podOf } from '../../src/agent/takeover.ts';
import * as election from '../../src/kube/election/election.ts';
import type { Lease } from '../../src/kube/kubernetes-object.ts';
import { obeyed } from './guard-model.ts';
import { product, type Protocol } from './protocol.ts';
import type { WorldOptions } from './world.ts';

export interface Mutation {
  readonly name: string;
  readonly world: Omit<WorldOptions, 'name'>;
  readonly protocol: Protocol;
}

const mutation = (name: string, world: Mutation['world'], change: Partial<Protocol>): Mutation => ({
  name,
  world,
  protocol: { ...product, ...change },
});

type State = election.ElectionState;

/** The state as if the newest write counted from now. */
function countedFrom(state: State, now: number): State {
  const { standing } = state;
  if (standing.kind !== 'holder') return state;
  return { ...state, standing: { ...standing, claim: { ...standing.claim, confirmedSentAt: now } } };
}

/** Takes any renewTime under the claim's identity for that of its newest send. */
function heardByHolder(state: State, lease: Lease | undefined): State {
  const { standing } = state;
  if (standing.kind === 'challenger' || lease?.spec?.holderIdentity !== standing.claim.identity) return state;
  const newest = standing.claim.sends.at(-1);
  if (newest === undefined) return state;
  const send = { renewTime: lease.spec.renewTime ?? '', sentAt: newest.sentAt };
  const sends = [...standing.claim.sends.filter(({ renewTime }) => renewTime !== send.renewTime), send];
  return { ...state, standing: { ...standing, claim: { ...standing.claim, sends } } as State['standing'] };
}

const withoutDuration = (state: State): State => {
  const lease = state.observation?.lease;
  if (!lease?.spec || state.observation === undefined) return state;
  const { leaseDurationSeconds: _, ...spec } = lease.spec;
  return { ...state, observation: { ...state.observation, lease: { ...lease, spec } } };
};

/** An empty holder, with the annotation that says "released" for it. */
const asReleased = (state: State): State => {
  const lease = state.observation?.lease;
  if (lease === undefined || state.observation === undefined || lease.spec?.holderIdentity) return state;
  const term = String(lease.spec?.leaseTransitions ?? 0);
  const annotations = { ...lease.metadata.annotations, 'impala-operator.dev/released': term };
  const said = { ...lease, metadata: { ...lease.metadata, annotations } };
  return { ...state, highestTerm: 0, observation: { ...state.observation, lease: said } };
};

const identity = (broken: (podName: string, podUid: string, word: string) => string): Partial<Protocol> => ({
  identity: broken,
});

export const mutations: readonly Mutation[] = [
  mutation(
    'the deadline is counted from the answer instead of the send',
    { faults: {} },
    {
      writeAnswered: (state, lease, now) => countedFrom(election.writeAnswered(state, lease, now), now),
    },
  ),
  mutation(
    'the Lease is released before the daemon is proven dead',
    { faults: { hang: 1 }, fifos: 'both' },
    {
      decide: (situation, now) => {
        const decision = decide(situation, now);
        const { daemon } = situation.guardState;
        return { ...decision, release: decision.release || daemon.kind === 'stopping' };
      },
    },
  ),
  mutation(
    'the daemon is started again on the old deadline after a release was sent',
    { faults: { crash: 1 } },
    {
      tenureOf: (state, rules, daemon, now) => {
        const { standing } = state;
        if (standing.kind !== 'releasing') return tenureOf(state, rules, daemon, now);
        const { identity: claim, term, confirmedSentAt } = standing.claim;
        const until = confirmedSentAt + rules.renewDeadline;
        // As a claim that no daemon was started under yet.
        return now < until ? { kind: 'active', claim: `${claim} again`, term, until } : { kind: 'releasing' };
      },
    },
  ),
  mutation(
    'an agent takes a Lease with the name of its pod for its own',
    { faults: { forceDelete: 1 } },
    {
      takeUp: (state, rules, daemon, now, podName) => {
        const holder = state.observation?.lease?.spec?.holderIdentity ?? '';
        const mine = state.standing.kind === 'challenger' && holder !== '' && podOf(holder) === podName;
        return mine ? { kind: 'adopt', identity: holder } : takeUp(state, rules, daemon, now);
      },
    },
  ),
  mutation(
    'after a lost answer the agent looks at the holder only',
    { faults: { noAnswer: 2 }, durations: { a: [5, 4], b: [5, 4] } },
    {
      heard: (state, lease, now) => election.heard(heardByHolder(state, lease), lease, now),
      readAnswered: (state, lease, now) => election.readAnswered(heardByHolder(state, lease), lease, now),
    },
  ),
  mutation(
    'a guard obeys an order of an earlier incarnation',
    { faults: { guardRestart: 1 }, fifos: 'both', begins: 'ordered', watch: 'now' },
    {
      obeyed: (guard, order, now) =>
        obeyed(guard, order.verb === 'state?' ? order : { ...order, guard: guard.id }, now),
    },
  ),
  mutation(
    'an order that extends starts a daemon that has died',
    { faults: { crash: 1 }, fifos: 'both' },
    {
      obeyed: (guard, order, now) =>
        obeyed(guard, order.verb === 'extend' && !guard.alive ? { ...order, verb: 'start' } : order, now),
    },
  ),
  mutation(
    'the identity is the name of the pod',
    { faults: { forceDelete: 1 }, stuckWallClocks: true },
    identity((podName) => podName),
  ),
  mutation(
    'the identity is the name and uid of the pod, the same for each claim',
    { faults: { agentRestart: 1, noAnswer: 1 }, stuckWallClocks: true },
    identity((podName, podUid) => `${podName}/${podUid}`),
  ),
  mutation(
    'an empty holder counts as released',
    { faults: { edit: 1 } },
    { nextAction: (state, desire, rules, now) => election.nextAction(asReleased(state), desire, rules, now) },
  ),
  mutation(
    'a challenger uses its own duration instead of the one in the record',
    { faults: {}, durations: { a: [5, 4], b: [3, 2] } },
    { nextAction: (state, desire, rules, now) => election.nextAction(withoutDuration(state), desire, rules, now) },
  ),
  mutation(
    'a restarted agent goes on without a renewal, counting from when it read the Lease',
    { faults: { agentRestart: 1 }, durations: { a: [5, 4], b: [5, 4] } },
    {
      adopt: (state, identity, now) => {
        const { standing, ...adopted } = election.adopt(state, identity, now);
        if (standing.kind !== 'claiming') return state;
        return { ...adopted, standing: { kind: 'holder', claim: { ...standing.claim, confirmedSentAt: now } } };
      },
    },
  ),
];

/** Broken rules that nothing comes of, because another rule covers them. */
export const redundant: readonly Mutation[] = [
  // The renewal is a compare-and-swap: where it succeeds nobody has claimed in between. The daemon that the guard has
  // killed at its deadline stays dead: an extension starts nothing, and a claim that has had its start gets no other.
  mutation(
    'a restarted agent renews although its guard deadline has passed',
    { faults: { agentRestart: 1 }, fifos: 'reports' },
    {
      takeUp: (state, rules, daemon, now) =>
        daemon.kind === 'running'
          ? takeUp(state, rules, { ...daemon, deadline: Number.POSITIVE_INFINITY }, now)
          : takeUp(state, rules, daemon, now),
      decide: (situation, now) => {
        const { tenure, guardState } = situation;
        const { daemon } = guardState;
        if (tenure.kind !== 'adopting' || daemon.kind !== 'running') return decide(situation, now);
        const kept = { ...daemon, deadline: Number.POSITIVE_INFINITY };
        return decide({ ...situation, guardState: { ...guardState, daemon: kept } }, now);
      },
    },
  ),
];
