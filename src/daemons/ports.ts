import type { Port } from './daemon.ts';

const port = (name: string, number: number): Port => ({ name, port: number });

/** Impala's own defaults; the metrics servers, which have none, take the number after the web server's. */
export const STATESTORED_PORTS = {
  statestore: port('statestore', 24000),
  web: port('web', 25010),
  metrics: port('metrics', 25011),
} as const;

export const CATALOGD_PORTS = {
  catalog: port('catalog', 26000),
  /** The statestored connects back to it, by the name that the catalogd registers: its Service's. */
  subscriber: port('subscriber', 23020),
  web: port('web', 25020),
  metrics: port('metrics', 25021),
} as const;

export const IMPALAD_PORTS = {
  /** HiveServer2, binary. */
  hs2: port('hs2', 21050),
  /** HiveServer2 over HTTP. */
  hs2Http: port('hs2-http', 28000),
  krpc: port('krpc', 27000),
  subscriber: port('subscriber', 23000),
  web: port('web', 25000),
  metrics: port('metrics', 25001),
} as const;

/** Where the agent serves /metrics, /healthz and /readyz. */
export const AGENT_PORT = 8480;
/** Where the agent is asked for promises, by the other member's agent. */
export const PROMISE_PORT = 8481;

export const BEESWAX_PORT_NAME = 'beeswax';
