import type { PairSpec } from '../api/impala-cluster.ts';
import { names } from '../api/names.ts';
import type { Member } from '../api/names.ts';
import type { ClusterLocation } from './addresses.ts';
import type { AgentConfiguration } from './agent-configuration.ts';
import { AGENT_PORT, PROMISE_PORT } from './ports.ts';

type OfTheDaemon = 'component' | 'healthPort' | 'healthPeriodSeconds' | 'healthTimeoutSeconds' | 'spellings';

/** What a member's agent is told, less the hash of its template. */
export function pairAgent(
  { cluster }: ClusterLocation,
  { highAvailability }: PairSpec,
  member: Member,
  daemon: Pick<AgentConfiguration, OfTheDaemon>,
): Omit<AgentConfiguration, 'template'> {
  const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = highAvailability;
  const { failureThreshold, startTimeoutSeconds, maxOutageSeconds } = highAvailability;
  return {
    cluster,
    member,
    pairName: names.pair(cluster, daemon.component),
    leaseDurationSeconds,
    renewDeadlineSeconds,
    retryPeriodSeconds,
    failureThreshold,
    startTimeoutSeconds,
    maxOutageSeconds,
    agentPort: AGENT_PORT,
    promisePort: PROMISE_PORT,
    ...daemon,
  };
}
