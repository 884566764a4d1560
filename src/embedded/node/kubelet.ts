import type { Pod } from '../../controllers/kubernetes-types.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import { pods } from '../../kube/resource.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import { ApiCall } from '../interceptor.ts';
import { StatusError } from '../status-error.ts';
import type { Surroundings } from '../programs/program.ts';
import { PodWorker } from './pod-worker.ts';
import type { VirtualNode } from './virtual-node.ts';

/** From a change in the API to what kubelet makes of it. */
const HEARS_AFTER: Milliseconds = 20;

/** What a node does with the pods that are bound to it. */
export class Kubelet {
  readonly node: VirtualNode;
  readonly #plane: ControlPlane;
  readonly #surroundings: Surroundings;
  readonly #pulls: (image: string) => boolean;
  /** By uid: the pod of a name may have a successor while it still lives. */
  readonly #workers = new Map<string, PodWorker>();

  constructor(
    node: VirtualNode,
    plane: ControlPlane,
    surroundings: Surroundings,
    pulls: (image: string) => boolean = () => true,
  ) {
    this.node = node;
    this.#plane = plane;
    this.#surroundings = surroundings;
    this.#pulls = pulls;
    plane.onServing(() => this.relist());
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  get workers(): PodWorker[] {
    return [...this.#workers.values()];
  }

  /** A pod that is bound to this node was written, or has gone. */
  changed(pod: Pod, exists: boolean): void {
    this.#plane.clock.setTimer(HEARS_AFTER, () => {
      if (this.#hears) this.#sync(pod, exists);
    });
  }

  /** Looks at everything anew: it may have missed something. */
  relist(): void {
    if (!this.#hears) return;
    const bound = this.#plane.server
      .peekAll<Pod>({ resource: pods })
      .filter(({ spec }) => spec?.nodeName === this.node.name);
    const known = new Set(bound.map(({ metadata }) => metadata.uid));
    for (const worker of this.workers) {
      if (!known.has(worker.pod.metadata.uid)) this.#sync(worker.pod, false);
      else worker.reportAgain();
    }
    for (const pod of bound) this.#sync(pod, true);
  }

  powerOff(): void {
    for (const worker of this.workers) {
      worker.powerOff();
      this.#surroundings.network.podLost(worker.address);
    }
    this.#workers.clear();
  }

  get #hears(): boolean {
    return this.node.up && this.#plane.serving;
  }

  #sync(pod: Pod, exists: boolean): void {
    const { uid = '', deletionTimestamp } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (!exists) {
      if (worker?.terminating === false) worker.forceEnd();
      return;
    }
    if (worker !== undefined) worker.update(this.#latest(pod));
    else if (deletionTimestamp === undefined) this.#begin(pod);
    // Nothing of it runs here (any more).
    else this.#remove(pod);
  }

  /** The newest state of the very same pod. */
  #latest(pod: Pod): Pod {
    const { name, namespace = '', uid } = pod.metadata;
    const present = this.#plane.server.peek<Pod>({ resource: pods, namespace, name });
    return present?.metadata.uid === uid && present !== undefined ? present : pod;
  }

  #begin(pod: Pod): void {
    const { uid = '' } = pod.metadata;
    const address = this.node.nextAddress();
    const { network } = this.#surroundings;
    network.podGot(address, this.node);
    const worker = new PodWorker({
      surroundings: this.#surroundings,
      host: this.node,
      pod,
      address,
      pulls: this.#pulls,
      report: (status) => this.#report(pod, status),
      ended: () => {
        this.#workers.delete(uid);
        network.podLost(address);
        this.#remove(pod);
      },
    });
    this.#workers.set(uid, worker);
    worker.start();
  }

  #report(pod: Pod, status: object): void {
    const { name, namespace = '', uid } = pod.metadata;
    const reference = { resource: pods, namespace, name };
    if (!this.#hears || this.#plane.server.peek(reference)?.metadata.uid !== uid) return;
    this.#plane.server.setStatus(reference, status);
  }

  /** Takes the object away for good. While the API server is away it stays, and is found at the next list. */
  #remove({ metadata: { name, namespace = '', uid = '' } }: Pod): void {
    if (!this.#hears) return;
    const call = new ApiCall({ user: 'kubelet', verb: 'delete', resource: pods, namespace, name });
    try {
      this.#plane.server.requests.delete(call, { uid, gracePeriodSeconds: 0 });
    } catch (error) {
      // It has gone already, or another pod has its name.
      if (!(error instanceof StatusError)) throw error;
    }
  }
}
