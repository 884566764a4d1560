import { labels } from '../../../src/api/names.ts';
import type { Node, StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import type { Change } from '../../../src/embedded/versioned-store.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { nodes, pods, statefulSets } from '../../../src/kube/resource.ts';
import type { SimulatedNode } from '../engine/node.ts';
import type { NodeWord } from '../faults/fault.ts';
import type { World } from '../world.ts';
import type { SimulatedPod } from './simulated-pod.ts';
import type { MemberStatefulSet } from './stateful-set.ts';

const OUT_OF_SERVICE = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };

/** Kubernetes' own hand in the objects: what controllers, scheduler and kubelets write, and what they do about a write. */
export class ControlPlane {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** What Kubernetes' controllers and kubelets do about a write. */
  follow({ resource, type, object, previous }: Change): void {
    if (resource.kind === 'StatefulSet') this.#statefulSetChanged(object);
    if (resource.kind !== 'Pod' || type === 'ADDED') return;
    const pod = [...this.#world.pods].find(({ identity }) => identity.uid === object.metadata.uid);
    if (type === 'DELETED') {
      if (pod) this.#forceDeleted(pod);
      this.#memberOf(object)?.podDeleted(object.metadata.uid);
    } else if (object.metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined) {
      if (pod) this.#world.kubelets.get(pod.node)?.deleted(pod);
    }
  }

  #statefulSetChanged(object: StatefulSet): void {
    const { metadata, spec, status } = object;
    const member = this.#memberOf(object);
    if (member) member.changed(object);
    else if (spec?.replicas === 0 && status?.observedGeneration !== metadata.generation && isOfPair(metadata)) {
      // Of a component that is not simulated: it has no pods, and says so when that is asked.
      const reference = { resource: statefulSets, namespace: this.#world.namespace, name: metadata.name };
      this.#world.server.setStatus(
        reference,
        { observedGeneration: metadata.generation, replicas: 0 },
        'statefulset-controller',
      );
    }
  }

  #memberOf({ metadata }: KubernetesObject): MemberStatefulSet | undefined {
    const { [labels.impalaComponent]: component, [labels.member]: member } = metadata.labels ?? {};
    return this.#world.statefulSets.find((set) => set.component === component && set.member === member);
  }

  /** Where a member's next pod goes: never beside a pod of the other member that the API server knows. */
  nodeFor(set: MemberStatefulSet): SimulatedNode | undefined {
    const other = this.#world.statefulSets.find(
      ({ component, member }) => component === set.component && member !== set.member,
    );
    const free = this.#world.nodes.filter(
      (node) =>
        node.up && node !== other?.pod?.node && this.#world.network.reaches([`kubelet ${node.name}`, node.name], 'api'),
    );
    return free.length === 0 ? undefined : this.#world.random.pick(free);
  }

  /**
   * What kubelet says of a pod, or the control plane in its place.
   * @param containersReady kubelet's own word; what it was when left out
   */
  setPodStatus(pod: SimulatedPod, ready: boolean, containersReady?: boolean): void {
    if (!this.podExists(pod)) return;
    const { name, ip } = pod.identity;
    pod.containersReady = containersReady ?? pod.containersReady;
    const condition = (type: string, holds: boolean): object => ({ type, status: holds ? 'True' : 'False' });
    const conditions = [condition('Ready', ready), condition('ContainersReady', pod.containersReady)];
    const reference = { resource: pods, namespace: this.#world.namespace, name };
    this.#world.server.setStatus(reference, { phase: 'Running', podIP: ip, conditions });
  }

  nodeExists(node: SimulatedNode): boolean {
    return this.#world.server.peek({ resource: nodes, name: node.name }) !== undefined;
  }

  /** What a node's kubelet says of it; `Unknown` when it has said nothing for long. A kubelet makes its Node anew. */
  setNodeStatus(node: SimulatedNode, heard: boolean): void {
    const reference = { resource: nodes, name: node.name };
    if (!this.nodeExists(node)) {
      if (!heard) return;
      void this.#world.api.create(
        { resource: nodes },
        { apiVersion: 'v1', kind: 'Node', metadata: { name: node.name } },
      );
    }
    const conditions = [{ type: 'Ready', status: heard ? 'True' : 'Unknown' }];
    const known = this.#world.server.peek<Node>(reference)?.status?.nodeInfo;
    this.#world.server.setStatus(reference, { conditions, nodeInfo: heard ? { bootID: node.bootId } : known });
  }

  podExists(pod: SimulatedPod): boolean {
    const { name, uid } = pod.identity;
    return this.#world.server.peek({ resource: pods, namespace: this.#world.namespace, name })?.metadata.uid === uid;
  }

  /** Somebody deletes a pod. @param force its object goes at once */
  deletePod(pod: SimulatedPod, force: boolean): void {
    if (!this.podExists(pod)) return;
    const { name, uid } = pod.identity;
    const options = force ? { uid, gracePeriodSeconds: 0 } : { uid };
    void this.#world.api.delete({ resource: pods, namespace: this.#world.namespace, name }, options);
  }

  /** A pod's object has gone before its processes have. */
  #forceDeleted(pod: SimulatedPod): void {
    this.#world.timeline.after(this.#world.random.between(0, 10_000), () => (pod.tokenDead = true));
    this.#world.kubelets.get(pod.node)?.forceDeleted(pod);
  }

  sayNodeIsOff(node: SimulatedNode, word: NodeWord): void {
    if (node.up || !this.nodeExists(node) || word === 'nothing') return;
    const reference = { resource: nodes, name: node.name };
    if (word === 'Node deleted') void this.#world.api.delete(reference);
    else void this.#world.api.mergePatch(reference, { spec: { taints: [OUT_OF_SERVICE] } });
  }

  /** Before it is switched on again. */
  unsayNodeIsOff(node: SimulatedNode): void {
    if (this.nodeExists(node))
      void this.#world.api.mergePatch({ resource: nodes, name: node.name }, { spec: { taints: [] } });
  }
}

const isOfPair = ({ labels: of }: KubernetesObject['metadata']): boolean => of?.[labels.member] !== undefined;
