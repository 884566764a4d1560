import type { PairComponent } from '../../../src/api/names.ts';
import type { Dialled } from '../../../src/embedded/impala/subscriber.ts';
import type { SimulatedNode } from '../engine/node.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { Timeline } from '../engine/timeline.ts';
import type { Network } from '../kubernetes/network.ts';
import type { DaemonProcess } from './daemon-process.ts';

/** kube-proxy's minSyncPeriod, and what it takes. */
const SLOWEST_SYNC = 1_400;

/** The pair's Services as each node's kube-proxy has them, and the daemons behind them. */
export class ClusterNetwork {
  readonly daemons = new Set<DaemonProcess>();
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #network: Network;
  readonly #nodes: readonly SimulatedNode[];
  readonly #nodeOfIp = new Map<string, SimulatedNode>();
  /** What the slices say now. */
  readonly #addresses = new Map<PairComponent, string | undefined>();
  /** By node and component. */
  readonly #routes = new Map<string, string | undefined>();

  constructor(timeline: Timeline, random: SeededRandom, network: Network, nodes: readonly SimulatedNode[]) {
    this.#timeline = timeline;
    this.#random = random;
    this.#network = network;
    this.#nodes = nodes;
  }

  podGot(ip: string, node: SimulatedNode): void {
    this.#nodeOfIp.set(ip, node);
  }

  /** An EndpointSlice has changed: each kube-proxy follows when it hears of it. */
  sliceChanged(component: PairComponent, address: string | undefined): void {
    this.#addresses.set(component, address);
    for (const node of this.#nodes) {
      const delay = this.#random.chance(0.7) ? this.#random.between(30, 120) : this.#random.between(120, SLOWEST_SYNC);
      this.#timeline.after(delay, () => {
        void this.#network
          .whenReachable([`kubelet ${node.name}`, node.name], 'api')
          .then(() => this.#routes.set(`${node.name} ${component}`, this.#addresses.get(component)));
      });
    }
  }

  /** Whether packets go from node to node. */
  reaches(from: SimulatedNode, to: SimulatedNode): boolean {
    return from === to || (from.up && to.up && this.#network.reaches([from.name], to.name));
  }

  /** Opens a connection to a component's Service. */
  dial(from: SimulatedNode, component: PairComponent): Dialled<DaemonProcess> {
    const ip = this.#routes.get(`${from.name} ${component}`);
    if (ip === undefined) return { kind: 'refused' };
    const node = this.#nodeOfIp.get(ip);
    if (node === undefined || !node.up || node.frozen || !this.reaches(from, node)) return { kind: 'silence' };
    const daemon = [...this.daemons].find((one) => one.ip === ip && one.component === component && one.alive);
    if (!daemon?.serving) return { kind: 'refused' };
    return daemon.responsive ? { kind: 'connected', daemon } : { kind: 'silence' };
  }
}
