import type { SimulatedNode } from '../engine/node.ts';
import type { PlainPod } from './plain-pod.ts';
import type { SimulatedPod } from './simulated-pod.ts';
import type { World } from '../world.ts';

const GRACE = 30_000;
const PROBE_PERIOD = 1_000;
/** How many readiness probes in a row have to fail. */
const FAILURE_THRESHOLD = 3;
/** After so long without a word of a node the control plane says that its pods are not ready. */
const NODE_GRACE = 40_000;

/** What a node's kubelet does with its pods, in the times that were measured. It hears of deletions only while it reaches the API server. */
export class Kubelet {
  readonly node: SimulatedNode;
  readonly pods = new Set<SimulatedPod>();
  readonly plainPods = new Set<PlainPod>();
  readonly #world: World;

  constructor(node: SimulatedNode, world: World) {
    this.node = node;
    this.#world = world;
  }

  #lastWord = 0;

  /** From here on it probes its pods, and tells what it finds as far as it reaches the API server. */
  start(): void {
    const { timeline } = this.#world;
    const look = (): void => {
      this.#look();
      timeline.after(PROBE_PERIOD, look);
    };
    look();
  }

  #look(): void {
    const world = this.#world;
    const { now } = world.timeline;
    if (this.#inTouch) this.#lastWord = now;
    for (const pod of this.pods) {
      pod.failedProbes = pod.ready ? 0 : pod.failedProbes + 1;
      const ready = pod.agent !== undefined && pod.guard !== undefined && pod.failedProbes < FAILURE_THRESHOLD;
      pod.probedReady = pod.failedProbes === 0 || (pod.probedReady && ready);
      const word = this.#inTouch ? pod.probedReady : pod.toldReady && now - this.#lastWord < NODE_GRACE;
      if (word === pod.toldReady) continue;
      pod.toldReady = word;
      world.controlPlane.setPodStatus(pod, word, this.#inTouch ? word : undefined);
    }
    this.#lookAtNode(now);
  }

  #told = '';

  /** The Node object: kubelet's word, or that there is none any more. */
  #lookAtNode(now: number): void {
    const word = this.#inTouch ? this.node.bootId : now - this.#lastWord < NODE_GRACE ? this.#told : 'lost';
    if (word === this.#told && (!this.#inTouch || this.#world.controlPlane.nodeExists(this.node))) return;
    this.#told = word;
    this.#world.controlPlane.setNodeStatus(this.node, word !== 'lost');
  }

  /** Whether it runs and reaches the API server. */
  get #inTouch(): boolean {
    const { node } = this;
    return node.up && !node.frozen && this.#world.network.reaches([`kubelet ${node.name}`, node.name], 'api');
  }

  /** A pod was bound to this node. */
  bound(pod: SimulatedPod): void {
    void this.heard().then(() => {
      if (pod.gone) return;
      this.pods.add(pod);
      pod.start();
    });
  }

  boundPlain(pod: PlainPod): void {
    void this.heard().then(() => {
      this.plainPods.add(pod);
      pod.start();
    });
  }

  deletedPlain(pod: PlainPod): void {
    void this.heard().then(() => pod.terminate());
  }

  /** The pod's object was marked for deletion: it is stopped in order, then its object goes. */
  deleted(pod: SimulatedPod): void {
    const { timeline, random } = this.#world;
    void this.heard().then(() => {
      if (pod.gone || pod.terminating) return;
      pod.terminating = true;
      timeline.after(random.between(20, 100), () => pod.terminateGuard());
      this.#afterGuard(pod, () => timeline.after(random.between(80, 100), () => pod.terminateAgent()));
      timeline.after(GRACE, () => {
        pod.terminateAgent();
        pod.killGuard();
        timeline.after(2_000, () => pod.killAgent());
      });
      pod.whenEmpty(() => this.#ended(pod));
    });
  }

  /** The pod's object is gone already: what runs of it is stopped in a hurry. */
  forceDeleted(pod: SimulatedPod): void {
    const { timeline } = this.#world;
    void this.heard().then(() => {
      if (pod.gone) return;
      pod.terminating = true;
      timeline.after(400, () => pod.terminateGuard());
      timeline.after(1_400, () => pod.terminateAgent());
      timeline.after(2_400, () => pod.killGuard());
      timeline.after(3_600, () => pod.killAgent());
      pod.whenEmpty(() => this.#ended(pod));
    });
  }

  /** The node loses its power. */
  powerOff(): void {
    this.node.up = false;
    for (const pod of [...this.pods, ...this.plainPods]) pod.powerOff();
  }

  /** The node is back: kubelet starts what the API server still has for it. */
  powerOn(): void {
    this.node.up = true;
    this.node.boot++;
    void this.heard().then(() => {
      for (const pod of this.plainPods) pod.start();
      for (const pod of [...this.pods]) {
        if (this.#world.controlPlane.podExists(pod) && !pod.terminating) pod.start();
        else this.#ended(pod);
      }
    });
  }

  #afterGuard(pod: SimulatedPod, callback: () => void): void {
    const look = (): void => {
      if (pod.gone) return;
      if (pod.guard || pod.daemon?.alive) this.#world.timeline.after(20, look);
      else callback();
    };
    look();
  }

  #ended(pod: SimulatedPod): void {
    pod.gone = true;
    this.pods.delete(pod);
    void this.heard().then(() => this.#world.podEnded(pod));
  }

  /** Something that kubelet has to hear from the API server, or to tell it. */
  async heard(): Promise<void> {
    const { timeline, random } = this.#world;
    await timeline.sleep(random.between(5, 50));
    while (!this.#inTouch) {
      // It finds out when it lists again, a few seconds after the network is whole.
      await timeline.sleep(random.between(500, 4_000));
    }
  }
}
