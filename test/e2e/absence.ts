import { names } from '../../src/api/names.ts';
import type { PairComponent } from '../../src/api/names.ts';
import type { Instant } from './clock.ts';
import { CLUSTER } from './environment.ts';
import type { DaemonProcess, Observer } from './observer.ts';

/** The daemons of a pair that ran at or after a moment, in the order in which they were started. */
export function daemonsSince(observer: Observer, component: PairComponent, since: Instant): DaemonProcess[] {
  const prefix = `${names.pair(CLUSTER, component)}-`;
  return observer.processes
    .filter((process) => observer.podName(process).startsWith(prefix) && (process.lastSeen ?? Infinity) >= since)
    .toSorted((one, other) => one.started - other.started);
}

/** The times in which no daemon of a pair ran, from the end of each to the start of the next. */
export function absences(observer: Observer, component: PairComponent, since: Instant): number[] {
  const daemons = daemonsSince(observer, component, since);
  return daemons.slice(1).map((daemon, index) => daemon.started - (daemons[index]?.lastSeen ?? NaN));
}
