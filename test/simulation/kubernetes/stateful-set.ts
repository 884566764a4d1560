import { annotations, names, type Member, type PairComponent } from '../../../src/api/names.ts';
import { objectLabels } from '../../../src/controllers/build/metadata.ts';
import type { AgentConfiguration } from '../../../src/daemons/agent-configuration.ts';
import { pods, statefulSets } from '../../../src/kube/resource.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { SimulatedPod } from './simulated-pod.ts';
import type { World } from '../world.ts';

/**
 * The StatefulSet of one member, with the scheduler behind it: as soon as there is no pod object of the member's name it
 * makes one, whether or not the processes of the last one have died.
 */
export class MemberStatefulSet {
  readonly component: PairComponent;
  readonly member: Member;
  /** What new pods are given. */
  configuration: AgentConfiguration;
  /** The pod that the API server knows. */
  pod: SimulatedPod | undefined;
  readonly #world: World;

  constructor(component: PairComponent, member: Member, configuration: AgentConfiguration, world: World) {
    this.component = component;
    this.member = member;
    this.configuration = configuration;
    this.#world = world;
  }

  get name(): string {
    return names.memberPod(this.#world.cluster.name, this.component, this.member);
  }

  /** Makes the StatefulSet, and from then on its pod. */
  async create(): Promise<void> {
    const { cluster, api } = this.#world;
    const name = names.memberStatefulSet(cluster.name, this.component, this.member);
    const labels = objectLabels(cluster, { component: this.component, member: this.member });
    const body: KubernetesObject = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name, namespace: cluster.namespace, labels },
    };
    await api.create({ resource: statefulSets, namespace: cluster.namespace }, body);
    this.makePod();
  }

  /** Makes the next pod as soon as there is a node for it. */
  makePod(): void {
    const { timeline, random } = this.#world;
    this.pod = undefined;
    timeline.after(random.between(10, 300), () => void this.#make());
  }

  async #make(): Promise<void> {
    const world = this.#world;
    if (this.pod !== undefined) return;
    const node = world.nodeFor(this);
    if (node === undefined) {
      world.timeline.after(1_000, () => void this.#make());
      return;
    }
    const { cluster, api } = world;
    const ip = world.nextIp(node);
    const object: KubernetesObject & { spec: object; status: object } = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: this.name,
        namespace: cluster.namespace,
        labels: objectLabels(cluster, { component: this.component, member: this.member }),
        annotations: { [annotations.template]: this.configuration.template },
      },
      spec: { nodeName: node.name, containers: [] },
      status: { phase: 'Running', podIP: ip },
    };
    const reference = { resource: pods, namespace: cluster.namespace };
    const made = await api.create(reference, object);
    world.setPodStatus(this.name, object.status);
    const { component, member, configuration } = this;
    const uid = made.metadata.uid ?? '';
    const pod = new SimulatedPod({ component, member, name: this.name, uid, ip, configuration }, node, world);
    this.pod = pod;
    world.podMade(pod);
  }
}
