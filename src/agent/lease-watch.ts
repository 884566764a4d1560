import type { AgentConfiguration } from '../daemons/agent-configuration.ts';
import type { Elector } from '../kube/election/elector.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import type { ObjectReference } from '../kube/kubernetes-api.ts';
import { watchObject, type WatchEnvironment } from '../kube/object-watch.ts';

/**
 * Tells the elector of every change of its Lease, until aborted; never throws. A holder renews every retry period: a
 * watch that brings nothing for two of them is dead, and with it the next hand-over, so it is opened again.
 */
export function watchLease(
  environment: WatchEnvironment,
  lease: ObjectReference,
  { retryPeriodSeconds }: Pick<AgentConfiguration, 'retryPeriodSeconds'>,
  elector: Elector,
  signal: AbortSignal,
): Promise<void> {
  return watchObject<Lease>(
    environment,
    lease,
    {
      onState: (state) => elector.heard(state.kind === 'present' ? state.object : undefined),
      silence: (2 * retryPeriodSeconds + 1) * 1000,
    },
    signal,
  );
}
