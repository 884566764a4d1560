import { labels, MEMBERS, names, type Member, type PairComponent } from '../../src/api/names.ts';
import { withDefaults } from '../../src/api/defaults.ts';
import type { ImpalaCluster } from '../../src/api/impala-cluster.ts';
import type { ClusterIdentity } from '../../src/controllers/build/metadata.ts';
import { impalaClusters } from '../../src/api/impala-clusters.ts';
import type { Node, StatefulSet } from '../../src/controllers/kubernetes-types.ts';
import { EmbeddedApiServer } from '../../src/embedded/embedded-api-server.ts';
import type { Change } from '../../src/embedded/versioned-store.ts';
import type { KubernetesApi } from '../../src/kube/kubernetes-api.ts';
import type { EndpointSlice, KubernetesObject, Lease } from '../../src/kube/kubernetes-object.ts';
import { endpointSlices, leases, nodes, pods, secrets, statefulSets } from '../../src/kube/resource.ts';
import { SimulatedNode } from './engine/node.ts';
import { SeededRandom } from './engine/random.ts';
import { SimulatedProcess } from './engine/simulated-process.ts';
import { Timeline } from './engine/timeline.ts';
import type { NodeWord } from './faults/fault.ts';
import { Moments } from './faults/moments.ts';
import type { Scenario } from './faults/plan.ts';
import { ClusterNetwork } from './impala/cluster-network.ts';
import type { DaemonCharacter, DaemonProcess } from './impala/daemon-process.ts';
import { LOAD_TIMES } from './impala/load-times.ts';
import { Statestored } from '../../src/embedded/impala/statestored.ts';
import { subscribe, type SimulatedStatestored, type SimulatedSubscriber } from './impala/subscribe.ts';
import { Invariants } from './invariants.ts';
import { ApiWeather } from './kubernetes/api-weather.ts';
import { Connection, type ConnectionParts } from './kubernetes/connection.ts';
import { Kubelet } from './kubernetes/kubelet.ts';
import { keysOf } from './kubernetes/keys.ts';
import { Network } from './kubernetes/network.ts';
import { PromiseNetwork } from './kubernetes/promise-network.ts';
import { ImpaladStatefulSet } from './kubernetes/impalad-stateful-set.ts';
import { SimulatedOperator } from './kubernetes/simulated-operator.ts';
import { PlainForms } from './kubernetes/plain-forms.ts';
import type { SimulatedPod } from './kubernetes/simulated-pod.ts';
import { MemberStatefulSet } from './kubernetes/stateful-set.ts';
import type { Coverage } from './report/coverage.ts';
import type { Trace } from './report/trace.ts';

/** Impala's own defaults leave a catalogd half an hour. */
const START_TIMEOUT_SECONDS = 60;
const COORDINATORS = 2;
const OUT_OF_SERVICE = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };

type Client = Pick<ConnectionParts, 'authorized' | 'onCall'>;

/** Everything that there is in one run: nodes, network, API server, pods, daemons, subscribers, and who watches over them. */
export class World {
  readonly scenario: Scenario;
  readonly timeline = new Timeline();
  readonly random: SeededRandom;
  readonly namespace = 'default';
  readonly components: readonly PairComponent[];
  readonly controlNode: SimulatedNode;
  readonly nodes: readonly SimulatedNode[];
  readonly network: Network;
  readonly weather: ApiWeather;
  readonly promises: PromiseNetwork;
  readonly moments = new Moments();
  readonly server: EmbeddedApiServer;
  /** What Kubernetes itself and the hand of a person write with: no faults, no time. */
  readonly api: KubernetesApi;
  readonly operator: SimulatedOperator;
  readonly kubelets = new Map<SimulatedNode, Kubelet>();
  readonly statefulSets: readonly MemberStatefulSet[];
  readonly impalads: readonly ImpaladStatefulSet[];
  readonly clusterNetwork: ClusterNetwork;
  readonly subscribers: SimulatedSubscriber[] = [];
  readonly invariants: Invariants;
  readonly coverage: Coverage | undefined;
  /** Every pod that ever was and has not ended on its node. */
  readonly pods = new Set<SimulatedPod>();
  readonly connections = new Map<string, Connection>();
  readonly failingStarts = new Set<PairComponent>();
  cluster: ClusterIdentity = { namespace: this.namespace, name: 'impala', uid: '' };
  /** While a person writes: what they write is not the protocol's. */
  byHand = false;
  /** A person has written an earlier copy of a Lease back. */
  signInsWrittenBack = false;
  readonly #trace: Trace | undefined;
  readonly #plainForms: PlainForms;
  readonly #statestoreds = new Map<DaemonProcess, SimulatedStatestored>();
  #addresses = 0;

  constructor(scenario: Scenario, watchers: { trace?: Trace | undefined; coverage?: Coverage | undefined } = {}) {
    this.scenario = scenario;
    this.components = scenario.components;
    this.random = new SeededRandom(`${scenario.seed}/world`);
    this.#trace = watchers.trace;
    this.coverage = watchers.coverage;
    const { timeline, random } = this;
    this.controlNode = new SimulatedNode('control', timeline, { rate: 1, uptime: 5_000, wallOffset: 0 });
    this.nodes = scenario.nodes.map(
      (clock, index) =>
        new SimulatedNode(`node-${index + 1}`, timeline, { ...clock, uptime: random.whole(1_000_000, 900_000_000) }),
    );
    this.network = new Network(timeline, random);
    this.weather = new ApiWeather(random);
    this.promises = new PromiseNetwork(this);
    this.server = new EmbeddedApiServer({
      clock: new SimulatedProcess('API server', this.controlNode, timeline).clock,
      random: random.next,
    });
    this.api = this.server.client('control-plane');
    this.clusterNetwork = new ClusterNetwork(timeline, random, this.network, this.nodes);
    for (const node of this.nodes) this.kubelets.set(node, new Kubelet(node, this));
    this.operator = new SimulatedOperator(this);
    this.statefulSets = this.components.flatMap((component) =>
      MEMBERS.map((member) => new MemberStatefulSet(component, member, this)),
    );
    this.#plainForms = new PlainForms(this);
    this.impalads = (['coordinator', 'executor'] as const).map((kind) => new ImpaladStatefulSet(kind, this));
    this.invariants = new Invariants(this);
    this.server.onChange((change) => {
      if (this.#plainForms.follow(change)) return;
      this.invariants.changed(change);
      this.#react(change);
    });
  }

  async start(): Promise<void> {
    const { times } = this.scenario;
    const pair = (component: PairComponent): object => ({
      highAvailability: { ...times[component], startTimeoutSeconds: START_TIMEOUT_SECONDS },
    });
    const cluster = withDefaults({
      apiVersion: impalaClusters.apiVersion,
      kind: impalaClusters.kind,
      metadata: { name: this.cluster.name, namespace: this.namespace },
      spec: {
        image: {},
        statestore: pair('statestore'),
        catalog: pair('catalog'),
        coordinators: { replicas: COORDINATORS },
        executors: { replicas: this.nodes.length - COORDINATORS },
      },
    });
    const made = await this.api.create({ resource: impalaClusters, namespace: this.namespace }, cluster);
    this.cluster = { ...this.cluster, uid: made.metadata.uid ?? '' };
    for (const secret of await keysOf(this.cluster)) {
      await this.api.create({ resource: secrets, namespace: this.namespace }, secret);
    }
    this.operator.start();
    for (const kubelet of this.kubelets.values()) kubelet.start();
    for (const impalads of this.impalads) impalads.start();
    for (const { kind } of this.impalads) this.startImpalads(kind);
  }

  /** Somebody applies another spec. */
  patchSpec(spec: object): void {
    const reference = { resource: impalaClusters, namespace: this.namespace, name: this.cluster.name };
    void this.api.mergePatch(reference, { spec });
  }

  sayNodeIsOff(node: SimulatedNode, word: NodeWord): void {
    if (node.up || !this.nodeExists(node) || word === 'nothing') return;
    const reference = { resource: nodes, name: node.name };
    if (word === 'Node deleted') void this.api.delete(reference);
    else void this.api.mergePatch(reference, { spec: { taints: [OUT_OF_SERVICE] } });
  }

  /** Before it is switched on again. */
  unsayNodeIsOff(node: SimulatedNode): void {
    if (this.nodeExists(node)) void this.api.mergePatch({ resource: nodes, name: node.name }, { spec: { taints: [] } });
  }

  /** The cluster as it is now. */
  get impalaCluster(): ImpalaCluster {
    const reference = { resource: impalaClusters, namespace: this.namespace, name: this.cluster.name };
    const found = this.server.peek<ImpalaCluster>(reference);
    if (found === undefined) throw new Error('there is no ImpalaCluster');
    return found;
  }

  /** What Kubernetes' controllers and kubelets do about a write. */
  #react({ resource, type, object, previous }: Change): void {
    if (resource.kind === 'StatefulSet') this.#statefulSetChanged(object);
    if (resource.kind !== 'Pod' || type === 'ADDED') return;
    const pod = [...this.pods].find(({ identity }) => identity.uid === object.metadata.uid);
    if (type === 'DELETED') {
      if (pod) this.#forceDeleted(pod);
      this.#memberOf(object)?.podDeleted(object.metadata.uid);
    } else if (object.metadata.deletionTimestamp !== undefined && previous?.metadata.deletionTimestamp === undefined) {
      if (pod) this.kubelets.get(pod.node)?.deleted(pod);
    }
  }

  #statefulSetChanged(object: StatefulSet): void {
    const { metadata, spec, status } = object;
    const member = this.#memberOf(object);
    if (member) member.changed(object);
    else if (spec?.replicas === 0 && status?.observedGeneration !== metadata.generation && isOfPair(metadata)) {
      // Of a component that is not simulated: it has no pods, and says so when that is asked.
      const reference = { resource: statefulSets, namespace: this.namespace, name: metadata.name };
      this.server.setStatus(
        reference,
        { observedGeneration: metadata.generation, replicas: 0 },
        'statefulset-controller',
      );
    }
  }

  #memberOf({ metadata }: KubernetesObject): MemberStatefulSet | undefined {
    const { [labels.impalaComponent]: component, [labels.member]: member } = metadata.labels ?? {};
    return this.statefulSets.find((set) => set.component === component && set.member === member);
  }

  /** A client of the API server for a process. */
  connect(
    process: SimulatedProcess,
    client: string,
    parties: readonly string[],
    hooks: Client,
  ): { api: KubernetesApi; connection: Connection } {
    const { timeline, random, network, weather } = this;
    const connection = new Connection({
      process,
      client,
      parties,
      timeline,
      random,
      network,
      weather,
      ...hooks,
      onFault: (call, fault) => {
        this.coverage?.metCall(fault, call);
        this.traceOf('API', `${client.split(' ')[0]} ${call.verb} ${call.resource.kind}: ${fault}`);
      },
    });
    this.connections.set(client, connection);
    return { api: this.server.client(client, connection, process.clock), connection };
  }

  statefulSetOf(component: PairComponent, member: Member): MemberStatefulSet {
    const found = this.statefulSets.find((one) => one.component === component && one.member === member);
    if (found === undefined) throw new Error(`${component} is not simulated`);
    return found;
  }

  leaseOf(component: PairComponent): Lease | undefined {
    const name = names.pair(this.cluster.name, component);
    return this.server.peek<Lease>({ resource: leases, namespace: this.namespace, name });
  }

  sliceOf(component: PairComponent): EndpointSlice | undefined {
    const name = names.pair(this.cluster.name, component);
    return this.server.peek<EndpointSlice>({ resource: endpointSlices, namespace: this.namespace, name });
  }

  /** The pod whose claim holds the Lease. */
  holderOf(component: PairComponent): SimulatedPod | undefined {
    const uid = this.leaseOf(component)?.spec?.holderIdentity?.split('/')[1];
    return [...this.pods].find(({ identity }) => identity.uid === uid);
  }

  podsOf(component: PairComponent): SimulatedPod[] {
    return [...this.pods].filter(({ identity }) => identity.component === component);
  }

  /** Where a member's next pod goes: never beside a pod of the other member that the API server knows. */
  nodeFor(set: MemberStatefulSet): SimulatedNode | undefined {
    const other = this.statefulSets.find(
      ({ component, member }) => component === set.component && member !== set.member,
    );
    const free = this.nodes.filter(
      (node) =>
        node.up && node !== other?.pod?.node && this.network.reaches([`kubelet ${node.name}`, node.name], 'api'),
    );
    return free.length === 0 ? undefined : this.random.pick(free);
  }

  nextIp(node: SimulatedNode): string {
    const ip = `10.0.${Math.floor(++this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
    this.clusterNetwork.podGot(ip, node);
    return ip;
  }

  /**
   * What kubelet says of a pod, or the control plane in its place.
   * @param containersReady kubelet's own word; what it was when left out
   */
  setPodStatus(pod: SimulatedPod, ready: boolean, containersReady?: boolean): void {
    if (!this.podExists(pod)) return;
    const { name, ip } = pod.identity;
    pod.containersReady = containersReady ?? pod.containersReady;
    const condition = (type: string, holds: boolean): object => ({ type, status: holds ? 'True' : 'False' });
    const conditions = [condition('Ready', ready), condition('ContainersReady', pod.containersReady)];
    const reference = { resource: pods, namespace: this.namespace, name };
    this.server.setStatus(reference, { phase: 'Running', podIP: ip, conditions });
  }

  nodeExists(node: SimulatedNode): boolean {
    return this.server.peek({ resource: nodes, name: node.name }) !== undefined;
  }

  /** What a node's kubelet says of it; `Unknown` when it has said nothing for long. A kubelet makes its Node anew. */
  setNodeStatus(node: SimulatedNode, heard: boolean): void {
    const reference = { resource: nodes, name: node.name };
    if (!this.nodeExists(node)) {
      if (!heard) return;
      void this.api.create({ resource: nodes }, { apiVersion: 'v1', kind: 'Node', metadata: { name: node.name } });
    }
    const conditions = [{ type: 'Ready', status: heard ? 'True' : 'Unknown' }];
    const known = this.server.peek<Node>(reference)?.status?.nodeInfo;
    this.server.setStatus(reference, { conditions, nodeInfo: heard ? { bootID: node.bootId } : known });
  }

  podMade(pod: SimulatedPod): void {
    this.pods.add(pod);
    this.trace(pod, 'agent', `pod ${pod.identity.uid.slice(0, 8)} is made on ${pod.node.name}`);
    this.kubelets.get(pod.node)?.bound(pod);
  }

  podExists(pod: SimulatedPod): boolean {
    const { name, uid } = pod.identity;
    return this.server.peek({ resource: pods, namespace: this.namespace, name })?.metadata.uid === uid;
  }

  /** Somebody deletes a pod. @param force its object goes at once */
  deletePod(pod: SimulatedPod, force: boolean): void {
    if (!this.podExists(pod)) return;
    const { name, uid } = pod.identity;
    const options = force ? { uid, gracePeriodSeconds: 0 } : { uid };
    void this.api.delete({ resource: pods, namespace: this.namespace, name }, options);
  }

  /** A pod's object has gone before its processes have. */
  #forceDeleted(pod: SimulatedPod): void {
    this.timeline.after(this.random.between(0, 10_000), () => (pod.tokenDead = true));
    this.kubelets.get(pod.node)?.forceDeleted(pod);
  }

  /** Nothing of the pod runs any more, and kubelet says so. */
  podEnded(pod: SimulatedPod): void {
    this.pods.delete(pod);
    pod.tokenDead = true;
    if (!this.podExists(pod)) return;
    const { name, ip } = pod.identity;
    const terminated = (container: string): object => ({ name: container, state: { terminated: { exitCode: 0 } } });
    this.server.setStatus(
      { resource: pods, namespace: this.namespace, name },
      { phase: 'Succeeded', podIP: ip, containerStatuses: [terminated('ha-agent'), terminated('daemon')] },
    );
    this.deletePod(pod, true);
  }

  character(pod: SimulatedPod): DaemonCharacter {
    const { component } = pod.identity;
    const { least, most } = LOAD_TIMES[component];
    const startFails = pod.identity.bad || this.failingStarts.has(component);
    return { load: this.random.between(least, most), startFails };
  }

  /** The template was corrected: pods that could not be started are made anew. */
  startsWorkAgain(component: PairComponent): void {
    this.failingStarts.delete(component);
    for (const pod of this.podsOf(component)) if (pod.preflightFailed) this.deletePod(pod, false);
  }

  preflightFails(pod: SimulatedPod): boolean {
    return pod.identity.bad || (this.failingStarts.has(pod.identity.component) && this.random.chance(0.3));
  }

  daemonStarted(pod: SimulatedPod, daemon: DaemonProcess): void {
    this.trace(pod, 'guard', `DAEMON STARTS (term ${daemon.term})`);
    this.serve(daemon);
    this.invariants.daemonStarted(pod, daemon);
  }

  /** It runs; once it serves, others find it. */
  serve(daemon: DaemonProcess): void {
    this.clusterNetwork.daemons.add(daemon);
    daemon.onServing.push(() => {
      if (daemon.component === 'statestore')
        this.#statestoreds.set(daemon, new Statestored(daemon, daemon.claim, daemon.process));
      else this.#subscribe('catalogd', daemon.process, daemon);
    });
  }

  daemonEnded(pod: SimulatedPod, daemon: DaemonProcess): void {
    this.trace(pod, 'guard', `DAEMON ENDS (${daemon.code})`);
    this.clusterNetwork.daemons.delete(daemon);
    this.invariants.daemonEnded(daemon);
  }

  statestoredOf(daemon: DaemonProcess): SimulatedStatestored | undefined {
    return this.#statestoreds.get(daemon);
  }

  startImpalads(kind: 'coordinator' | 'executor'): void {
    const nodes = kind === 'coordinator' ? this.nodes.slice(0, COORDINATORS) : this.nodes.slice(COORDINATORS);
    for (const node of nodes) this.#startImpalad(kind, node);
  }

  stopImpalads(kind: 'coordinator' | 'executor'): void {
    for (const { name, process } of this.subscribers) if (name.startsWith(`${kind} `)) process.kill();
    this.#forgetDead();
  }

  /** An impalad outlives everything but its node. */
  #startImpalad(kind: 'coordinator' | 'executor', node: SimulatedNode): void {
    this.#subscribe(`${kind} ${node.name}`, new SimulatedProcess(`${kind} ${node.name}`, node, this.timeline));
  }

  restartImpalads(node: SimulatedNode): void {
    for (const subscriber of this.subscribers.filter(({ process, catalogd }) => process.node === node && !catalogd)) {
      subscriber.process.kill();
      this.#subscribe(subscriber.name, new SimulatedProcess(subscriber.name, node, this.timeline));
    }
    this.#forgetDead();
  }

  #subscribe(name: string, process: SimulatedProcess, catalogd?: DaemonProcess): void {
    this.#forgetDead();
    if (!this.components.includes('statestore')) return;
    const subscription = {
      name,
      process,
      ...(catalogd && { catalogd }),
      statestoredOf: (daemon: DaemonProcess) => this.#statestoreds.get(daemon),
      onRegistered: (one: SimulatedSubscriber) => this.invariants.registered(one),
    };
    this.subscribers.push(subscribe(subscription, this.clusterNetwork, this.random));
  }

  #forgetDead(): void {
    const living = this.subscribers.filter(({ process }) => process.alive);
    this.subscribers.splice(0, this.subscribers.length, ...living);
  }

  trace(pod: SimulatedPod, part: 'agent' | 'guard', text: string | (() => string)): void {
    this.#trace?.add(
      this.timeline.now,
      `${pod.label} ${part}`,
      typeof text === 'string' ? text : text(),
      pod.identity.uid,
    );
  }

  traceOf(column: 'operator' | 'API' | 'FAULT' | 'Impala', text: string): void {
    this.#trace?.add(this.timeline.now, column, text);
  }
}

const isOfPair = ({ labels: of }: KubernetesObject['metadata']): boolean => of?.[labels.member] !== undefined;
