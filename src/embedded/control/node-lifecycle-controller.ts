import type { Pod } from '../../controllers/kubernetes-types.ts';
import type { Milliseconds, Timer } from '../../kube/clock.ts';
import { pods } from '../../kube/resource.ts';
import { ApiCall } from '../interceptor.ts';
import { mergeJson } from '../json.ts';
import { nodes } from '../kinds/builtin-kinds.ts';
import type { VirtualNode } from '../node/virtual-node.ts';
import type { ControlPlane } from './control-plane.ts';
import type { NodeObject } from './scheduler.ts';

const USER = 'kube-controller-manager';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

export interface NodeTimes {
  /** After how long without a word a node counts as lost; Kubernetes takes about 49 s. */
  readonly grace: Milliseconds;
  /** How much later its pods are marked for deletion; Kubernetes' default toleration is 300 s. */
  readonly eviction: Milliseconds;
}

/** What the control plane makes of a node that says nothing any more: not ready, later evicted. */
export class NodeLifecycleController {
  readonly #plane: ControlPlane;
  readonly #times: NodeTimes;
  readonly #timers = new Map<string, Timer>();

  constructor(plane: ControlPlane, times: NodeTimes) {
    this.#plane = plane;
    this.#times = times;
  }

  /** Its kubelet has fallen silent. */
  lost(node: VirtualNode): void {
    this.#later(node, this.#times.grace, () => this.#declareLost(node));
  }

  /** Its kubelet speaks again. */
  returned(node: VirtualNode): void {
    this.#timers.get(node.name)?.cancel();
    const { server, clock } = this.#plane;
    const reference = { resource: nodes, name: node.name };
    if (server.peek(reference) === undefined) return;
    server.setStatus(reference, node.status(clock.date()));
    this.#taint(node, []);
  }

  #declareLost(node: VirtualNode): void {
    const { server, clock } = this.#plane;
    if (server.peek({ resource: nodes, name: node.name }) === undefined) return;
    const status = node.status(clock.date()) as { conditions: object[] };
    const unknown = status.conditions.map((condition) => ({
      ...condition,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    }));
    server.setStatus({ resource: nodes, name: node.name }, { ...status, conditions: unknown }, USER);
    this.#taint(node, ['NoSchedule', 'NoExecute']);
    for (const pod of this.#podsOn(node)) this.#setUnready(pod);
    this.#later(node, this.#times.eviction, () => {
      for (const pod of this.#podsOn(node)) this.#evict(pod);
    });
  }

  #later(node: VirtualNode, delay: Milliseconds, act: () => void): void {
    const { clock } = this.#plane;
    this.#timers.get(node.name)?.cancel();
    const timer = clock.setTimer(delay, () => {
      if (node.up) return;
      if (this.#plane.serving) act();
      else this.#later(node, 1_000, act);
    });
    this.#timers.set(node.name, timer);
  }

  #podsOn(node: VirtualNode): Pod[] {
    return this.#plane.server.peekAll<Pod>({ resource: pods }).filter(({ spec }) => spec?.nodeName === node.name);
  }

  #taint(node: VirtualNode, effects: readonly string[]): void {
    const { server } = this.#plane;
    const reference = { resource: nodes, name: node.name };
    const present = server.peek<NodeObject>(reference);
    if (present === undefined) return;
    const others = (present.spec?.taints ?? []).filter(({ key }) => key !== UNREACHABLE);
    const taints = [...others, ...effects.map((effect) => ({ key: UNREACHABLE, effect }))];
    const call = new ApiCall({ ...reference, user: USER, verb: 'patch' });
    server.requests.patch(call, (object) => mergeJson(object, { spec: { taints } }));
  }

  /** The containers' own condition stays as it was. */
  #setUnready({ metadata, status }: Pod): void {
    const { name, namespace = '' } = metadata;
    const conditions = status?.conditions?.map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: 'False', reason: 'NodeNotReady' } : condition,
    );
    this.#plane.server.setStatus({ resource: pods, namespace, name }, { ...status, conditions }, USER);
  }

  #evict({ metadata: { name, namespace = '', uid = '', deletionTimestamp } }: Pod): void {
    if (deletionTimestamp !== undefined) return;
    this.#plane.server.requests.delete(new ApiCall({ user: USER, verb: 'delete', resource: pods, namespace, name }), {
      uid,
    });
  }
}
