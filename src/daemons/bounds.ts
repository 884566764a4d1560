import type { ImpalaClusterSpec } from '../api/impala-cluster.ts';
import { wholeNumber } from './command-line.ts';
import type { Flags } from './command-line.ts';

/** The three flags of a subscriber that decide how soon it follows, in seconds. */
export interface SubscriberTimes {
  /** T: statestore_subscriber_timeout_seconds. */
  readonly timeout: number;
  /** R: statestore_client_rpc_timeout_ms. */
  readonly rpcTimeout: number;
  /** I: statestore_subscriber_cnxn_retry_interval_ms. */
  readonly retryInterval: number;
}

/** How often a subscriber looks whether its heartbeats have stopped (statestore-subscriber.cc: a poll of its own phase). */
const SUBSCRIBER_POLL_SECONDS = 5;
/** What a claim may take beyond the end of the lease. */
const CLAIM_SECONDS = 1;
/** From the write of an EndpointSlice to the last kube-proxy that follows it: its minSyncPeriod and some. */
const ENDPOINT_SECONDS = 1.5;
/** From a catalogd that serves to a coordinator that has its first topic. */
const CATALOG_TOPIC_SECONDS = 5;

export function subscriberTimes(flags: Flags): SubscriberTimes {
  return {
    timeout: wholeNumber(flags, 'statestore_subscriber_timeout_seconds'),
    rpcTimeout: wholeNumber(flags, 'statestore_client_rpc_timeout_ms') / 1000,
    retryInterval: wholeNumber(flags, 'statestore_subscriber_cnxn_retry_interval_ms') / 1000,
  };
}

/** Seconds until a standby has taken over from an active that vanished: node lost, network cut, pod frozen. */
export const takeoverSeconds = (leaseDurationSeconds: number): number => leaseDurationSeconds + CLAIM_SECONDS;

/** Seconds until every impalad is registered with the new statestored after the old one's process ended. */
export const registeredAfterCrashSeconds = ({ timeout, retryInterval }: SubscriberTimes): number =>
  timeout + SUBSCRIBER_POLL_SECONDS + retryInterval;

/**
 * Seconds until every impalad on a live node is registered with the new statestored after the old one's node was lost:
 * a subscriber's first try goes to its old connection, which nobody answers.
 */
export const registeredAfterLossSeconds = (
  { timeout, rpcTimeout, retryInterval }: SubscriberTimes,
  leaseDurationSeconds: number,
): number =>
  Math.max(timeout + SUBSCRIBER_POLL_SECONDS, takeoverSeconds(leaseDurationSeconds) + ENDPOINT_SECONDS) +
  rpcTimeout +
  retryInterval;

/** Seconds from which on statements succeed after a catalogd's process ended. `load` is what the new one takes to serve. */
export const catalogAfterCrashSeconds = (load: number): number => load + CATALOG_TOPIC_SECONDS;

/** The same after its node was lost. */
export const catalogAfterLossSeconds = (load: number, leaseDurationSeconds: number): number =>
  catalogAfterCrashSeconds(load) + takeoverSeconds(leaseDurationSeconds);

/** Seconds until a daemon that hangs counts as lost. */
export const hungAfterSeconds = (
  { failureThreshold }: Pick<ImpalaClusterSpec['statestore']['highAvailability'], 'failureThreshold'>,
  { healthPeriodSeconds, healthTimeoutSeconds }: { healthPeriodSeconds: number; healthTimeoutSeconds: number },
): number => failureThreshold * healthPeriodSeconds + healthTimeoutSeconds;
