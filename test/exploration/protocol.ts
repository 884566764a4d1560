/**
 * The functions that the search drives: the product's own, gathered in one record so that a test can put a broken one in
 * the place of one of them. Only the guard is a model, of a script in bash.
 */
import { candidacy } from '../../src/agent/candidacy.ts';
import { ordering, reportedTo } from '../../src/agent/custody.ts';
import { decide } from '../../src/agent/decision.ts';
import { nextEndpoint } from '../../src/agent/endpoint.ts';
import { lifelineEnded, overdue, reportsClosed, type DaemonView } from '../../src/agent/guard/daemon-view.ts';
import { takeUp, tenureOf } from '../../src/agent/tenure.ts';
import type { Milliseconds } from '../../src/kube/clock.ts';
import { newClaim } from '../../src/kube/election/claim.ts';
import { rosterToWrite } from '../../src/agent/promise/asking.ts';
import * as election from '../../src/kube/election/election.ts';
import { nextAction } from '../../src/kube/election/next-action.ts';
import * as outage from '../../src/kube/election/outage.ts';
import type { Roster } from '../../src/kube/election/roster.ts';
import { written } from '../../src/kube/election/lease-write.ts';
import { nextRenewTime } from '../../src/kube/election/renew-time.ts';
import { obeyed } from './guard-model.ts';
import type { Pod, World } from './world.ts';

export const product = {
  heard: (state: election.ElectionState, lease: Parameters<typeof election.heard>[1], now: Milliseconds) =>
    election.heard(state, lease, now),
  readAnswered: election.readAnswered,
  writeAnswered: election.writeAnswered,
  callFailed: election.callFailed,
  expire: election.expire,
  nextAction,
  sending: election.sending,
  adopt: election.adopt,
  abandon: election.abandon,
  raiseTerm: election.raiseTerm,
  newClaim,
  nextRenewTime,
  written,
  tenureOf,
  /** @param _memory what a broken rule may look at, too */
  takeUp: (
    state: election.ElectionState,
    rules: election.ElectionRules,
    daemon: DaemonView,
    now: Milliseconds,
    _memory: { readonly podName: string; readonly startedUnder: string | undefined },
  ) => takeUp(state, rules, daemon, now),
  decide,
  candidacy,
  ordering,
  reportedTo,
  lifelineEnded,
  reportsClosed,
  overdue,
  nextEndpoint,
  rosterToWrite,
  electorate: outage.electorate,
  promised: outage.promised,
  askedToPromise: outage.askedToPromise,
  /** Whether the operator may say that the holder is dead (lost-nodes). */
  isDead: (holder: Pod, _world: World) => holder.lost,
  /** The roster of a Lease that is made anew. */
  rosterOfRemade: (_world: World): Roster => [],
  obeyed,
  /** The identity of a claim (agent.ts makes it of the same parts). */
  identity: (podName: string, podUid: string, word: string) => `${podName}/${podUid}/${word}`,
};

export type Protocol = typeof product;
