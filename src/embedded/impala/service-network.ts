import type { Clock } from '../../kube/clock.ts';
import type { EndpointSlice } from '../../kube/kubernetes-object.ts';
import type { Random } from '../../kube/random.ts';
import type { DaemonProcess } from './daemon-process.ts';
import type { Dialled } from './subscriber.ts';

/** A machine as the network knows it. */
export interface NetworkNode {
  readonly name: string;
  readonly up: boolean;
}

/** How long kube-proxy takes to follow an EndpointSlice, measured: most often some 60 ms, at times its sync period. */
const FOLLOWS = { usual: { least: 30, most: 120 }, slow: { least: 120, most: 1400 }, slowShare: 0.2 };

const SERVICE_NAME = 'kubernetes.io/service-name';

/** The Services without a selector as each node's kube-proxy has them, and the daemons behind them. */
export class ServiceNetwork {
  readonly daemons = new Set<DaemonProcess>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #nodes: () => readonly NetworkNode[];
  /** What the slices say, by `<namespace>/<service>`. */
  readonly #addresses = new Map<string, string | undefined>();
  /** By node, then by Service. */
  readonly #routes = new Map<string, Map<string, string | undefined>>();
  readonly #nodeOfAddress = new Map<string, NetworkNode>();

  constructor(clock: Clock, random: Random, nodes: () => readonly NetworkNode[]) {
    this.#clock = clock;
    this.#random = random;
    this.#nodes = nodes;
  }

  podGot(address: string, node: NetworkNode): void {
    this.#nodeOfAddress.set(address, node);
  }

  podLost(address: string): void {
    this.#nodeOfAddress.delete(address);
  }

  /** An EndpointSlice was written, or has gone: each live node follows in its own time. */
  sliceChanged(slice: EndpointSlice, exists: boolean): void {
    const { namespace = '', labels } = slice.metadata;
    const service = labels?.[SERVICE_NAME];
    if (service === undefined) return;
    const key = `${namespace}/${service}`;
    const address = exists ? slice.endpoints?.[0]?.addresses[0] : undefined;
    if (this.#addresses.get(key) === address) return;
    this.#addresses.set(key, address);
    for (const node of this.#nodes()) {
      if (node.up) this.#clock.setTimer(this.#delay(), () => this.#follow(node, key));
    }
  }

  /** A node has booted: its kube-proxy begins with what is there. */
  nodeBooted(node: NetworkNode): void {
    this.#routes.set(node.name, new Map(this.#addresses));
  }

  /** Where a Service leads from a node. */
  routeOf(node: NetworkNode, service: string): string | undefined {
    return this.#routes.get(node.name)?.get(service);
  }

  /** Whether packets go from node to node. */
  reaches(from: NetworkNode, to: NetworkNode): boolean {
    return from.up && to.up;
  }

  /** Opens a connection to a Service. */
  dial(from: NetworkNode, service: string): Dialled<DaemonProcess> {
    const address = this.routeOf(from, service);
    if (address === undefined) return { kind: 'refused' };
    const node = this.#nodeOfAddress.get(address);
    if (node === undefined || !this.reaches(from, node)) return { kind: 'silence' };
    const daemon = [...this.daemons].find((one) => one.address === address && one.alive);
    if (daemon?.serving !== true) return { kind: 'refused' };
    return daemon.responsive ? { kind: 'connected', daemon } : { kind: 'silence' };
  }

  #follow(node: NetworkNode, service: string): void {
    if (!node.up) return;
    const routes = this.#routes.get(node.name) ?? new Map<string, string | undefined>();
    this.#routes.set(node.name, routes);
    routes.set(service, this.#addresses.get(service));
  }

  #delay(): number {
    const { least, most } = this.#random() < FOLLOWS.slowShare ? FOLLOWS.slow : FOLLOWS.usual;
    return least + this.#random() * (most - least);
  }
}
