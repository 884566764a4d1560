import { names } from '../../../src/api/names.ts';
import type { Change } from '../../../src/embedded/versioned-store.ts';
import type { EndpointSlice } from '../../../src/kube/kubernetes-object.ts';
import type { World } from '../world.ts';
import { PlainStatefulSet } from './plain-stateful-set.ts';

/** What Kubernetes makes of the pairs whose high availability is off. */
export class PlainForms {
  readonly #world: World;
  readonly #sets: readonly PlainStatefulSet[];

  constructor(world: World) {
    this.#world = world;
    this.#sets = world.components.map((component) => new PlainStatefulSet(component, world));
  }

  /** Follows a write. @returns whether it concerns nobody else */
  follow({ resource, type, object, previous }: Change): boolean {
    const { metadata } = object;
    const { cluster, clusterNetwork, kubelets } = this.#world;
    switch (resource.kind) {
      case 'EndpointSlice': {
        const routed = this.#sets.find(({ sliceName }) => sliceName === metadata.name);
        const { endpoints } = object as EndpointSlice;
        if (routed) clusterNetwork.sliceChanged(routed.component, endpoints?.[0]?.addresses[0]);
        return routed !== undefined;
      }
      case 'Service': {
        this.#sets.find(({ component }) => names.pair(cluster.name, component) === metadata.name)?.serviceChanged();
        return true;
      }
      case 'StatefulSet': {
        const set = this.#sets.find(
          ({ component }) => names.plainStatefulSet(cluster.name, component) === metadata.name,
        );
        set?.changed(object);
        return set !== undefined;
      }
      case 'Pod': {
        const set = this.#sets.find(({ pod }) => pod?.identity.uid === metadata.uid);
        if (set?.pod === undefined) return false;
        const marked = metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined;
        if (type === 'DELETED') set.podDeleted(metadata.uid);
        else if (marked) kubelets.get(set.pod.node)?.deletedPlain(set.pod);
        return true;
      }
      default:
        return false;
    }
  }
}
