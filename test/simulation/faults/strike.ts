import { annotations, names, type PairComponent } from '../../../src/api/names.ts';
import { writeGone } from '../../../src/daemons/lease-notes.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import { endpointSlices, leases } from '../../../src/kube/resource.ts';
import type { SimulatedNode } from '../engine/node.ts';
import type { SimulatedPod } from '../kubernetes/simulated-pod.ts';
import type { World } from '../world.ts';
import {
  componentOf,
  describeFault,
  lastsFor,
  LONGEST_RENEW_DEADLINE_SECONDS,
  type Fault,
  type LeaseEdit,
  type PlannedFault,
  type SliceEdit,
  type Target,
} from './fault.ts';
import type { Struck } from '../recovery-bounds.ts';
import { protocolState } from './protocol-state.ts';

/** Makes a world suffer what a plan says. */
export class Strikes {
  readonly #world: World;
  /** Leases as they once were, by name: somebody may write one back. */
  readonly #earlier = new Map<string, Lease[]>();

  /** What has struck so far. */
  readonly struck: Struck[] = [];

  constructor(world: World) {
    this.#world = world;
    world.server.onChange(({ resource, object, type }) => {
      if (resource.kind !== 'Lease' || type === 'DELETED') return;
      const copies = this.#earlier.get(object.metadata.name) ?? [];
      copies.push(object);
      this.#earlier.set(object.metadata.name, copies);
    });
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
    else if ('component' in fault) this.#strikeObjects(fault);
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
        world.deletePod(pod, false);
        return;
      case 'pod force delete':
        world.deletePod(pod, true);
        return;
      case 'pod orphan':
        this.#cut(`kubelet ${pod.node.name}`, 'api', fault.for);
        world.deletePod(pod, true);
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
          world.restartImpalads(node);
        });
        return;
      case 'node lost': {
        if (!node.up) return;
        world.kubelets.get(node)?.powerOff();
        this.#after(world.random.between(2_000, 30_000), () => world.sayNodeIsOff(node, fault.said));
        this.#after(fault.for, () => {
          world.unsayNodeIsOff(node);
          world.kubelets.get(node)?.powerOn();
          world.restartImpalads(node);
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

  #strikeObjects(fault: ObjectFault): void {
    const world = this.#world;
    const { component } = fault;
    const name = names.pair(world.cluster.name, component);
    const { namespace } = world;
    switch (fault.kind) {
      case 'peers cut':
        this.#cut(`peers ${component}`, 'peers', fault.for);
        return;
      case 'switchover':
        world.patchSpec({ [component]: { preferredActive: fault.to } });
        return;
      case 'force takeover':
        this.#forceTakeover(component);
        return;
      case 'spec change':
        world.patchSpec({ [component]: { highAvailability: fault.times } });
        return;
      case 'template change':
        world.patchSpec({ [component]: { flags: { v: String(fault.verbosity) } } });
        return;
      case 'bad template':
        world.patchSpec({ [component]: { flags: { v: 'bad' } } });
        this.#after(fault.for, () => world.patchSpec({ [component]: { flags: { v: '0' } } }));
        return;
      case 'plain':
        world.patchSpec({ [component]: { highAvailability: { enabled: false } } });
        this.#after(fault.for, () => world.patchSpec({ [component]: { highAvailability: { enabled: true } } }));
        return;
      case 'failing starts':
        world.failingStarts.add(component);
        this.#after(fault.for, () => world.startsWorkAgain(component));
        return;
      case 'lease delete':
        if (world.leaseOf(component)) void world.api.delete({ resource: leases, namespace, name });
        return;
      case 'slice delete':
        if (world.sliceOf(component)) void world.api.delete({ resource: endpointSlices, namespace, name });
        return;
      case 'lease edit': {
        const lease = world.leaseOf(component);
        const edited = lease && this.#editLease(lease, fault.edit);
        if (edited) this.#byHand(() => void world.api.replace({ resource: leases, namespace, name }, edited));
        return;
      }
      case 'slice edit': {
        const slice = world.sliceOf(component);
        const edited = slice && this.#editSlice(slice, fault.edit);
        if (edited) this.#byHand(() => void world.api.replace({ resource: endpointSlices, namespace, name }, edited));
      }
    }
  }

  /** Only of a holder that is dead. */
  #forceTakeover(component: PairComponent): void {
    const world = this.#world;
    const lease = world.leaseOf(component);
    const claim = lease?.spec?.holderIdentity ?? '';
    const holder = [...world.pods].find(({ identity }) => claim.includes(identity.uid));
    if (claim === '' || lease === undefined || (holder && (holder.node.up || holder.daemon?.alive))) return;
    void writeGone(world.api, lease, { claim, because: 'ForceTakeover' });
  }

  #byHand(write: () => void): void {
    this.#world.byHand = true;
    write();
    this.#world.byHand = false;
  }

  #editLease(lease: Lease, edit: LeaseEdit): Lease | undefined {
    const { random } = this.#world;
    const { holderIdentity = '', leaseDurationSeconds = 9, leaseTransitions = 0, renewTime } = lease.spec ?? {};
    const withSpec = (spec: Lease['spec']): Lease => ({ ...lease, spec: { ...lease.spec, ...spec } });
    switch (edit) {
      case 'holder emptied':
        return withSpec({ holderIdentity: '' });
      case 'holder replaced':
        return withSpec({ holderIdentity: 'somebody' });
      case 'holder shortened to its pod':
        return withSpec({ holderIdentity: holderIdentity.split('/').slice(0, random.whole(1, 2)).join('/') });
      case 'renewTime changed':
        return renewTime === undefined
          ? undefined
          : withSpec({ renewTime: renewTime.replace(/\d{3}Z$/, `${random.whole(100, 999)}Z`) });
      case 'duration raised':
        return withSpec({ leaseDurationSeconds: leaseDurationSeconds + random.whole(1, 20) });
      case 'duration lowered':
        return withSpec({ leaseDurationSeconds: 1 });
      case 'term raised':
        return withSpec({ leaseTransitions: leaseTransitions + random.whole(1, 9) });
      case 'term lowered':
        return withSpec({ leaseTransitions: Math.max(0, leaseTransitions - random.whole(1, 3)) });
      case 'annotations dropped':
        return { ...lease, metadata: { ...lease.metadata, annotations: {} } };
      case 'earlier copy written back': {
        this.#world.signInsWrittenBack = true;
        const copies = this.#earlier.get(lease.metadata.name) ?? [lease];
        const ofOthers = copies.filter(({ spec }) => (spec?.holderIdentity ?? '') !== holderIdentity);
        const copy = ofOthers.length > 0 && random.chance(0.7) ? random.pick(ofOthers) : random.pick(copies);
        const { uid, resourceVersion } = lease.metadata;
        if (uid === undefined || resourceVersion === undefined) return undefined;
        // The two lies that are believed: that the present tenure was released, that its holder relies on less.
        const { [annotations.released]: released, ...others } = copy.metadata.annotations ?? {};
        const stillTrue = released !== undefined && holderIdentity === '' ? { [annotations.released]: released } : {};
        return {
          ...copy,
          metadata: { ...copy.metadata, uid, resourceVersion, annotations: { ...others, ...stillTrue } },
          spec: {
            ...copy.spec,
            leaseDurationSeconds: Math.max(leaseDurationSeconds, copy.spec?.leaseDurationSeconds ?? 0),
          },
        };
      }
    }
  }

  #editSlice(slice: EndpointSlice, edit: SliceEdit): EndpointSlice {
    const term = Number(slice.metadata.annotations?.[annotations.term] ?? 0);
    const withAnnotation = (name: string, value: string): EndpointSlice => ({
      ...slice,
      metadata: { ...slice.metadata, annotations: { ...slice.metadata.annotations, [name]: value } },
    });
    switch (edit) {
      case 'endpoints emptied':
        return { ...slice, endpoints: [] };
      case 'foreign address':
        return { ...slice, endpoints: [{ addresses: ['10.9.9.9'], conditions: { ready: true } }] };
      case 'term raised':
        return withAnnotation(annotations.term, String(term + 3));
      case 'term lowered':
        return withAnnotation(annotations.term, String(Math.max(0, term - 1)));
      case 'claim changed':
        return withAnnotation(annotations.claim, 'somebody');
    }
  }
}

type Group<K extends Fault['kind']> = Extract<Fault, { kind: K }>;
type NodeFault = Group<'node off' | 'node lost' | 'node freeze' | 'node cut' | 'kubelet cut' | 'nodes cut'>;
type ClusterFault = Group<
  'operator down' | 'operator cut' | 'API outage' | 'API freeze' | 'API weather' | 'peers weather' | 'pause' | 'stop'
>;
type ObjectFault = Group<
  | 'lease edit'
  | 'lease delete'
  | 'slice edit'
  | 'slice delete'
  | 'failing starts'
  | 'spec change'
  | 'template change'
  | 'bad template'
  | 'plain'
  | 'peers cut'
  | 'switchover'
  | 'force takeover'
>;
type PodFault = Exclude<Fault, NodeFault | ClusterFault | ObjectFault>;
