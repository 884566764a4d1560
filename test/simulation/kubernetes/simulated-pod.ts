import type { AgentObserver } from '../../../src/agent/agent-parts.ts';
import { Agent } from '../../../src/agent/agent.ts';
import type { Member, PairComponent } from '../../../src/api/names.ts';
import type { AgentConfiguration } from '../../../src/daemons/agent-configuration.ts';
import type { Order } from '../../../src/agent/guard/message.ts';
import { watchLease } from '../../../src/agent/lease-watch.ts';
import { leases } from '../../../src/kube/resource.ts';
import type { SimulatedNode } from '../engine/node.ts';
import { SimulatedProcess } from '../engine/simulated-process.ts';
import { VirtualGuardLink } from '../../../src/embedded/guard/virtual-guard-link.ts';
import { VirtualGuard, type Child } from '../../../src/embedded/guard/virtual-guard.ts';
import { PodVolume } from '../../../src/embedded/guard/pod-volume.ts';
import { DaemonProcess } from '../impala/daemon-process.ts';
import type { Connection } from './connection.ts';
import type { World } from '../world.ts';

/** After how long kubelet starts a container again that has ended, each time (measured). */
const BACK_OFF = [700, 13_000, 28_000, 42_000, 83_000, 162_000];
/** A container that has run for so long begins anew. */
const BACK_OFF_FORGOTTEN = 600_000;

export interface PodIdentity {
  readonly component: PairComponent;
  readonly member: Member;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  readonly configuration: AgentConfiguration;
  /** Whether its template is one that no daemon starts with. */
  readonly bad: boolean;
}

interface AgentContainer {
  readonly process: SimulatedProcess;
  readonly agent: Agent;
  readonly link: VirtualGuardLink;
  readonly connection: Connection;
}

/** A pod of a pair as its node runs it: the agent's container and the daemon's, restarted as kubelet restarts them. */
export class SimulatedPod {
  readonly identity: PodIdentity;
  readonly node: SimulatedNode;
  readonly world: World;
  volume = new PodVolume();
  agent: AgentContainer | undefined;
  guard: { process: SimulatedProcess; model: VirtualGuard } | undefined;
  daemon: DaemonProcess | undefined;
  terminating = false;
  gone = false;
  preflightFailed = false;
  /** What kubelet's readiness probes have come to, and what the API server was told. */
  probedReady = false;
  toldReady = false;
  failedProbes = 0;
  containersReady = false;
  /** When it comes to an end on its node whatever it does; its token dies with its object. */
  tokenDead = false;
  /** Every order that was ever sent in it: bytes that may turn up again. */
  readonly oldOrders: string[] = [];
  /** Bytes that the next guard finds in its FIFO. */
  readonly unreadOrders: string[] = [];
  /** When containers that kubelet waits to start again will have been started. */
  readonly startsAt = new Map<'agent' | 'daemon', number>();
  #restarts = { agent: 0, daemon: 0 };
  #startedAt = { agent: 0, daemon: 0 };
  #agentEverStarted = false;
  #startedInBoot = 0;
  #onEmpty: (() => void)[] = [];

  constructor(identity: PodIdentity, node: SimulatedNode, world: World) {
    this.identity = identity;
    this.node = node;
    this.world = world;
  }

  /** When the last of its containers was started. */
  get upSince(): number {
    return Math.max(this.#startedAt.agent, this.#startedAt.daemon);
  }

  get label(): string {
    return `${this.identity.component === 'statestore' ? 's' : 'c'}-${this.identity.member}`;
  }

  /** Kubelet begins with the sidecar; the daemon's container follows its startup probe. */
  start(): void {
    if (this.#startedInBoot === this.node.boot) return;
    this.#startedInBoot = this.node.boot;
    this.volume = new PodVolume();
    this.#agentEverStarted = false;
    this.#startAfter('agent', this.world.random.between(200, 900));
  }

  #startAfter(container: 'agent' | 'daemon', delay: number): void {
    const { timeline } = this.world;
    const { boot } = this.node;
    this.startsAt.set(container, timeline.now + delay);
    timeline.after(delay, () => {
      if (this.gone || this.terminating || !this.node.up || this.node.boot !== boot) return;
      if (this.node.frozen) {
        this.node.whenThawed(() => this.#startAfter(container, 100));
        return;
      }
      this.startsAt.delete(container);
      this.#startedAt[container] = timeline.now;
      if (container === 'agent') this.#startAgent();
      else this.#startGuard();
    });
  }

  #startAgent(): void {
    const { world, identity } = this;
    const { configuration } = identity;
    const process = new SimulatedProcess(`${this.label} agent`, this.node, world.timeline);
    const link = new VirtualGuardLink(this.volume, process, {
      sending: (order) => this.#orderLeaves(order),
      sent: (line) => void this.oldOrders.push(line),
    });
    const { api, connection } = world.connect(process, this.agentClient, [`agent ${identity.uid}`, this.node.name], {
      authorized: () => !this.tokenDead,
      onCall: (call) => world.moments.called(this, call),
    });
    const agent = new Agent({
      configuration,
      pod: {
        namespace: world.namespace,
        podName: identity.name,
        podUid: identity.uid,
        podIp: identity.ip,
        nodeName: this.node.name,
        bootId: this.node.bootId,
      },
      clock: process.clock,
      api,
      link,
      checkHealth: () => this.#checkHealth(process),
      randomWord: () => world.random.word(),
      observer: this.#observer(),
      ...(world.scenario.promises && { promises: world.promises.of(this, process) }),
    });
    this.agent = { process, agent, link, connection };
    world.trace(this, 'agent', 'starts');
    link.listen(agent);
    const watching = new AbortController();
    const reference = { resource: leases, namespace: world.namespace, name: configuration.pairName };
    const environment = { api, clock: process.clock, random: world.random.next };
    void watchLease(environment, reference, configuration, agent.elector, watching.signal);
    void agent.run().then(() => {
      watching.abort();
      if (process.alive) this.killAgent('exits');
    });
    // The startup probe finds it within a second, or it was there before.
    if (!this.#agentEverStarted) this.#startAfter('daemon', world.random.between(600, 1_600));
    this.#agentEverStarted = true;
  }

  get agentClient(): string {
    return `agent ${this.identity.uid}`;
  }

  #orderLeaves(order: Order): void {
    this.world.trace(
      this,
      'agent',
      `orders ${order.verb}${'deadline' in order ? ` until ${order.deadline * 10}` : ''}`,
    );
    if (order.verb !== 'state?') this.world.moments.happened(this, `order ${order.verb}`);
  }

  /** The check is a request on the loopback interface: a stopped daemon does not answer it. */
  #checkHealth(process: SimulatedProcess): Promise<boolean> {
    const { configuration } = this.identity;
    return new Promise((resolve) => {
      const { daemon } = this;
      if (daemon?.alive && !daemon.responsive) {
        process.setTimer(configuration.healthTimeoutSeconds * 1000, () => resolve(false));
      } else process.deliver(1, () => resolve(daemon?.alive === true && daemon.serving));
    });
  }

  #startGuard(): void {
    const { world } = this;
    const process = new SimulatedProcess(`${this.label} guard`, this.node, world.timeline);
    const id = `guard-${world.random.word()}`;
    world.trace(this, 'guard', `starts as ${id}`);
    const model = new VirtualGuard({
      id,
      volume: this.volume,
      process,
      startDaemon: (_argument, order) => this.#startDaemon(order),
      startPreflight: () => this.#startPreflight(),
      preflightProblem: () => {
        this.preflightFailed = world.preflightFails(this);
        return this.preflightFailed ? 'a flag is wrong' : undefined;
      },
      exit: (code) => this.#guardContainerEnded(`exits with ${code}`),
    });
    this.guard = { process, model };
    for (const line of this.unreadOrders.splice(0)) this.volume.orders.write(line);
  }

  #startPreflight(): Child {
    const process = new SimulatedProcess(`${this.label} pre-flight`, this.node, this.world.timeline);
    const child: Child = {
      get alive() {
        return process.alive;
      },
      code: 1,
      onEnd: () => undefined,
      terminate: () => child.kill(),
      kill: () => {
        process.kill();
        child.onEnd();
      },
    };
    process.setTimer(this.world.random.between(30, 400), () => child.kill());
    return child;
  }

  #startDaemon(order: { term: number; claim: string }): DaemonProcess {
    const { world, identity } = this;
    const { component, uid: podUid, ip } = identity;
    const process = new SimulatedProcess(`${this.label} daemon`, this.node, world.timeline);
    const about = { component, process, podUid, ip, ...order };
    const daemon = new DaemonProcess(about, world.character(this), world.timeline, world.random);
    this.daemon = daemon;
    this.volume.lifeline.openToWrite(daemon);
    daemon.onDeath.push(() => {
      this.volume.lifeline.close(daemon);
      world.daemonEnded(this, daemon);
    });
    world.daemonStarted(this, daemon);
    return daemon;
  }

  /** The agent's process ends, however it does; kubelet starts another. */
  killAgent(how = 'is killed'): void {
    const { agent } = this;
    if (!agent?.process.alive) return;
    this.world.trace(this, 'agent', how);
    agent.process.kill();
    agent.link.died();
    agent.agent.abort();
    agent.connection.close();
    this.agent = undefined;
    if (!this.terminating && this.node.up) this.#startAfter('agent', this.#backOff('agent'));
    this.#emptied();
  }

  /** The guard is killed from outside: its descriptors close at once, the kernel then kills the rest of its pid namespace. */
  killGuard(): void {
    const { guard, daemon, world } = this;
    if (!guard?.process.alive) return;
    guard.process.kill();
    guard.model.died();
    if (daemon?.alive) {
      daemon.onDeath.push(() => this.#guardContainerEnded('is killed'));
      world.timeline.after(world.random.between(1, 200), () => daemon.end(137));
    } else this.#guardContainerEnded('is killed');
  }

  #guardContainerEnded(how: string): void {
    this.world.trace(this, 'guard', how);
    this.guard?.process.kill();
    this.guard?.model.died();
    this.guard = undefined;
    if (!this.terminating && this.node.up) this.#startAfter('daemon', this.#backOff('daemon'));
    this.#emptied();
  }

  #backOff(container: 'agent' | 'daemon'): number {
    if (this.world.timeline.now - this.#startedAt[container] > BACK_OFF_FORGOTTEN) this.#restarts[container] = 0;
    const delay = BACK_OFF[Math.min(this.#restarts[container]++, BACK_OFF.length - 1)] ?? 0;
    return delay * this.world.random.between(1, 1.1);
  }

  /** Power loss: everything is gone at once, and nothing says so. */
  powerOff(): void {
    const { agent, guard, daemon } = this;
    this.agent = undefined;
    this.guard = undefined;
    if (agent) {
      agent.process.kill();
      agent.agent.abort();
      agent.connection.close();
    }
    guard?.process.kill();
    daemon?.end(137);
  }

  terminateAgent(): void {
    const { agent, world } = this;
    if (!agent) return;
    world.trace(this, 'agent', 'gets SIGTERM');
    agent.process.deliver(0, () => agent.agent.terminate());
    agent.process.setTimer(20_000, () => agent.agent.abort());
  }

  terminateGuard(): void {
    const { guard } = this;
    if (!guard) return;
    this.world.trace(this, 'guard', 'gets SIGTERM');
    guard.process.deliver(0, () => guard.model.terminate());
  }

  /** Calls back when both containers have ended. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty.push(callback);
    this.#emptied();
  }

  #emptied(): void {
    if (this.agent || this.guard || this.daemon?.alive) return;
    for (const callback of this.#onEmpty.splice(0)) callback();
  }

  get ready(): boolean {
    return !this.gone && !this.terminating && this.agent?.process.running === true && this.agent.agent.ready;
  }

  #observer(): AgentObserver {
    const { world } = this;
    const say = (text: () => string): void => world.trace(this, 'agent', text);
    return {
      tookOver: (takeover, term) => say(() => `is active in term ${term} (${takeover.kind})`),
      serving: (_takeover, term) => say(() => `serves in term ${term}`),
      handingOver: (note, term) => say(() => `hands over term ${term}: ${note.reason}`),
      lost: (term, to) => say(() => `lost term ${term} to ${to === '' ? 'nobody' : to}`),
      preflightFailed: (text) => say(() => `pre-flight failed: ${text}`),
      outage: (event) => {
        if (event.kind !== 'asked' || event.outcome !== 'promised') say(() => `outage: ${JSON.stringify(event)}`);
      },
      endpointWritten: (endpoint) => say(() => `endpoint names it in term ${endpoint.term}`),
      callFailed: (error, action) => say(() => `${action} failed: ${error.reason}`),
    };
  }
}
