import { names } from '../../../src/api/names.ts';
import type { StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import { statefulSets } from '../../../src/kube/resource.ts';
import type { World } from '../world.ts';

const PROBE_PERIOD = 1_000;

/** The StatefulSet of coordinators or executors, as its status tells: which of them are registered, as their readiness probes say. */
export class ImpaladStatefulSet {
  readonly kind: 'coordinator' | 'executor';
  readonly #world: World;
  #told = '';
  #running = true;
  #replicas = 0;

  constructor(kind: 'coordinator' | 'executor', world: World) {
    this.kind = kind;
    this.#world = world;
  }

  start(): void {
    const look = (): void => {
      this.#look();
      this.#world.timeline.after(PROBE_PERIOD, look);
    };
    look();
  }

  /** How many are registered with a statestored. */
  get ready(): number {
    const own = this.#world.daemons.subscribers.filter(({ name }) => name.startsWith(`${this.kind} `));
    return own.filter(({ process, registeredWith }) => process.alive && registeredWith?.daemon.alive).length;
  }

  #turn(on: boolean): void {
    this.#running = on;
    if (on) this.#world.daemons.startImpalads(this.kind);
    else this.#world.daemons.stopImpalads(this.kind);
  }

  #look(): void {
    const { server, namespace, cluster } = this.#world;
    const reference = { resource: statefulSets, namespace, name: names.impalads(cluster.name, this.kind) };
    const object = server.peek<StatefulSet>(reference);
    if (object === undefined) return;
    const { metadata, spec } = object;
    const wanted = spec?.replicas ?? 1;
    const { generation: observedGeneration } = metadata;
    // A daemon ends, or begins, between two looks.
    const replicas = wanted === 0 && this.#running ? this.#replicas : wanted;
    if (this.#running !== wanted > 0) this.#turn(wanted > 0);
    this.#replicas = wanted;
    const status = { observedGeneration, replicas, updatedReplicas: replicas, readyReplicas: this.ready };
    const told = JSON.stringify(status);
    if (told === this.#told) return;
    this.#told = told;
    server.setStatus(reference, status, 'statefulset-controller');
  }
}
