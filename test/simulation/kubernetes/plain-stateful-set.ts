import { names, type PairComponent } from '../../../src/api/names.ts';
import { SERVICE_NAME_LABEL } from '../../../src/controllers/build/endpoint-slice.ts';
import type { Pod, Service, StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import type { EndpointSlice } from '../../../src/kube/kubernetes-object.ts';
import { endpointSlices, pods, services, statefulSets } from '../../../src/kube/resource.ts';
import type { World } from '../world.ts';
import { PlainPod } from './plain-pod.ts';
import { podOf } from './stateful-set.ts';

/** What Kubernetes makes of a pair's plain form: its StatefulSet of one, and the slice of the Service that selects it. */
export class PlainStatefulSet {
  readonly component: PairComponent;
  pod: PlainPod | undefined;
  readonly #world: World;
  #object: StatefulSet | undefined;
  #making = false;

  constructor(component: PairComponent, world: World) {
    this.component = component;
    this.#world = world;
  }

  /** The name of the slice that Kubernetes makes. */
  get sliceName(): string {
    return `${names.pair(this.#world.cluster.name, this.component)}-plain`;
  }

  get #replicas(): number {
    return this.#object?.spec?.replicas ?? 0;
  }

  changed(object: StatefulSet): void {
    const before = this.#object;
    this.#object = object;
    if (before?.metadata.generation === object.metadata.generation) return;
    const { timeline, random } = this.#world;
    timeline.after(random.between(5, 50), () => {
      this.#writeStatus();
      if (this.#replicas === 0 && this.pod) this.#delete(this.pod);
      if (this.#replicas > 0) this.#makePod();
    });
  }

  #delete({ identity: { name, uid } }: PlainPod): void {
    const { api, namespace } = this.#world;
    void api.delete({ resource: pods, namespace, name }, { uid });
  }

  podDeleted(uid: string | undefined): void {
    if (this.pod?.identity.uid !== uid) return;
    this.pod = undefined;
    this.serviceChanged();
    this.#world.timeline.after(this.#world.random.between(5, 50), () => {
      this.#writeStatus();
      if (this.#replicas > 0) this.#makePod();
    });
  }

  #writeStatus(): void {
    const { metadata } = this.#object ?? {};
    if (metadata === undefined) return;
    const { namespace, server } = this.#world;
    const status = {
      observedGeneration: metadata.generation,
      updateRevision: metadata.name,
      replicas: this.#replicas === 0 && this.pod === undefined ? 0 : 1,
    };
    server.setStatus({ resource: statefulSets, namespace, name: metadata.name }, status, 'statefulset-controller');
  }

  #makePod(): void {
    if (this.#making) return;
    this.#making = true;
    const { timeline, random } = this.#world;
    timeline.after(random.between(10, 300), () => void this.#make());
  }

  async #make(): Promise<void> {
    const world = this.#world;
    const { namespace, cluster } = world;
    const { component } = this;
    const free = world.nodes.filter((node) => node.up);
    const wanted = this.pod === undefined && this.#replicas > 0 && this.#object !== undefined;
    if (wanted && free.length === 0) {
      world.timeline.after(1_000, () => void this.#make());
      return;
    }
    this.#making = false;
    if (!wanted || this.#object === undefined) return;
    const node = world.random.pick(free);
    const name = names.plainPod(cluster.name, component);
    const body = podOf(this.#object, name, this.#object.metadata.name, node.name);
    const made = await world.api.create<Pod>({ resource: pods, namespace }, body);
    const ip = world.nextIp(node);
    this.pod = new PlainPod({ component, name, uid: made.metadata.uid ?? '', ip }, node, world);
    this.pod.setStatus(false);
    this.serviceChanged();
  }

  /** Kubernetes writes a slice for a Service that selects pods, and leaves it as it is when the selector has gone. */
  serviceChanged(): void {
    const { timeline, random } = this.#world;
    if (this.#isSelected) timeline.after(random.between(10, 150), () => void this.#writeSlice());
  }

  /** Whether the pair's Service selects the plain pod. */
  get #isSelected(): boolean {
    const { server, namespace, cluster } = this.#world;
    const name = names.pair(cluster.name, this.component);
    const selector = server.peek<Service>({ resource: services, namespace, name })?.spec?.selector ?? {};
    return Object.keys(selector).length > 0;
  }

  async #writeSlice(): Promise<void> {
    if (!this.#isSelected) return;
    const { server, api, namespace, cluster } = this.#world;
    const service = names.pair(cluster.name, this.component);
    const reference = { resource: endpointSlices, namespace, name: this.sliceName };
    const live = server.peek<EndpointSlice>(reference);
    const ip = this.pod?.identity.ip;
    const endpoints = ip === undefined ? [] : [{ addresses: [ip], conditions: { ready: true } }];
    if (live) await api.replace(reference, { ...live, endpoints });
    else {
      const managedBy = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
      await api.create<EndpointSlice>(reference, {
        apiVersion: endpointSlices.apiVersion,
        kind: endpointSlices.kind,
        metadata: { name: this.sliceName, namespace, labels: { [SERVICE_NAME_LABEL]: service, ...managedBy } },
        addressType: 'IPv4',
        ports: [],
        endpoints,
      });
    }
  }
}
