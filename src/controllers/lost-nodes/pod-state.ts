import type { V1ContainerStatus } from '@kubernetes/client-node';
import { isReady } from '../kubernetes-types.ts';
import type { Pod } from '../kubernetes-types.ts';
import { isSaidToBeOff } from './node-state.ts';
import type { NodeState } from './node-state.ts';

/**
 * Whether a pod sits on a node that is lost. Kubernetes says so by an odd pair of conditions: kubelet's last word is that
 * its containers are ready, and the node controller's that the pod is not. What is read of the node itself has a veto:
 * a node that is back says so before its pods do.
 */
export function isStuck(pod: Pod, node: NodeState | undefined): boolean {
  if (isSaidToBeOff(node)) return true;
  if (isReady(pod)) return false;
  const kubelet = node?.kind === 'present' ? node.kubelet : 'unknown';
  if (kubelet === 'ready' || kubelet === 'unreachable') return kubelet === 'unreachable';
  return conditionOf(pod, 'ContainersReady')?.status === 'True';
}

/**
 * Whether kubelet has said that all of the pod's containers have ended, and none will be started again: only a pod in one
 * of its two last phases stays there. The phase alone says nothing: when a node is given up, the pods on it are called
 * failed by those who cannot know, and their containers' states stay as they were.
 */
export function hasEnded({ spec, status }: Pod): boolean {
  if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') return false;
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const expected = (spec?.initContainers ?? []).length + (spec?.containers ?? []).length;
  return statuses.length > 0 && statuses.length >= expected && statuses.every(hasTerminated);
}

const hasTerminated = ({ state }: V1ContainerStatus): boolean => state?.terminated !== undefined;

const conditionOf = ({ status }: Pod, type: string) => status?.conditions?.find((condition) => condition.type === type);
