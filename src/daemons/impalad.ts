import { DAEMON_CONTAINER } from '../api/names.ts';
import { podAddress } from './addresses.ts';
import { effectiveFlags, toArguments, wholeNumber } from './command-line.ts';
import type { Flags } from './command-line.ts';
import {
  LOGGING_FLAGS,
  LOG_DIRECTORY,
  RANGER_CACHE_DIRECTORY,
  TEMPORARY_DIRECTORY,
  nameFlags,
  subscriberFlags,
} from './common-flags.ts';
import { POD_NAME, imageOf } from './daemon-context.ts';
import type { DaemonContext } from './daemon-context.ts';
import type { ImpaladDaemon } from './daemon.ts';
import { IMPALAD_PORTS } from './ports.ts';

/**
 * How an impalad leaves. It is always waited for the grace period, which must be longer than a subscriber's timeout and
 * the 30 s in which membership stands still after a statestored was replaced: before that others send it new work.
 */
const SHUTDOWN_FLAGS: Flags = { shutdown_grace_period_s: '40', shutdown_deadline_s: '3600' };

/** What the daemon may take beyond its own deadline, and the container beyond that. */
const SCRIPT_MARGIN_SECONDS = 10;
const STOP_MARGIN_SECONDS = 30;

/** Whether the daemon talks TLS with the statestored: then its name is verified, and heartbeats must use it. */
const usesInternalTls = (flags: Flags): boolean =>
  Boolean(flags['ssl_client_ca_certificate']) || Boolean(flags['ssl_server_certificate']);

/** A daemon that never became healthy has no queries to wait for, and would not hear the request. */
function preStop(deadlineSeconds: number): string[] {
  const script =
    `exec 3<>/dev/tcp/127.0.0.1/${IMPALAD_PORTS.metrics.port} || exit 0\n` +
    `printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3\n` +
    `read -r -t 2 _ status _ <&3\n` +
    `[[ $status != 200 ]] || exec /opt/impala/bin/graceful_shutdown_backends.sh ${deadlineSeconds + SCRIPT_MARGIN_SECONDS}\n`;
  return ['/bin/bash', '-c', script];
}

/** What coordinators and executors have in common. */
export function impalad(
  { location, version, spec }: DaemonContext,
  role: 'coordinator' | 'executor',
  ownFlags: Flags,
): Omit<ImpaladDaemon, 'servicePorts'> & { readonly flags: Flags } {
  const users = (role === 'coordinator' ? spec.coordinators : spec.executors).flags ?? {};
  const { subscriber, krpc, web, metrics } = IMPALAD_PORTS;
  const own: Flags = {
    ...nameFlags(podAddress(location, role, '$(POD_NAME)')),
    krpc_port: String(krpc.port),
    state_store_subscriber_port: String(subscriber.port),
    webserver_port: String(web.port),
    metrics_webserver_port: String(metrics.port),
    ...subscriberFlags(location),
    // Heartbeats go to the address, so that DNS, which may know an old one for 30 s, does not keep them from a new pod.
    statestore_subscriber_use_resolved_address: String(!usesInternalTls(users)),
    ...ownFlags,
    ...SHUTDOWN_FLAGS,
    ...LOGGING_FLAGS,
  };
  const flags = effectiveFlags(own, users, version);
  const deadlineSeconds = wholeNumber(flags, 'shutdown_deadline_s');
  return {
    image: imageOf(spec, `impalad_${role}`),
    name: DAEMON_CONTAINER[role],
    ports: [krpc, subscriber, web, metrics],
    environment: [POD_NAME],
    writableDirectories: [LOG_DIRECTORY, TEMPORARY_DIRECTORY, RANGER_CACHE_DIRECTORY],
    args: toArguments(flags),
    readiness: { path: '/healthz', port: metrics.port },
    preStop: preStop(deadlineSeconds),
    terminationGracePeriodSeconds: deadlineSeconds + STOP_MARGIN_SECONDS,
    flags,
  };
}
