import { annotations } from '../api/names.ts';
import { termIn } from '../kube/election/term.ts';
import { sleep, type Milliseconds } from '../kube/clock.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { EndpointSlice } from '../kube/kubernetes-object.ts';
import { endpointSlices } from '../kube/resource.ts';
import type { AgentParts } from './agent-parts.ts';

const RETRY_DELAY: Milliseconds = 500;

/**
 * The term in the EndpointSlice, for an agent that has just started. It has seen nothing of the terms before, and an
 * earlier copy of the Lease, written back by hand, would tell it that an old release is the latest word (P6).
 * @param timeout the deadline of each call
 * @returns the term; 0 where there is no slice; undefined when aborted first
 */
export async function firstTerm(
  { api, clock, configuration, pod, observer }: AgentParts,
  timeout: Milliseconds,
  signal: AbortSignal,
): Promise<number | undefined> {
  const reference = { resource: endpointSlices, namespace: pod.namespace, name: configuration.pairName };
  while (!signal.aborted) {
    try {
      const { metadata } = await api.get<EndpointSlice>(reference, { timeout, signal });
      return termIn(metadata.annotations?.[annotations.term]) ?? 0;
    } catch (error) {
      if (!(error instanceof KubernetesApiError)) throw error;
      if (error.reason === 'NotFound') return 0;
      if (signal.aborted) return undefined;
      observer.callFailed(error, 'read the EndpointSlice');
      await sleep(clock, RETRY_DELAY, signal);
    }
  }
  return undefined;
}
