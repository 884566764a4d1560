import { pairAddress } from './addresses.ts';
import type { ClusterLocation } from './addresses.ts';
import type { Flags } from './command-line.ts';
import { STATESTORED_PORTS } from './ports.ts';

export const ENTRYPOINT = '/opt/impala/bin/daemon_entrypoint.sh';
export const LOG_DIRECTORY = '/opt/impala/logs';
export const TEMPORARY_DIRECTORY = '/tmp';
export const RANGER_CACHE_DIRECTORY = '/opt/impala/rangercache';
export const CONFIGURATION_DIRECTORY = '/opt/impala/conf';

/** Logs go to the container's own log, where kubectl finds them. */
export const LOGGING_FLAGS: Flags = { logtostderr: 'true', redirect_stdout_stderr: 'false' };

/** A cluster's daemons are known by their names: an address changes with each pod, and TLS and Kerberos want names. */
export const nameFlags = (hostname: string): Flags => ({ use_resolved_hostname: 'false', hostname });

/**
 * How a daemon finds its statestored, and how soon it notices that it is gone.
 * - T, statestore_subscriber_timeout_seconds: without a heartbeat for that long it registers anew.
 * - R, statestore_client_rpc_timeout_ms: bounds a call and a connect that nobody answers; five minutes by default.
 * - I, statestore_subscriber_cnxn_retry_interval_ms: between two tries.
 * A registration sent twice only replaces the first, so short limits do no harm.
 */
export function subscriberFlags(location: ClusterLocation): Flags {
  return {
    state_store_host: pairAddress(location, 'statestore'),
    state_store_port: String(STATESTORED_PORTS.statestore.port),
    statestore_subscriber_timeout_seconds: '5',
    statestore_client_rpc_timeout_ms: '2000',
    statestore_subscriber_cnxn_retry_interval_ms: '1000',
    statestore_subscriber_cnxn_attempts: '10',
  };
}
