import { DAEMON_CONTAINER } from '../api/names.ts';
import type { Member } from '../api/names.ts';
import { pairAddress, shortPairAddress } from './addresses.ts';
import { effectiveFlags, toArguments } from './command-line.ts';
import type { Flags } from './command-line.ts';
import {
  ENTRYPOINT,
  LOGGING_FLAGS,
  LOG_DIRECTORY,
  RANGER_CACHE_DIRECTORY,
  TEMPORARY_DIRECTORY,
  nameFlags,
  subscriberFlags,
} from './common-flags.ts';
import { POD_NAME, imageOf } from './daemon-context.ts';
import type { DaemonContext } from './daemon-context.ts';
import type { PairDaemon } from './daemon.ts';
import { pairAgent } from './pair-agent.ts';
import { CATALOGD_PORTS } from './ports.ts';

/** What the image's ENTRYPOINT says of the catalog; coordinators with a local catalog need the minimal topic. */
const ENTRYPOINT_FLAGS: Flags = {
  abort_on_config_error: 'false',
  catalog_topic_mode: 'minimal',
  hms_event_polling_interval_s: '1',
  invalidate_tables_on_memory_pressure: 'true',
};

/** Without it a catalogd that is out of heap lives on half dead, and healthy to whoever asks. */
const JAVA_OPTIONS = { name: 'JAVA_TOOL_OPTIONS', value: '-XX:+ExitOnOutOfMemoryError' };

/**
 * The catalogd of one member. It registers under the name of its pair's Service: coordinators learn its address from
 * what it registers, so that name must follow the active.
 */
export function catalogd({ location, version, spec }: DaemonContext, member: Member): PairDaemon {
  const { catalog, subscriber, web, metrics } = CATALOGD_PORTS;
  const hostnames = [pairAddress(location, 'catalog'), shortPairAddress(location, 'catalog')] as const;
  const own: Flags = {
    log_dir: LOG_DIRECTORY,
    ...nameFlags(hostnames[0]),
    catalog_service_port: String(catalog.port),
    state_store_subscriber_port: String(subscriber.port),
    webserver_port: String(web.port),
    metrics_webserver_port: String(metrics.port),
    ...subscriberFlags(location),
    ...ENTRYPOINT_FLAGS,
    ...LOGGING_FLAGS,
  };
  const flags = effectiveFlags(own, spec.catalog.flags ?? {}, version);
  return {
    component: 'catalog',
    image: imageOf(spec, 'catalogd'),
    name: DAEMON_CONTAINER.catalog,
    ports: [catalog, subscriber, web, metrics],
    servicePorts: [catalog, subscriber, web],
    environment: [POD_NAME, JAVA_OPTIONS],
    writableDirectories: [LOG_DIRECTORY, TEMPORARY_DIRECTORY, RANGER_CACHE_DIRECTORY],
    argv: [ENTRYPOINT, '/opt/impala/bin/catalogd', ...toArguments(flags)],
    agent: pairAgent(location, spec.catalog, member, {
      component: 'catalog',
      healthPort: metrics.port,
      healthPeriodSeconds: 2,
      healthTimeoutSeconds: 2,
      spellings: hostnames.map((hostname) => `-hostname=${hostname}`),
    }),
  };
}
