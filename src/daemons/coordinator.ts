import { pairAddress } from './addresses.ts';
import type { Flags } from './command-line.ts';
import type { DaemonContext } from './daemon-context.ts';
import type { ImpaladDaemon, Port } from './daemon.ts';
import { impalad } from './impalad.ts';
import { BEESWAX_PORT_NAME, CATALOGD_PORTS, IMPALAD_PORTS } from './ports.ts';
import type { ImpalaVersion } from './versions.ts';

/** Both sides must agree on them: a coordinator takes from them how long it shuns an executor. */
const HEARTBEAT_FLAGS = ['statestore_heartbeat_frequency_ms', 'statestore_max_missed_heartbeats'] as const;

/**
 * Statements wait for a catalogd that starts (60 tries, 3 s apart) instead of failing. catalog_client_rpc_timeout_ms is
 * left as it is on purpose: a statement that runs longer than it would be run again. The lightweight calls only read.
 */
const CATALOG_FLAGS: Flags = {
  use_local_catalog: 'true',
  catalog_lightweight_rpc_timeout_ms: '120000',
  catalog_client_connection_num_retries: '60',
};

function heartbeatFlags(statestoredFlags: Flags): Flags {
  const set = HEARTBEAT_FLAGS.flatMap((flag): [string, string][] => {
    const value = statestoredFlags[flag];
    return value === undefined ? [] : [[flag, value]];
  });
  return Object.fromEntries(set);
}

/** The old protocol of impala-shell: on by default up to release 4, a matter of a flag later. */
function beeswaxPorts(flags: Flags, { major }: ImpalaVersion): Port[] {
  const port = Number(flags['beeswax_port'] ?? (major < 5 ? '21000' : '0'));
  return port === 0 ? [] : [{ name: BEESWAX_PORT_NAME, port }];
}

/** A daemon that clients connect to. */
export function coordinator(context: DaemonContext): ImpaladDaemon {
  const { location, version, spec } = context;
  const { flags, ...daemon } = impalad(context, 'coordinator', {
    catalog_service_host: pairAddress(location, 'catalog'),
    catalog_service_port: String(CATALOGD_PORTS.catalog.port),
    hs2_port: String(IMPALAD_PORTS.hs2.port),
    hs2_http_port: String(IMPALAD_PORTS.hs2Http.port),
    ...CATALOG_FLAGS,
    ...heartbeatFlags(spec.statestore.flags ?? {}),
  });
  const clientPorts = [IMPALAD_PORTS.hs2, IMPALAD_PORTS.hs2Http, ...beeswaxPorts(flags, version)];
  return {
    ...daemon,
    ports: [...clientPorts, ...daemon.ports],
    servicePorts: [...clientPorts, IMPALAD_PORTS.web],
  };
}
