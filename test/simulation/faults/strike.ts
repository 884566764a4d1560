import type { SimulatedNode } from '../engine/node.ts';
import type { SimulatedPod } from '../kubernetes/simulated-pod.ts';
import type { World } from '../world.ts';
import {
  componentOf,
  describeFault,
  lastsFor,
  LONGEST_RENEW_DEADLINE_SECONDS,
  type Fault,
  type FaultOf,
  type PlannedFault,
  type Target,
} from './fault.ts';
import { ObjectStrikes, type ObjectFault } from './strike-objects.ts';
import type { Struck } from '../recovery-bounds.ts';
import { protocolState } from './protocol-state.ts';

/** Makes a world suffer what a plan says. */
export class Strikes {
  readonly #world: World;
  readonly #objects: ObjectStrikes;

  /** What has struck so far. */
  readonly struck: Struck[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#objects = new ObjectStrikes(world);
  }

  /** @param end when what has not come about by then never will */
  plan(plan: readonly PlannedFault[], end: number): void {
    const { timeline, moments } = this.#world;
    for (const { at, before, fault } of plan) {
      timeline.at(at, () => {
        if (before === undefined) {
          this.#strike(fault, undefined);
          return;
        }
        const component = componentOf(fault);
        const matches = (pod: SimulatedPod): boolean => component === undefined || pod.identity.component === component;
        const disarm = moments.arm(before, matches, (pod) => this.#strike(fault, pod, before));
        timeline.at(Math.min(at + 15_000, end), disarm);
      });
    }
  }

  /** @param pod whose moment it is: faults of a pod strike that one */
  #strike(fault: Fault, pod: SimulatedPod | undefined, before?: string): void {
    const world = this.#world;
    const component = componentOf(fault);
    for (const one of component ? [component] : world.components) {
      world.coverage?.met(fault.kind + ('edit' in fault ? `: ${fault.edit}` : ''), protocolState(world, one));
    }
    this.struck.push({ fault, until: world.timeline.now + lastsFor(fault) });
    world.traceOf('FAULT', describeFault(fault) + (before ? ` (before ${before})` : ''));
    if ('node' in fault) this.#strikeNode(fault, world.nodes[fault.node - 1]);
    else if ('component' in fault) this.#objects.strike(fault);
    else if ('target' in fault && typeof fault.target === 'object' && fault.kind !== 'API weather') {
      const struck = pod ?? this.#find(fault.target);
      if (struck) this.#strikePod(fault, struck);
    } else this.#strikeCluster(fault as ClusterFault);
  }

  #find({ component, who }: Target): SimulatedPod | undefined {
    const world = this.#world;
    const holder = world.holderOf(component);
    const known = world.statefulSets.filter((set) => set.component === component).map(({ pod }) => pod);
    switch (who) {
      case 'active':
        return holder ?? known[0];
      case 'standby':
        return known.find((pod) => pod !== undefined && pod !== holder);
      case 'old':
        return world.podsOf(component).find((pod) => !known.includes(pod)) ?? holder;
      default:
        return world.statefulSetOf(component, who).pod;
    }
  }

  #after(delay: number, callback: () => void): void {
    this.#world.timeline.after(delay, callback);
  }

  #strikePod(fault: PodFault, pod: SimulatedPod): void {
    const world = this.#world;
    const { daemon, agent, guard } = pod;
    switch (fault.kind) {
      case 'daemon crash':
        daemon?.end(134);
        return;
      case 'daemon pause':
        daemon?.process.pause();
        this.#after(fault.for, () => daemon?.process.resume());
        return;
      case 'agent kill':
        pod.killAgent();
        return;
      case 'agent SIGTERM':
        pod.terminateAgent();
        return;
      case 'agent pause':
        this.#pauseAgent(pod, fault.for);
        return;
      case 'agent pause, then cut':
        this.#pauseAgent(pod, fault.pausedFor);
        this.#after(fault.pausedFor + (world.random.chance(0.7) ? 0.5 : world.random.between(1, 400)), () =>
          this.#cut(`agent ${pod.identity.uid}`, 'api', fault.for),
        );
        return;
      case 'guard kill':
        pod.killGuard();
        return;
      case 'guard kill, orders unread':
        pod.unreadOrders.push(
          ...pod.oldOrders.slice(-2),
          ...pod.oldOrders.filter((line) => line.startsWith('start')).slice(-1),
        );
        pod.killGuard();
        return;
      case 'guard pause':
        guard?.process.pause();
        world.invariants.guardPaused(pod, world.timeline.now + fault.for);
        this.#after(fault.for, () => guard?.process.resume());
        return;
      case 'stale orders':
        for (const line of this.#someOf(pod.oldOrders)) pod.volume.orders.write(line);
        if (world.random.chance(0.2)) pod.volume.orders.write('start x');
        return;
      case 'pod delete':
        world.controlPlane.deletePod(pod, false);
        return;
      case 'pod force delete':
        world.controlPlane.deletePod(pod, true);
        return;
      case 'pod orphan':
        this.#cut(`kubelet ${pod.node.name}`, 'api', fault.for);
        world.controlPlane.deletePod(pod, true);
        return;
      case 'agent cut':
        this.#cut(`agent ${pod.identity.uid}`, 'api', fault.for);
        return;
      case 'API call':
        world.weather.once(pod.agentClient, fault.fault);
        return;
      case 'watch stall': {
        const end = world.weather.stall(pod.agentClient);
        this.#after(fault.for, () => {
          end();
          agent?.connection.stallEnded();
        });
        return;
      }
      case 'watch break':
        agent?.connection.breakWatches();
        return;
      case 'watch expire':
        agent?.connection.breakWatches(410);
    }
  }

  /** A stopped agent does not answer its liveness probe: three failures, 10 s apart, and kubelet kills it. */
  #pauseAgent(pod: SimulatedPod, duration: number): void {
    const { agent } = pod;
    if (!agent) return;
    agent.process.pause();
    const first = this.#world.random.chance(0.5) ? 'timer' : 'message';
    if (duration < 35_000) this.#after(duration, () => agent.process.resume(first));
    else this.#after(35_000, () => pod.agent === agent && pod.killAgent('is killed by kubelet'));
  }

  #someOf(lines: readonly string[]): string[] {
    const { random } = this.#world;
    return lines.length === 0 ? [] : Array.from({ length: random.whole(1, 3) }, () => random.pick(lines));
  }

  #cut(one: string, other: string, duration: number): void {
    const { network } = this.#world;
    network.cut(one, other);
    this.#after(duration, () => network.heal(one, other));
  }

  #strikeNode(fault: NodeFault, node: SimulatedNode | undefined): void {
    const world = this.#world;
    if (node === undefined) return;
    switch (fault.kind) {
      case 'node off':
        if (!node.up) return;
        world.kubelets.get(node)?.powerOff();
        this.#after(fault.for, () => {
          world.kubelets.get(node)?.powerOn();
          world.daemons.restartImpalads(node);
        });
        return;
      case 'node lost': {
        if (!node.up) return;
        world.kubelets.get(node)?.powerOff();
        this.#after(world.random.between(2_000, 30_000), () => world.controlPlane.sayNodeIsOff(node, fault.said));
        this.#after(fault.for, () => {
          world.controlPlane.unsayNodeIsOff(node);
          world.kubelets.get(node)?.powerOn();
          world.daemons.restartImpalads(node);
        });
        return;
      }
      case 'node freeze':
        if (node.frozen) return;
        node.freeze();
        this.#after(fault.for, () => {
          world.invariants.nodeThawed(node.name, LONGEST_RENEW_DEADLINE_SECONDS * 1000);
          node.thaw();
        });
        return;
      case 'node cut':
        for (const other of ['api', ...world.nodes.filter((one) => one !== node).map(({ name }) => name)]) {
          this.#cut(node.name, other, fault.for);
        }
        return;
      case 'kubelet cut':
        this.#cut(`kubelet ${node.name}`, 'api', fault.for);
        return;
      case 'nodes cut':
        this.#cut(node.name, `node-${fault.other}`, fault.for);
    }
  }

  #strikeCluster(fault: ClusterFault): void {
    const world = this.#world;
    switch (fault.kind) {
      case 'operator down':
        if (world.operator.process === undefined) return;
        world.operator.stop();
        this.#after(fault.for, () => world.operator.start());
        return;
      case 'operator cut':
        this.#cut('operator', 'api', fault.for);
        return;
      case 'API outage':
        this.#after(fault.for, world.weather.outage());
        for (const connection of world.connections.values()) connection.breakWatches();
        return;
      case 'API freeze':
        this.#cut('api', 'api', fault.for);
        return;
      case 'pause':
        world.patchSpec({ paused: true });
        this.#after(fault.for, () => world.patchSpec({ paused: false }));
        return;
      case 'stop':
        world.patchSpec({ stopped: true });
        this.#after(fault.for, () => world.patchSpec({ stopped: false }));
        return;
      case 'peers weather':
        this.#after(fault.for, world.promises.begin(fault));
        return;
      case 'API weather': {
        const { target, probability } = fault;
        const pod = typeof target === 'object' ? this.#find(target) : undefined;
        if (typeof target === 'object' && pod === undefined) return;
        const client = pod?.agentClient ?? (target === 'operator' ? 'operator' : undefined);
        this.#after(fault.for, world.weather.begin({ client, fault: fault.fault, probability }));
      }
    }
  }
}

type NodeFault = FaultOf<'node off' | 'node lost' | 'node freeze' | 'node cut' | 'kubelet cut' | 'nodes cut'>;
type ClusterFault = FaultOf<
  'operator down' | 'operator cut' | 'API outage' | 'API freeze' | 'API weather' | 'peers weather' | 'pause' | 'stop'
>;
type PodFault = Exclude<Fault, NodeFault | ClusterFault | ObjectFault>;
