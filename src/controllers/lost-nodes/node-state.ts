import type { Node } from '../kubernetes-types.ts';

/**
 * What is known of a node.
 * - `unreadable`: the operator was not answered, or (`forbidden`) may not read nodes.
 * - `deleted`: there is no such Node object.
 */
export type NodeState =
  | { readonly kind: 'unreadable'; readonly forbidden: boolean }
  | { readonly kind: 'deleted' }
  | {
      readonly kind: 'present';
      /** `unready`: its kubelet says itself that it cannot run pods. `unreachable`: it has not been heard of for a while. */
      readonly kubelet: 'ready' | 'unready' | 'unreachable';
      /** An administrator has said that it is off, by the taint node.kubernetes.io/out-of-service. */
      readonly outOfService: boolean;
      /** Changes with each start of the machine. */
      readonly boot: string | undefined;
    };

/** The states of those nodes that a pass has to know of, by name. */
export type NodeStates = ReadonlyMap<string, NodeState>;

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

export function nodeStateOf({ spec, status }: Node): NodeState {
  const tainted = (key: string): boolean => spec?.taints?.some((taint) => taint.key === key) ?? false;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const unreachable = ready === undefined || ready === 'Unknown' || tainted(UNREACHABLE);
  return {
    kind: 'present',
    kubelet: unreachable ? 'unreachable' : ready === 'True' ? 'ready' : 'unready',
    outOfService: tainted(OUT_OF_SERVICE),
    boot: status?.nodeInfo?.bootID || undefined,
  };
}

/** Whether somebody, or the cloud, has said that nothing runs on the node any more. */
export const isSaidToBeOff = (state: NodeState | undefined): boolean =>
  state?.kind === 'deleted' || (state?.kind === 'present' && state.outOfService);
