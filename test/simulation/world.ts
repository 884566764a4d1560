import { MEMBERS, names, type Member, type PairComponent } from '../../src/api/names.ts';
import { withDefaults } from '../../src/api/defaults.ts';
import type { ImpalaCluster } from '../../src/api/impala-cluster.ts';
import type { ClusterIdentity } from '../../src/controllers/build/metadata.ts';
import { impalaClusters } from '../../src/api/impala-clusters.ts';
import { EmbeddedApiServer } from '../../src/embedded/embedded-api-server.ts';
import type { KubernetesApi } from '../../src/kube/kubernetes-api.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import { endpointSlices, leases, pods, secrets } from '../../src/kube/resource.ts';
import { SimulatedNode } from './engine/node.ts';
import { SeededRandom } from './engine/random.ts';
import { SimulatedProcess } from './engine/simulated-process.ts';
import { Timeline } from './engine/timeline.ts';
import { Moments } from './faults/moments.ts';
import type { Scenario } from './faults/plan.ts';
import { ClusterNetwork } from './impala/cluster-network.ts';
import type { DaemonCharacter, DaemonProcess } from './impala/daemon-process.ts';
import { LOAD_TIMES } from './impala/load-times.ts';
import { COORDINATORS, ImpalaDaemons } from './impala/impala-daemons.ts';
import { Invariants } from './invariants.ts';
import { ApiWeather } from './kubernetes/api-weather.ts';
import { Connection, type ConnectionParts } from './kubernetes/connection.ts';
import { ControlPlane } from './kubernetes/control-plane.ts';
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
  readonly controlPlane = new ControlPlane(this);
  readonly operator: SimulatedOperator;
  readonly kubelets = new Map<SimulatedNode, Kubelet>();
  readonly statefulSets: readonly MemberStatefulSet[];
  readonly impalads: readonly ImpaladStatefulSet[];
  readonly clusterNetwork: ClusterNetwork;
  readonly daemons = new ImpalaDaemons(this);
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
      this.controlPlane.follow(change);
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
    for (const { kind } of this.impalads) this.daemons.startImpalads(kind);
  }

  /** Somebody applies another spec. */
  patchSpec(spec: object): void {
    const reference = { resource: impalaClusters, namespace: this.namespace, name: this.cluster.name };
    void this.api.mergePatch(reference, { spec });
  }

  /** The cluster as it is now. */
  get impalaCluster(): ImpalaCluster {
    const reference = { resource: impalaClusters, namespace: this.namespace, name: this.cluster.name };
    const found = this.server.peek<ImpalaCluster>(reference);
    if (found === undefined) throw new Error('there is no ImpalaCluster');
    return found;
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

  nextIp(node: SimulatedNode): string {
    const ip = `10.0.${Math.floor(++this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
    this.clusterNetwork.podGot(ip, node);
    return ip;
  }

  podMade(pod: SimulatedPod): void {
    this.pods.add(pod);
    this.trace(pod, 'agent', `pod ${pod.identity.uid.slice(0, 8)} is made on ${pod.node.name}`);
    this.kubelets.get(pod.node)?.bound(pod);
  }

  /** Nothing of the pod runs any more, and kubelet says so. */
  podEnded(pod: SimulatedPod): void {
    this.pods.delete(pod);
    pod.tokenDead = true;
    if (!this.controlPlane.podExists(pod)) return;
    const { name, ip } = pod.identity;
    const terminated = (container: string): object => ({ name: container, state: { terminated: { exitCode: 0 } } });
    this.server.setStatus(
      { resource: pods, namespace: this.namespace, name },
      { phase: 'Succeeded', podIP: ip, containerStatuses: [terminated('ha-agent'), terminated('daemon')] },
    );
    this.controlPlane.deletePod(pod, true);
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
    for (const pod of this.podsOf(component)) if (pod.preflightFailed) this.controlPlane.deletePod(pod, false);
  }

  preflightFails(pod: SimulatedPod): boolean {
    return pod.identity.bad || (this.failingStarts.has(pod.identity.component) && this.random.chance(0.3));
  }

  daemonStarted(pod: SimulatedPod, daemon: DaemonProcess): void {
    this.trace(pod, 'guard', `DAEMON STARTS (term ${daemon.term})`);
    this.daemons.serve(daemon);
    this.invariants.daemonStarted(pod, daemon);
  }

  daemonEnded(pod: SimulatedPod, daemon: DaemonProcess): void {
    this.trace(pod, 'guard', `DAEMON ENDS (${daemon.code})`);
    this.clusterNetwork.daemons.delete(daemon);
    this.invariants.daemonEnded(daemon);
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
