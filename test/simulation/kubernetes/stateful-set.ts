import { annotations, names, type Member, type PairComponent } from '../../../src/api/names.ts';
import type { Pod, StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import { AGENT_ENVIRONMENT, type AgentConfiguration } from '../../../src/daemons/agent-configuration.ts';
import { pods, statefulSets } from '../../../src/kube/resource.ts';
import { SimulatedPod } from './simulated-pod.ts';
import type { World } from '../world.ts';

/** What no daemon starts with. */
export const BAD_FLAG = '-v=bad';

/** The label by which a StatefulSet tells which of its revisions a pod was made from. */
const REVISION_LABEL = 'controller-revision-hash';

/**
 * What Kubernetes makes of the StatefulSet of one member, with the scheduler behind it: as soon as there is no pod object
 * of the member's name it makes one, whether or not the processes of the last one have died; a pod of an older template is
 * deleted, and so is one of a StatefulSet that shall have none.
 */
export class MemberStatefulSet {
  readonly component: PairComponent;
  readonly member: Member;
  /** The pod that the API server knows. */
  pod: SimulatedPod | undefined;
  /** When its last pod went. */
  podGoneAt = 0;
  readonly #world: World;
  #object: StatefulSet | undefined;
  #making = false;

  constructor(component: PairComponent, member: Member, world: World) {
    this.component = component;
    this.member = member;
    this.#world = world;
  }

  get name(): string {
    return names.memberPod(this.#world.cluster.name, this.component, this.member);
  }

  /** The hash of the template that new pods are made from. */
  get template(): string | undefined {
    return this.#object?.spec?.template.metadata?.annotations?.[annotations.template];
  }

  /** How the daemon of new pods is called. */
  get command(): readonly string[] {
    return commandOf(this.#object);
  }

  /** How many pods there shall be: none while the cluster is stopped. */
  get #replicas(): number {
    return this.#object?.spec?.replicas ?? 1;
  }

  get #revision(): string {
    return `${this.#object?.metadata.name ?? ''}-${this.template ?? ''}`;
  }

  /** Somebody has written the StatefulSet. */
  changed(object: StatefulSet): void {
    const before = this.#object;
    this.#object = object;
    if (before?.metadata.generation === object.metadata.generation) return;
    const { timeline, random } = this.#world;
    timeline.after(random.between(5, 50), () => {
      this.#writeStatus();
      this.#replaceOutdated();
    });
    this.makePod();
  }

  /** As much of the status as the operator looks at. */
  #writeStatus(): void {
    const { metadata } = this.#object ?? {};
    if (metadata === undefined) return;
    const replicas = this.#replicas === 0 && this.pod === undefined ? 0 : 1;
    const status = { observedGeneration: metadata.generation, updateRevision: this.#revision, replicas };
    const reference = { resource: statefulSets, namespace: this.#world.namespace, name: metadata.name };
    this.#world.server.setStatus(reference, status, 'statefulset-controller');
  }

  #replaceOutdated(): void {
    const { pod } = this;
    if (pod === undefined) return;
    const outdated = pod.identity.configuration.template !== this.template;
    if (outdated || this.#replicas === 0) this.#world.controlPlane.deletePod(pod, false);
  }

  podDeleted(uid: string | undefined): void {
    if (this.pod?.identity.uid === uid) {
      this.pod = undefined;
      this.podGoneAt = this.#world.timeline.now;
    }
    if (this.#replicas > 0) this.makePod();
    else this.#world.timeline.after(this.#world.random.between(5, 50), () => this.#writeStatus());
  }

  /** Makes the next pod as soon as there is a node for it. */
  makePod(): void {
    if (this.#making || this.#object === undefined || this.#replicas === 0) return;
    this.#making = true;
    const { timeline, random } = this.#world;
    timeline.after(random.between(10, 300), () => void this.#make());
  }

  async #make(): Promise<void> {
    const world = this.#world;
    const wanted = this.pod === undefined && this.#replicas > 0;
    const node = wanted ? world.controlPlane.nodeFor(this) : undefined;
    if (wanted && node === undefined) {
      world.timeline.after(1_000, () => void this.#make());
      return;
    }
    this.#making = false;
    if (node === undefined || this.#object === undefined) return;
    const { component, member } = this;
    const configuration = configurationOf(this.#object);
    const bad = this.command.includes(BAD_FLAG);
    const ip = world.nextIp(node);
    const body = podOf(this.#object, this.name, this.#revision, node.name);
    const made = await world.api.create<Pod>({ resource: pods, namespace: world.namespace }, body);
    const uid = made.metadata.uid ?? '';
    const pod = new SimulatedPod({ component, member, name: this.name, uid, ip, configuration, bad }, node, world);
    this.pod = pod;
    world.controlPlane.setPodStatus(pod, false);
    world.podMade(pod);
  }
}

/** As much of a pod as anybody looks at. */
export function podOf({ metadata, spec }: StatefulSet, name: string, revision: string, nodeName: string): Pod {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: metadata.name, uid: metadata.uid ?? '' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      labels: { ...spec?.template.metadata?.labels, [REVISION_LABEL]: revision },
      annotations: { ...spec?.template.metadata?.annotations },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: { nodeName, containers: [] },
  };
}

const commandOf = (object: StatefulSet | undefined): readonly string[] =>
  object?.spec?.template.spec?.containers[0]?.command ?? [];

/** What the template's agent is told. */
function configurationOf({ spec }: StatefulSet): AgentConfiguration {
  const { metadata, spec: template } = spec?.template ?? {};
  const environment = template?.initContainers?.flatMap(({ env }) => env ?? []) ?? [];
  const text = environment.find(({ name }) => name === AGENT_ENVIRONMENT.configuration)?.value ?? '';
  const fixed = JSON.parse(text) as Omit<AgentConfiguration, 'template'>;
  return { ...fixed, template: metadata?.annotations?.[annotations.template] ?? '' };
}
