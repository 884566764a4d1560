import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the gauges show at a scrape. */
export interface AgentReading {
  readonly active: boolean;
  readonly ready: boolean;
  readonly term: number;
  readonly leaseAgeSeconds: number | undefined;
  /** For how long it has been active on promises alone; 0 while renewals succeed. */
  readonly outageSeconds?: number;
  /** When the keys for promises expire; nothing as long as there are none. */
  readonly keysExpire?: Date | undefined;
}

/** The metrics of one agent. Everything a dashboard or an alert needs to know of one member of a pair. */
export class AgentMetrics {
  readonly registry = new Registry();
  /** Every transition that this agent made, by why a new active was needed. */
  readonly transitions = new Counter({
    name: 'impala_ha_transitions_total',
    help: 'Times this member became active, by reason',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  readonly handOvers = new Counter({
    name: 'impala_ha_hand_overs_total',
    help: 'Times this member gave its Lease back, by reason',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  readonly failoverSeconds = new Histogram({
    name: 'impala_ha_failover_seconds',
    help: 'From the end of the last active to a healthy daemon on this member (wall clocks of two nodes)',
    buckets: [0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300, 600],
    registers: [this.registry],
  });
  readonly apiErrors = new Counter({
    name: 'impala_ha_api_errors_total',
    help: 'Calls to the Kubernetes API that failed, by reason',
    labelNames: ['reason'],
    registers: [this.registry],
  });

  readonly promisesAsked = new Counter({
    name: 'impala_ha_promises_asked_total',
    help: 'Promises that this member asked for while it could not renew its Lease, by what came of it',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly promisesAnswered = new Counter({
    name: 'impala_ha_promises_answered_total',
    help: 'Promises that this member was asked for, by its answer',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  /** @param read called at each scrape */
  constructor(read: () => AgentReading) {
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(value());
        },
      });
    };
    const delay = monitorEventLoopDelay({ resolution: 20 });
    delay.enable();
    gauge('impala_ha_active', '1 while this member holds the Lease and its deadline has not passed', () =>
      read().active ? 1 : 0,
    );
    gauge('impala_ha_ready', '1 while this member serves, or could take over at once', () => (read().ready ? 1 : 0));
    gauge('impala_ha_term', 'The highest term this member has seen', () => read().term);
    gauge(
      'impala_ha_lease_age_seconds',
      'Since the Lease was last seen to be renewed',
      () => read().leaseAgeSeconds ?? Number.NaN,
    );
    gauge(
      'impala_ha_outage_seconds',
      'How long this member has been active on promises alone, since its last renewal',
      () => read().outageSeconds ?? 0,
    );
    gauge(
      'impala_ha_keys_expire_timestamp_seconds',
      'When the keys by which the agents of the pair know each other expire (Unix time); NaN without keys',
      () => (read().keysExpire?.getTime() ?? Number.NaN) / 1000,
    );
    gauge('impala_ha_event_loop_lag_seconds', 'The longest delay of the event loop since the last scrape', () => {
      const longest = delay.max / 1e9;
      delay.reset();
      return longest;
    });
    gauge('process_resident_memory_bytes', 'Resident memory of the agent', () => process.memoryUsage.rss());
  }
}
