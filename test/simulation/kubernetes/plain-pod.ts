import type { PairComponent } from '../../../src/api/names.ts';
import { pods } from '../../../src/kube/resource.ts';
import type { SimulatedNode } from '../engine/node.ts';
import { SimulatedProcess } from '../engine/simulated-process.ts';
import { DaemonProcess } from '../impala/daemon-process.ts';
import { LOAD_TIMES } from '../impala/load-times.ts';
import type { World } from '../world.ts';

/** kubelet's back-off begins at about that. */
const RESTARTED_AFTER = 10_000;
const GRACE = 30_000;
const PROBE_PERIOD = 1_000;

export interface PlainIdentity {
  readonly component: PairComponent;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
}

/** The pod that runs when high availability is off: a daemon that kubelet alone looks after. */
export class PlainPod {
  readonly identity: PlainIdentity;
  readonly node: SimulatedNode;
  /** Nobody ends its daemon at a deadline. */
  readonly guard = undefined;
  daemon: DaemonProcess | undefined;
  readonly #world: World;
  #terminating = false;
  #gone = false;
  #told = false;

  constructor(identity: PlainIdentity, node: SimulatedNode, world: World) {
    this.identity = identity;
    this.node = node;
    this.#world = world;
    world.kubelets.get(node)?.boundPlain(this);
  }

  /** Kubelet has heard of it, or its node is up again. */
  start(): void {
    this.#startAfter(this.#world.random.between(200, 900));
    this.#probe();
  }

  #startAfter(delay: number): void {
    const { boot } = this.node;
    this.#world.timeline.after(delay, () => {
      if (this.#terminating || !this.node.up || this.node.boot !== boot || this.daemon?.alive) return;
      if (this.node.frozen) this.node.whenThawed(() => this.#startAfter(100));
      else this.#startDaemon();
    });
  }

  #startDaemon(): void {
    const world = this.#world;
    const { component, uid, ip } = this.identity;
    const process = new SimulatedProcess(`plain ${component}`, this.node, world.timeline);
    const about = { component, process, podUid: uid, ip, term: 0, claim: `plain ${uid}` };
    const { least, most } = LOAD_TIMES[component];
    const character = { load: world.random.between(least, most), startFails: false };
    const daemon = new DaemonProcess(about, character, world.timeline, world.random);
    this.daemon = daemon;
    daemon.onDeath.push(() => {
      world.traceOf('Impala', `the plain ${component} ends`);
      world.clusterNetwork.daemons.delete(daemon);
      world.invariants.daemonEnded(daemon);
      if (this.#terminating) this.#ended();
      else if (this.node.up) this.#startAfter(RESTARTED_AFTER);
    });
    world.traceOf('Impala', `the plain ${component} STARTS on ${this.node.name}`);
    world.daemons.serve(daemon);
    world.invariants.daemonStarted(this, daemon);
  }

  /** What the API server is told of it. */
  setStatus(ready: boolean): void {
    const { server, namespace } = this.#world;
    const { name, uid, ip } = this.identity;
    const reference = { resource: pods, namespace, name };
    if (server.peek(reference)?.metadata.uid !== uid) return;
    const status = ready ? 'True' : 'False';
    const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status }));
    server.setStatus(reference, { phase: 'Running', podIP: ip, conditions });
  }

  /** What the readiness probe finds. */
  #probe(): void {
    const { boot } = this.node;
    const look = (): void => {
      if (this.#gone || this.node.boot !== boot) return;
      const ready = this.daemon?.alive === true && this.daemon.serving && !this.#terminating;
      if (ready !== this.#told) this.setStatus(ready);
      this.#told = ready;
      this.#world.timeline.after(PROBE_PERIOD, look);
    };
    look();
  }

  /** Its object was marked for deletion, and kubelet has heard of it. */
  terminate(): void {
    if (this.#terminating) return;
    this.#terminating = true;
    const { timeline, random } = this.#world;
    if (!this.daemon?.alive) this.#ended();
    timeline.after(random.between(20, 100), () => this.daemon?.terminate());
    timeline.after(GRACE, () => this.daemon?.kill());
  }

  /** Power loss. */
  powerOff(): void {
    this.daemon?.end(137);
  }

  #ended(): void {
    if (this.#gone) return;
    this.#gone = true;
    const { api, namespace, kubelets } = this.#world;
    const { name, uid } = this.identity;
    const kubelet = kubelets.get(this.node);
    kubelet?.plainPods.delete(this);
    void kubelet?.heard().then(() => {
      void api.delete({ resource: pods, namespace, name }, { uid, gracePeriodSeconds: 0 }).catch(() => undefined);
    });
  }
}
