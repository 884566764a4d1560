/** Rules broken on purpose, each in a world in which the search has to find what comes of it. */
import { decide } from '../../src/agent/decision.ts';
import type { DaemonView } from '../../src/agent/guard/daemon-view.ts';
import { tenureOf } from '../../src/agent/tenure.ts';
import { podNamedIn } from '../../src/daemons/claim-identity.ts';
import { confirmed } from '../../src/kube/election/claim.ts';
import * as election from '../../src/kube/election/election.ts';
import { nextAction } from '../../src/kube/election/next-action.ts';
import type { Lease } from '../../src/kube/kubernetes-object.ts';
import { REMEMBERED } from './encoding/encoder.ts';
import { obeyed } from './guard-model.ts';
import { product, type Protocol } from './protocol.ts';
import { FIRST_LEASE, type WorldOptions } from './world.ts';

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

/** A running daemon, as if its deadline were none. */
const forEver = (daemon: DaemonView): DaemonView =>
  daemon.kind === 'running' ? { ...daemon, deadline: Number.POSITIVE_INFINITY } : daemon;

const isFirst = (state: State): boolean => state.observation?.lease?.metadata.uid === FIRST_LEASE;

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
      takeUp: (state, rules, daemon, now, { podName, startedUnder }) => {
        const holder = state.observation?.lease?.spec?.holderIdentity ?? '';
        const mine = state.standing.kind === 'challenger' && holder !== '' && podNamedIn(holder) === podName;
        return mine
          ? { kind: 'adopt', identity: holder }
          : product.takeUp(state, rules, daemon, now, { podName, startedUnder });
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
    { nextAction: (state, desire, rules, now) => nextAction(asReleased(state), desire, rules, now) },
  ),
  mutation(
    'a challenger uses its own duration instead of the one in the record',
    { faults: {}, durations: { a: [5, 4], b: [3, 2] } },
    { nextAction: (state, desire, rules, now) => nextAction(withoutDuration(state), desire, rules, now) },
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
  mutation(
    'a restarted agent renews although the deadline of the daemon that its guard remembers has passed',
    { faults: { agentRestart: 1, copy: 1 }, begins: 'overtaken' },
    {
      reportedTo: (custody, report, ...rest) => {
        const next = product.reportedTo(custody, report, ...rest);
        const past = report.verb === 'state' && !report.running && report.claim !== '-';
        return past ? { ...next, startedUnder: next.startedUnder ?? `${REMEMBERED}${report.claim}` } : next;
      },
      takeUp: (state, rules, daemon, now, memory) => {
        const { startedUnder = '' } = memory;
        const past = startedUnder.startsWith(REMEMBERED) ? startedUnder.slice(REMEMBERED.length) : undefined;
        const taken = state.standing.kind === 'challenger' && state.observation?.lease?.spec?.holderIdentity === past;
        return past !== undefined && taken
          ? { kind: 'adopt', identity: past }
          : product.takeUp(state, rules, daemon, now, memory);
      },
    },
  ),
  mutation(
    'a restarted agent renews although the deadline of the daemon that it has found running has passed',
    { faults: { copy: 1 }, fifos: 'reports', begins: 'overtaken' },
    {
      takeUp: (state, rules, daemon, now, memory) => product.takeUp(state, rules, forEver(daemon), now, memory),
      decide: (situation, now) => {
        const { tenure, guardState } = situation;
        if (tenure.kind !== 'adopting') return decide(situation, now);
        return decide({ ...situation, guardState: { ...guardState, daemon: forEver(guardState.daemon) } }, now);
      },
    },
  ),
  mutation(
    'a write whose answer is lost is taken to have succeeded',
    { faults: { noAnswer: 1 } },
    {
      callFailed: (state, failure, rules, now) => {
        const failed = election.callFailed(state, failure, rules, now);
        const { standing } = failed;
        if (failure !== 'unknown' || standing.kind !== 'claiming') return failed;
        const send = standing.claim.sends.at(-1);
        const lease = state.observation?.lease;
        if (send === undefined || lease === undefined) return failed;
        return { ...failed, standing: { kind: 'holder', claim: confirmed(standing.claim, send, lease) } };
      },
    },
  ),
  mutation(
    'a Lease made anew counts as released',
    { faults: { delete: 1 } },
    {
      nextAction: (state, desire, rules, now) =>
        nextAction(isFirst(state) ? state : asReleased(state), desire, rules, now),
    },
  ),
  mutation(
    'a holder whose deadline has passed claims a Lease made anew at once',
    { faults: { delete: 2 } },
    { expire: (state) => state },
  ),
];
