import { Statestored } from '../../../src/embedded/impala/statestored.ts';
import type { SimulatedNode } from '../engine/node.ts';
import { SimulatedProcess } from '../engine/simulated-process.ts';
import type { World } from '../world.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { subscribe, type SimulatedStatestored, type SimulatedSubscriber } from './subscribe.ts';

/** The first nodes have a coordinator each, the others an executor. */
export const COORDINATORS = 2;

/** The daemons that serve, and who subscribes to them. */
export class ImpalaDaemons {
  readonly subscribers: SimulatedSubscriber[] = [];
  readonly #world: World;
  readonly #statestoreds = new Map<DaemonProcess, SimulatedStatestored>();

  constructor(world: World) {
    this.#world = world;
  }

  /** It runs; once it serves, others find it. */
  serve(daemon: DaemonProcess): void {
    this.#world.clusterNetwork.daemons.add(daemon);
    daemon.onServing.push(() => {
      if (daemon.component === 'statestore')
        this.#statestoreds.set(daemon, new Statestored(daemon, daemon.claim, daemon.process));
      else this.#subscribe('catalogd', daemon.process, daemon);
    });
  }

  /** The statestored that a daemon has become, once it serves. */
  statestoredOf(daemon: DaemonProcess): SimulatedStatestored | undefined {
    return this.#statestoreds.get(daemon);
  }

  startImpalads(kind: 'coordinator' | 'executor'): void {
    const nodes =
      kind === 'coordinator' ? this.#world.nodes.slice(0, COORDINATORS) : this.#world.nodes.slice(COORDINATORS);
    for (const node of nodes) this.#startImpalad(kind, node);
  }

  stopImpalads(kind: 'coordinator' | 'executor'): void {
    for (const { name, process } of this.subscribers) if (name.startsWith(`${kind} `)) process.kill();
    this.#forgetDead();
  }

  /** An impalad outlives everything but its node. */
  #startImpalad(kind: 'coordinator' | 'executor', node: SimulatedNode): void {
    this.#subscribe(`${kind} ${node.name}`, new SimulatedProcess(`${kind} ${node.name}`, node, this.#world.timeline));
  }

  restartImpalads(node: SimulatedNode): void {
    for (const subscriber of this.subscribers.filter(({ process, catalogd }) => process.node === node && !catalogd)) {
      subscriber.process.kill();
      this.#subscribe(subscriber.name, new SimulatedProcess(subscriber.name, node, this.#world.timeline));
    }
    this.#forgetDead();
  }

  #subscribe(name: string, process: SimulatedProcess, catalogd?: DaemonProcess): void {
    this.#forgetDead();
    if (!this.#world.components.includes('statestore')) return;
    const subscription = {
      name,
      process,
      ...(catalogd && { catalogd }),
      statestoredOf: (daemon: DaemonProcess) => this.#statestoreds.get(daemon),
      onRegistered: (one: SimulatedSubscriber) => this.#world.invariants.registered(one),
    };
    this.subscribers.push(subscribe(subscription, this.#world.clusterNetwork, this.#world.random));
  }

  #forgetDead(): void {
    const living = this.subscribers.filter(({ process }) => process.alive);
    this.subscribers.splice(0, this.subscribers.length, ...living);
  }
}
