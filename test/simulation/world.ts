import { MEMBERS, names, type PairComponent } from '../../src/api/names.ts';
import type { ImpalaCluster } from '../../src/api/impala-cluster.ts';
import type { ClusterIdentity } from '../../src/controllers/build/metadata.ts';
import { impalaClusters } from '../../src/controllers/impala-clusters.ts';
import type { AgentConfiguration } from '../../src/daemons/agent-configuration.ts';
import { EmbeddedApiServer } from '../../src/embedded/embedded-api-server.ts';
import type { KubernetesApi } from '../../src/kube/kubernetes-api.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import { endpointSlices, leases, pods } from '../../src/kube/resource.ts';
import { SimulatedNode } from './engine/node.ts';
import { SeededRandom } from './engine/random.ts';
import { SimulatedProcess } from './engine/simulated-process.ts';
import { Timeline } from './engine/timeline.ts';
import type { LeaseTimes } from './faults/fault.ts';
import { Moments } from './faults/moments.ts';
import type { Scenario } from './faults/plan.ts';
import { ClusterNetwork } from './impala/cluster-network.ts';
import type { DaemonCharacter, DaemonProcess } from './impala/daemon-process.ts';
import { LOAD_TIMES } from './impala/load-times.ts';
import { Statestored } from './impala/statestored.ts';
import { Subscriber } from './impala/subscriber.ts';
import { Invariants } from './invariants.ts';
import { ApiWeather } from './kubernetes/api-weather.ts';
import { Connection, type ConnectionParts } from './kubernetes/connection.ts';
import { Kubelet } from './kubernetes/kubelet.ts';
import { Network } from './kubernetes/network.ts';
import { OperatorModel } from './kubernetes/operator-model.ts';
import type { SimulatedPod } from './kubernetes/simulated-pod.ts';
import { MemberStatefulSet } from './kubernetes/stateful-set.ts';
import type { Coverage } from './report/coverage.ts';
import type { Trace } from './report/trace.ts';

const HEALTH = {
  statestore: {
    healthPort: 25010,
    healthPeriodSeconds: 1,
    healthTimeoutSeconds: 1,
    failureThreshold: 3,
    startTimeoutSeconds: 60,
  },
  catalog: {
    healthPort: 25020,
    healthPeriodSeconds: 2,
    healthTimeoutSeconds: 2,
    failureThreshold: 10,
    startTimeoutSeconds: 60,
  },
} as const;

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
  readonly moments = new Moments();
  readonly server: EmbeddedApiServer;
  /** What Kubernetes itself and the hand of a person write with: no faults, no time. */
  readonly api: KubernetesApi;
  readonly operator: OperatorModel;
  readonly kubelets = new Map<SimulatedNode, Kubelet>();
  readonly statefulSets: readonly MemberStatefulSet[];
  readonly clusterNetwork: ClusterNetwork;
  readonly subscribers: Subscriber[] = [];
  readonly invariants: Invariants;
  readonly coverage: Coverage | undefined;
  /** Every pod that ever was and has not ended on its node. */
  readonly pods = new Set<SimulatedPod>();
  readonly connections = new Map<string, Connection>();
  readonly failingStarts = new Set<PairComponent>();
  cluster: ClusterIdentity = { namespace: this.namespace, name: 'impala', uid: '' };
  /** While a person writes: what they write is not the protocol's. */
  byHand = false;
  readonly #trace: Trace | undefined;
  readonly #statestoreds = new Map<DaemonProcess, Statestored>();
  readonly #wanted = new Set<PairComponent>();
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
    this.server = new EmbeddedApiServer({
      clock: new SimulatedProcess('API server', this.controlNode, timeline).clock,
      random: random.next,
    });
    this.api = this.server.client('control-plane');
    this.clusterNetwork = new ClusterNetwork(timeline, random, this.network, this.nodes);
    for (const node of this.nodes) this.kubelets.set(node, new Kubelet(node, this));
    this.operator = new OperatorModel(this);
    this.statefulSets = this.components.flatMap((component) =>
      MEMBERS.map((member) => {
        const configuration = this.#configuration(component, member, scenario.times[component][member]);
        return new MemberStatefulSet(component, member, configuration, this);
      }),
    );
    this.invariants = new Invariants(this);
    this.server.onChange((change) => this.invariants.changed(change));
  }

  async start(): Promise<void> {
    const cluster: ImpalaCluster = {
      apiVersion: impalaClusters.apiVersion,
      kind: impalaClusters.kind,
      metadata: { name: this.cluster.name, namespace: this.namespace },
    } as ImpalaCluster;
    const made = await this.api.create({ resource: impalaClusters, namespace: this.namespace }, cluster);
    this.cluster = { ...this.cluster, uid: made.metadata.uid ?? '' };
    this.operator.start();
    this.nodes.forEach((node, index) => this.#startImpalad(index < 2 ? 'coordinator' : 'executor', node));
  }

  /** The time that the operator would write into a Lease that it makes. */
  get leaseDurationSeconds(): number {
    const times = this.components.flatMap((component) => Object.values(this.scenario.times[component]));
    return Math.max(...times.map(({ leaseDurationSeconds }) => leaseDurationSeconds));
  }

  #configuration(component: PairComponent, member: 'a' | 'b', times: LeaseTimes): AgentConfiguration {
    return {
      cluster: this.cluster.name,
      component,
      member,
      pairName: names.pair(this.cluster.name, component),
      agentPort: 8480,
      spellings:
        component === 'catalog' ? ['-hostname=catalog.default.svc.cluster.local', '-hostname=catalog.default.svc'] : [],
      template: 'first',
      ...HEALTH[component],
      ...times,
    };
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

  statefulSetOf(component: PairComponent, member: 'a' | 'b'): MemberStatefulSet {
    const found = this.statefulSets.find((one) => one.component === component && one.member === member);
    if (found === undefined) throw new Error(`${component} is not simulated`);
    return found;
  }

  /** The operator has made what a pair's pods need. */
  async statefulSetsWanted(component: PairComponent): Promise<void> {
    const lease = this.leaseOf(component);
    const term = lease?.spec?.leaseTransitions;
    if (term !== undefined) this.#writeStatus(component, term);
    if (this.#wanted.has(component)) return;
    this.#wanted.add(component);
    for (const member of MEMBERS) await this.statefulSetOf(component, member).create();
  }

  #writeStatus(component: PairComponent, term: number): void {
    const reference = { resource: impalaClusters, namespace: this.namespace, name: this.cluster.name };
    const status = this.server.peek<ImpalaCluster>(reference)?.status as Record<string, { term?: number }> | undefined;
    if ((status?.[component]?.term ?? -1) >= term) return;
    this.server.setStatus(reference, { ...status, [component]: { term } }, 'impala-operator');
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

  setPodStatus(name: string, status: object): void {
    this.server.setStatus({ resource: pods, namespace: this.namespace, name }, status);
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
    const { name, uid, component, member } = pod.identity;
    if (!this.podExists(pod)) return;
    const kubelet = this.kubelets.get(pod.node);
    if (!force) {
      kubelet?.deleted(pod);
      return;
    }
    void this.api.delete({ resource: pods, namespace: this.namespace, name }, { uid, gracePeriodSeconds: 0 });
    this.timeline.after(this.random.between(0, 10_000), () => (pod.tokenDead = true));
    kubelet?.forceDeleted(pod);
    this.statefulSetOf(component, member).makePod();
  }

  /** Nothing of the pod runs any more, and kubelet says so. */
  podEnded(pod: SimulatedPod): void {
    const { name, uid, component, member } = pod.identity;
    this.pods.delete(pod);
    pod.tokenDead = true;
    if (!this.podExists(pod)) return;
    void this.api.delete({ resource: pods, namespace: this.namespace, name }, { uid, gracePeriodSeconds: 0 });
    this.statefulSetOf(component, member).makePod();
  }

  character(pod: SimulatedPod): DaemonCharacter {
    const { component } = pod.identity;
    const { least, most } = LOAD_TIMES[component];
    return { load: this.random.between(least, most), startFails: this.failingStarts.has(component) };
  }

  /** The template was corrected: pods that could not be started are made anew. */
  startsWorkAgain(component: PairComponent): void {
    this.failingStarts.delete(component);
    for (const pod of this.podsOf(component)) if (pod.preflightFailed) this.deletePod(pod, false);
  }

  preflightFails(pod: SimulatedPod): boolean {
    return this.failingStarts.has(pod.identity.component) && this.random.chance(0.3);
  }

  daemonStarted(pod: SimulatedPod, daemon: DaemonProcess): void {
    this.trace(pod, 'guard', `DAEMON STARTS (term ${daemon.term})`);
    this.clusterNetwork.daemons.add(daemon);
    this.invariants.daemonStarted(pod, daemon);
    daemon.onServing.push(() => {
      if (daemon.component === 'statestore')
        this.#statestoreds.set(daemon, new Statestored(daemon, this.clusterNetwork));
      else this.#subscribe('catalogd', daemon.process, daemon);
    });
  }

  daemonEnded(pod: SimulatedPod, daemon: DaemonProcess): void {
    this.trace(pod, 'guard', `DAEMON ENDS (${daemon.code})`);
    this.clusterNetwork.daemons.delete(daemon);
    this.invariants.daemonEnded(daemon);
  }

  statestoredOf(daemon: DaemonProcess): Statestored | undefined {
    return this.#statestoreds.get(daemon);
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
    const subscriber = new Subscriber({
      name,
      process,
      random: this.random,
      network: this.clusterNetwork,
      ...(catalogd && { catalogd }),
      statestoredOf: (daemon) => this.#statestoreds.get(daemon),
      onRegistered: (one) => this.invariants.registered(one),
    });
    this.subscribers.push(subscriber);
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
