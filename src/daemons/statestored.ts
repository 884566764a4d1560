import { DAEMON_CONTAINER, names } from '../api/names.ts';
import type { Member } from '../api/names.ts';
import { podAddress } from './addresses.ts';
import { effectiveFlags, toArguments } from './command-line.ts';
import type { Flags } from './command-line.ts';
import { ENTRYPOINT, LOGGING_FLAGS, LOG_DIRECTORY, TEMPORARY_DIRECTORY, nameFlags } from './common-flags.ts';
import { POD_NAME, imageOf } from './daemon-context.ts';
import type { DaemonContext } from './daemon-context.ts';
import type { PairDaemon } from './daemon.ts';
import { pairAgent } from './pair-agent.ts';
import { STATESTORED_PORTS } from './ports.ts';

/**
 * More threads and shorter limits than Impala's: a subscriber on a lost node holds a thread until its limit, and with
 * ten threads a dozen of them delay everybody's heartbeats until all of them register anew.
 */
const POOL_FLAGS: Flags = {
  statestore_num_heartbeat_threads: '64',
  statestore_num_update_threads: '32',
  statestore_num_priority_update_threads: '32',
  statestore_heartbeat_tcp_timeout_seconds: '2',
  statestore_update_tcp_timeout_seconds: '60',
};

/** The statestored of one member. */
export function statestored({ location, version, spec }: DaemonContext, member: Member): PairDaemon {
  const { statestore, web, metrics } = STATESTORED_PORTS;
  const pod = names.memberPod(location.cluster, 'statestore', member);
  const own: Flags = {
    log_dir: LOG_DIRECTORY,
    ...nameFlags(podAddress(location, 'statestore', pod)),
    state_store_port: String(statestore.port),
    webserver_port: String(web.port),
    metrics_webserver_port: String(metrics.port),
    ...LOGGING_FLAGS,
    ...POOL_FLAGS,
  };
  const flags = effectiveFlags(own, spec.statestore.flags ?? {}, version);
  return {
    component: 'statestore',
    image: imageOf(spec, 'statestored'),
    name: DAEMON_CONTAINER.statestore,
    ports: [statestore, web, metrics],
    servicePorts: [statestore, web],
    environment: [POD_NAME],
    writableDirectories: [LOG_DIRECTORY, TEMPORARY_DIRECTORY],
    argv: [ENTRYPOINT, '/opt/impala/bin/statestored', ...toArguments(flags)],
    agent: pairAgent(location, spec.statestore, member, {
      component: 'statestore',
      healthPort: metrics.port,
      healthPeriodSeconds: 1,
      healthTimeoutSeconds: 1,
      spellings: [],
    }),
  };
}
