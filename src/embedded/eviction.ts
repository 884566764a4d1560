import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { ObjectReference } from '../kube/kubernetes-api.ts';
import { podDisruptionBudgets } from '../kube/resource.ts';
import type { EmbeddedApiServer } from './embedded-api-server.ts';
import { ApiCall } from './interceptor.ts';
import { labelSelectorMatches, type LabelSelector } from './label-selector.ts';
import { internalError, notFound, StatusError } from './status-error.ts';

interface Budget extends KubernetesObject {
  readonly spec?: { readonly selector?: LabelSelector; readonly unhealthyPodEvictionPolicy?: string };
  readonly status?: { readonly disruptionsAllowed?: number; readonly [field: string]: unknown };
}

interface EvictedPod extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: { readonly type: string; readonly status: string }[];
  };
}

/**
 * Deletes a pod unless its PodDisruptionBudget forbids it.
 * @throws StatusError 429 when it does; 500 when two budgets speak of the pod
 */
export function evict(
  server: EmbeddedApiServer,
  pod: ObjectReference,
  user: string,
  options: { uid?: string; gracePeriodSeconds?: number },
): void {
  const object = server.peek<EvictedPod>(pod);
  if (object === undefined) throw notFound(pod);
  const budgets = server
    .peekAll<Budget>({ resource: podDisruptionBudgets, ...(pod.namespace && { namespace: pod.namespace }) })
    .filter(({ spec }) => labelSelectorMatches(spec?.selector, object.metadata.labels));
  if (budgets.length > 1) {
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [budget] = budgets;
  if (budget !== undefined && mustBeAsked(budget, object)) takeFrom(server, budget);
  const call = new ApiCall({ ...pod, user, verb: 'delete' });
  server.requests.delete(call, options);
}

function mustBeAsked({ spec }: Budget, { metadata, status }: EvictedPod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  if (status?.phase === 'Pending' || status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  const ready = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  return ready || spec?.unhealthyPodEvictionPolicy !== 'AlwaysAllow';
}

/** Takes one disruption from what the budget allows; its controller counts anew when it sees the pod go. */
function takeFrom(server: EmbeddedApiServer, { metadata, status = {} }: Budget): void {
  const { name, namespace } = metadata;
  const { disruptionsAllowed: allowed = 0 } = status;
  if (allowed <= 0) {
    throw new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", [
      { message: `The disruption budget ${name} needs more healthy pods before it allows another disruption.` },
    ]);
  }
  const reference = { resource: podDisruptionBudgets, name, ...(namespace === undefined ? {} : { namespace }) };
  server.setStatus(reference, { ...status, disruptionsAllowed: allowed - 1 }, 'kube-apiserver');
}
