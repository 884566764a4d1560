import type { ImpalaCluster } from '../../api/impala-cluster.ts';
import type { Clock } from '../../kube/clock.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import type { Lease } from '../../kube/kubernetes-object.ts';
import type { PairSnapshot } from '../snapshot.ts';
import { NodeReader } from './node-reader.ts';
import type { NodeStates } from './node-state.ts';
import { nodesOfInterest } from './nodes-of-interest.ts';

/** Reads the nodes that a pass over a cluster has to know of. */
export class NodeScout {
  readonly #reader: NodeReader;
  readonly #isSilent: (lease: Lease) => boolean;

  /** @param isSilent whether a Lease has not been renewed for longer than it lasts */
  constructor(api: KubernetesApi, clock: Clock, isSilent: (lease: Lease) => boolean) {
    this.#reader = new NodeReader(api, clock);
    this.#isSilent = isSilent;
  }

  /** @throws KubernetesApiError of reason `Aborted` */
  look(pairs: readonly PairSnapshot[], status: ImpalaCluster['status']): Promise<NodeStates> {
    const names = pairs.flatMap((pair) => {
      const silent = pair.lease !== undefined && this.#isSilent(pair.lease);
      return nodesOfInterest(pair, status?.[pair.component]?.holder, silent);
    });
    return this.#reader.read(names);
  }
}
