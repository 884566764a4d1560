import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { AgentCounters } from '../agent/reporter.ts';
import type { Pod } from '../controllers/kubernetes-types.ts';
import type { Clock } from '../kube/clock.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { EndpointSlice } from '../kube/kubernetes-object.ts';
import type { Random } from '../kube/random.ts';
import { endpointSlices, pods } from '../kube/resource.ts';
import { RestClient } from '../kube/rest-client.ts';
import type { ControlPlane } from './control/control-plane.ts';
import { DeploymentController } from './control/deployment-controller.ts';
import { DisruptionController } from './control/disruption-controller.ts';
import { NamespaceController } from './control/namespace-controller.ts';
import { NodeLifecycleController, type NodeTimes } from './control/node-lifecycle-controller.ts';
import { Scheduler } from './control/scheduler.ts';
import { StatefulSetController } from './control/stateful-set-controller.ts';
import { EmbeddedApiServer } from './embedded-api-server.ts';
import type { ApiRequest } from './http/api-requests.ts';
import { EmbeddedHttpServer } from './http/embedded-http-server.ts';
import { ImpalaDirectory } from './impala/impala-directory.ts';
import { ServiceNetwork } from './impala/service-network.ts';
import { ApiCall, type Interceptor } from './interceptor.ts';
import { namespaces, nodes } from './kinds/builtin-kinds.ts';
import { Kubelet } from './node/kubelet.ts';
import type { PodWorker } from './node/pod-worker.ts';
import { PromiseNetwork } from './node/promise-network.ts';
import { VirtualNode } from './node/virtual-node.ts';
import type { Connection, Surroundings } from './programs/program.ts';
import type { Change } from './versioned-store.ts';

export interface EmbeddedClusterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** How many nodes; default 3. */
  readonly nodes?: number;
  /** How the programs on the nodes reach the API server: over HTTP as on a real node (default), or without a wire. */
  readonly wire?: 'http' | 'none';
  readonly loadTime?: Partial<Surroundings['loadTime']>;
  readonly nodeTimes?: NodeTimes;
  readonly agentCounters: AgentCounters;
  /** Told of every call of the programs that have no wire. */
  readonly onCall?: (call: ApiCall) => void;
  /** Told of every request that comes over HTTP. */
  readonly onRequest?: (request: ApiRequest) => void;
}

export type ApiState = 'on' | 'off' | 'frozen';

const NODE_TIMES: NodeTimes = { grace: 45_000, eviction: 300_000 };
const LOAD_TIME: Surroundings['loadTime'] = { statestore: 400, catalog: 1_500, impalad: 800 };
/** As a real API server ends a watch whose client has not said for how long it wants it. */
const LONG_WATCHES = { least: 1_800_000, most: 3_600_000 };
const SYSTEM_NAMESPACES = ['default', 'kube-system'];

/**
 * A Kubernetes cluster in this process: API server, scheduler, controllers, and nodes whose kubelets run the programs that
 * this process knows. Nothing of it is visible outside but the HTTP server, on the loopback interface.
 */
export class EmbeddedCluster implements ControlPlane {
  readonly server: EmbeddedApiServer;
  readonly http: EmbeddedHttpServer;
  readonly clock: Clock;
  readonly network: ServiceNetwork;
  readonly impala = new ImpalaDirectory();
  readonly nodes: readonly VirtualNode[];
  readonly #options: EmbeddedClusterOptions;
  readonly #kubelets = new Map<string, Kubelet>();
  readonly #onServing: (() => void)[] = [];
  readonly #lifecycle: NodeLifecycleController;
  #api: ApiState = 'on';
  #thawed: Promise<void> = Promise.resolve();
  #thaw: () => void = () => undefined;
  readonly #streams = new Set<{
    fail(error: KubernetesApiError): void;
    readonly call: ApiCall;
    readonly open: boolean;
  }>();

  constructor(options: EmbeddedClusterOptions) {
    const { clock, random } = options;
    this.#options = options;
    this.clock = clock;
    this.server = new EmbeddedApiServer({ clock, random, namespacesMustExist: true, watchTimeout: LONG_WATCHES });
    this.http = new EmbeddedHttpServer({
      server: this.server,
      clock,
      basePath: `/${randomBytes(12).toString('hex')}`,
      onRequest: options.onRequest,
    });
    const count = options.nodes ?? 3;
    this.nodes = Array.from({ length: count }, (_, index) => new VirtualNode(`node-${index + 1}`, index));
    this.network = new ServiceNetwork(clock, random, () => this.nodes);
    const surroundings = this.#surroundings();
    for (const node of this.nodes) this.#kubelets.set(node.name, new Kubelet(node, this, surroundings));
    this.#lifecycle = new NodeLifecycleController(this, options.nodeTimes ?? NODE_TIMES);
    const controllers = [
      new Scheduler(this),
      new StatefulSetController(this),
      new DeploymentController(this, random),
      new DisruptionController(this),
      new NamespaceController(this),
    ];
    this.server.onChange((change) => {
      for (const controller of controllers) controller.observe(change);
      this.#observe(change);
    });
  }

  get serving(): boolean {
    return this.#api === 'on';
  }

  get apiState(): ApiState {
    return this.#api;
  }

  defect(error: unknown): void {
    this.#options.logger.error({ err: error }, 'a controller could not handle an object');
  }

  onServing(callback: () => void): void {
    this.#onServing.push(callback);
  }

  /** Begins to listen, and brings up the nodes. */
  async start(): Promise<void> {
    const api = this.server.client('kubeadm');
    for (const name of SYSTEM_NAMESPACES) await api.create({ resource: namespaces }, { metadata: { name } });
    for (const node of this.nodes) {
      await api.create({ resource: nodes }, { metadata: { name: node.name, labels: { ...node.labels } } });
      this.server.setStatus({ resource: nodes, name: node.name }, node.status(this.clock.date()));
    }
    await this.http.start();
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    this.#api = 'off';
    this.#thaw();
    for (const node of this.nodes) node.up = false;
    for (const kubelet of this.#kubelets.values()) kubelet.powerOff();
    await this.http.stop();
  }

  /** @param state `off`: its process is gone, connections break; `frozen`: it takes requests and answers nothing */
  async setApi(state: ApiState): Promise<void> {
    if (state === this.#api) return;
    this.#api = state;
    this.#thaw();
    this.http.thaw();
    if (state === 'off') {
      for (const stream of this.#streams)
        stream.fail(new KubernetesApiError('watch', 'Disconnected', 'socket hang up'));
      await this.http.stop();
      return;
    }
    await this.http.start();
    if (state === 'frozen') {
      this.#thawed = new Promise((resolve) => (this.#thaw = resolve));
      this.http.freeze();
      return;
    }
    for (const node of this.nodes) if (node.up) this.#lifecycle.returned(node);
    for (const callback of this.#onServing) callback();
  }

  /** A node loses its power. */
  killNode(name: string): void {
    const node = this.#node(name);
    if (!node.up) return;
    node.up = false;
    this.#kubelets.get(name)?.powerOff();
    this.#lifecycle.lost(node);
  }

  /** A node has its power again, and boots. */
  reviveNode(name: string): void {
    const node = this.#node(name);
    if (node.up) return;
    node.up = true;
    node.boot++;
    this.network.nodeBooted(node);
    if (this.serving) this.#lifecycle.returned(node);
    this.#kubelets.get(name)?.relist();
  }

  /** A pod where it runs. */
  worker(namespace: string, name: string): PodWorker | undefined {
    const pod = this.server.peek<Pod>({ resource: pods, namespace, name });
    return this.#kubelets.get(pod?.spec?.nodeName ?? '')?.worker(pod?.metadata.uid ?? '');
  }

  /** A client of the API server, as a program on a node has one. */
  connect(user: string): Connection {
    if (this.#options.wire !== 'none') return new RestClient({ server: this.http.url }, { userAgent: user });
    return this.server.client(user, this.#interceptor, this.clock);
  }

  readonly #interceptor: Interceptor = {
    exchange: async (call, handle) => {
      this.#options.onCall?.(call);
      if (this.#api === 'frozen') await this.#thawed;
      if (this.#api === 'off') throw new KubernetesApiError(call.doing, 'Disconnected', 'connect ECONNREFUSED');
      return handle();
    },
    onWatch: (stream) => {
      for (const old of this.#streams) if (!old.open) this.#streams.delete(old);
      this.#streams.add(stream);
    },
    deliver: (_stream, forward) => {
      if (this.#api === 'frozen') void this.#thawed.then(forward);
      else forward();
    },
  };

  #surroundings(): Surroundings {
    const { clock, random, logger, loadTime, agentCounters } = this.#options;
    return {
      clock,
      random,
      logger,
      agentCounters,
      connect: (user) => this.connect(user),
      network: this.network,
      promises: new PromiseNetwork(),
      impala: this.impala,
      loadTime: { ...LOAD_TIME, ...loadTime },
    };
  }

  #observe({ type, resource, object, previous }: Change): void {
    const exists = type !== 'DELETED';
    if (resource.kind === endpointSlices.kind) this.network.sliceChanged(object as EndpointSlice, exists);
    if (resource.kind !== pods.kind) return;
    const pod = object as Pod;
    const node = pod.spec?.nodeName ?? (previous as Pod | undefined)?.spec?.nodeName;
    if (node !== undefined) this.#kubelets.get(node)?.changed(pod, exists);
  }

  #node(name: string): VirtualNode {
    const node = this.nodes.find((one) => one.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }
}
