import type { PairComponent } from '../../src/api/names.ts';
import { LEAST_CLOCK_RATE, type PlannedFault } from './faults/fault.ts';
import type { Scenario } from './faults/plan.ts';

/**
 * How often a pair's daemon may have ended in a run in which nothing but this happens: an outage of the API server that is
 * shorter than what the pair was told to live through moves nothing, as long as its agents reach each other; a change of a
 * template costs one hand-over; one that no daemon starts with stops at the standby, until it is taken back, which is a
 * change again.
 */
export function mayEndInCalm(
  { times }: Scenario,
  { at, fault }: PlannedFault,
  component: PairComponent,
  now: number,
): number {
  switch (fault.kind) {
    case 'pause':
      return 0;
    case 'template change':
      return fault.component === component ? 1 : 0;
    case 'bad template':
      return fault.component === component && now > at + fault.for ? 1 : 0;
    default: {
      const { maxOutageSeconds, leaseDurationSeconds } = times[component];
      const lasts = 'for' in fault ? fault.for : 0;
      return lasts < (maxOutageSeconds * LEAST_CLOCK_RATE - leaseDurationSeconds) * 1000 ? 0 : Number.POSITIVE_INFINITY;
    }
  }
}
