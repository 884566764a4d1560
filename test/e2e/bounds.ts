import type { PairComponent } from '../../src/api/names.ts';
import { seconds } from './clock.ts';
import { CATALOG_LOAD_SECONDS } from './environment.ts';

/** What the product promises, in milliseconds. The suite measures against these and nothing else. */

export const LEASE_DURATION: Record<PairComponent, number> = { statestore: seconds(9), catalog: seconds(15) };

/** An active that can neither renew nor get promises is dead so long after its last success at the latest. */
export const RENEW_DEADLINE: Record<PairComponent, number> = { statestore: seconds(6), catalog: seconds(10) };

/** A daemon that died on a live node: from its death until the EndpointSlice names the other pod. */
export const AFTER_A_CRASH = { median: 200, each: seconds(1) };

/** A pod that was deleted or evicted: from its daemon's death. Force-deleted, its token may die before it can tell. */
export const AFTER_A_DELETION = 500;

/** An active of which nobody hears any more: until the EndpointSlice names the other pod. */
export const afterSilence = (component: PairComponent): number => LEASE_DURATION[component] + seconds(1);

/**
 * A daemon that hangs: the health check's budget (period x threshold and the last answer's timeout), then the hand-over
 * of a crash.
 */
export const AFTER_A_HANG: Record<PairComponent, number> = {
  statestore: seconds(1 * 3 + 1) + AFTER_A_CRASH.each,
  catalog: seconds(2 * 10 + 2) + AFTER_A_CRASH.each,
};

/** Impala's own times, from the flags that the operator sets. */
const SUBSCRIBER_TIMEOUT = seconds(5);
const SUBSCRIBER_CHECK = seconds(5);
const RPC_TIMEOUT = seconds(2);
const RETRY_INTERVAL = seconds(1);

/** Until every impalad is registered with the new statestored, after a crash: 11 s. */
export const REGISTERED_AFTER_A_CRASH = SUBSCRIBER_TIMEOUT + SUBSCRIBER_CHECK + RETRY_INTERVAL;

/** ... after a lost node, kube-proxy's 1.5 s and one hanging connection included: 14.5 s. */
export const REGISTERED_AFTER_A_LOSS =
  Math.max(SUBSCRIBER_TIMEOUT + SUBSCRIBER_CHECK, afterSilence('statestore') + 1500) + RPC_TIMEOUT + RETRY_INTERVAL;

/** Statements issued so long after a catalogd's death must succeed ... */
export const STATEMENTS_SUCCEED_AFTER_A_CRASH = seconds(CATALOG_LOAD_SECONDS + 5);
export const STATEMENTS_SUCCEED_AFTER_A_LOSS = STATEMENTS_SUCCEED_AFTER_A_CRASH + afterSilence('catalog');

/** ... and be answered within this. */
export const STATEMENT_DURATION = seconds(5);
