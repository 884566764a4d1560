import { pino } from 'pino';
import type { ImpalaCluster } from '../../../src/api/impala-cluster.ts';
import { annotations, labels, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { PairComponent } from '../../../src/api/names.ts';
import { ImpalaClusterController } from '../../../src/controllers/impala-cluster-controller.ts';
import { impalaClusters } from '../../../src/api/impala-clusters.ts';
import type { Pod, StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import { LastWords } from '../../../src/controllers/lost-nodes/last-words.ts';
import type { EventDescription } from '../../../src/kube/event.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import { endpointSlices, leases, pods, statefulSets } from '../../../src/kube/resource.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { FakeCluster } from './fake-cluster.ts';
import { clusterWith, IMAGE } from './fixtures.ts';

/** A cluster `sales` whose StatefulSets and agents do what is told them, one step at a time. */
export class RunningCluster {
  readonly api = new FakeCluster();
  readonly clock = new VirtualClock();
  readonly events: EventDescription[] = [];
  /** Pods of these templates never become ready. */
  readonly broken = new Set<string>();
  #controller = this.#newController(IMAGE);

  #newController(operatorImage: string): ImpalaClusterController {
    return new ImpalaClusterController({
      api: this.api,
      cache: this.api,
      clock: this.clock,
      logger: pino({ level: 'silent' }),
      record: (event) => this.events.push(event),
      observer: { status: () => undefined, endpointRepaired: () => undefined },
      lastWords: new LastWords(),
      isSilent: () => false,
      apiUnbrokenFor: () => Infinity,
      operatorImage,
    });
  }

  upgradeOperator(image: string): void {
    this.#controller = this.#newController(image);
  }

  /** Makes the cluster and waits until all of it runs. */
  async start(spec: object = {}): Promise<void> {
    this.api.put(impalaClusters, clusterWith(spec));
    await this.settle();
    this.api.writes.length = 0;
  }

  change(change: (cluster: ImpalaCluster) => void): void {
    this.api.edit<ImpalaCluster>(impalaClusters, 'sales', (cluster) => {
      change(cluster);
      cluster.metadata.generation = (cluster.metadata.generation ?? 0) + 1;
    });
  }

  async pass(): Promise<void> {
    await this.#controller.reconcile('shop/sales');
  }

  /** One pass, and then everything that Kubernetes and the agents make of it. */
  async step(): Promise<void> {
    await this.pass();
    for (const set of this.statefulSets) this.#control(set);
    for (const component of PAIR_COMPONENTS) this.#claim(component);
  }

  /** Steps until nothing is written any more. */
  async settle(): Promise<void> {
    for (let steps = 0; steps < 40; steps += 1) {
      const before = this.api.writes.length;
      await this.step();
      await this.clock.advance(1_000);
      if (this.api.writes.length === before) return;
    }
    throw new Error('it does not settle');
  }

  get statefulSets(): readonly StatefulSet[] {
    return this.api.list<StatefulSet>(statefulSets, 'shop');
  }

  /** The names of the pods that there are, without that of the cluster. */
  get pods(): string[] {
    return this.api.list<Pod>(pods, 'shop').map(({ metadata }) => metadata.name.replace('sales-', ''));
  }

  pod(name: string): Pod | undefined {
    return this.api.get<Pod>(pods, 'shop', `sales-${name}`);
  }

  holder(component: PairComponent): string {
    return this.#lease(component)?.spec?.holderIdentity?.split('/')[0] ?? '';
  }

  status() {
    return this.api.get<ImpalaCluster>(impalaClusters, 'shop', 'sales')?.status;
  }

  condition(type: string) {
    return this.status()?.conditions?.find((condition) => condition.type === type);
  }

  #lease(component: PairComponent): Lease | undefined {
    return this.api.get<Lease>(leases, 'shop', `sales-${component}`);
  }

  /** The StatefulSet controller and kubelet: one pod that does not fit ends, or all that are missing are made. */
  #control(set: StatefulSet): void {
    const { name, uid = '' } = set.metadata;
    const template = set.spec?.template;
    const revision = JSON.stringify(template);
    const generation = JSON.stringify(set.spec);
    const wanted = Array.from({ length: set.spec?.replicas ?? 1 }, (_, ordinal) => `${name}-${ordinal}`);
    const mine = this.api.list<Pod>(pods, 'shop').filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid);
    const superfluous = mine.filter(({ metadata }) => !wanted.includes(metadata.name));
    const outdated = mine.filter(({ metadata }) => metadata.labels?.['controller-revision-hash'] !== revision);
    const unready = mine.some((pod) => !outdated.includes(pod) && pod.status?.conditions?.[0]?.status !== 'True');
    const ending = superfluous.length > 0 ? superfluous : unready ? [] : outdated.slice(0, 1);
    for (const pod of ending) this.#end(pod);
    const missing = wanted.filter((pod) => ending.length === 0 && !mine.some(({ metadata }) => metadata.name === pod));
    const ready = !this.broken.has(template?.metadata?.annotations?.[annotations.template] ?? '');
    for (const pod of missing) {
      this.api.put<Pod>(pods, {
        metadata: {
          name: pod,
          namespace: 'shop',
          labels: { ...template?.metadata?.labels, 'controller-revision-hash': revision },
          annotations: { ...template?.metadata?.annotations },
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true }],
        },
        spec: { ...template?.spec, containers: [], nodeName: `node-${pod}` },
        status: { podIP: `10.1.0.${pod.length}`, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
      });
    }
    const now = this.api.list<Pod>(pods, 'shop').filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid);
    const updated = now.filter(({ metadata }) => metadata.labels?.['controller-revision-hash'] === revision).length;
    const isReady = ({ status }: Pod): boolean => status?.conditions?.[0]?.status === 'True';
    this.api.edit<StatefulSet>(statefulSets, name, (live) => {
      // Generations are numbers, and this is one for each spec there was.
      live.metadata.generation = hash(generation);
      live.status = {
        observedGeneration: hash(generation),
        replicas: now.length,
        readyReplicas: now.filter(isReady).length,
        updatedReplicas: updated,
        updateRevision: revision,
        currentRevision: updated === now.length ? revision : 'another',
      };
    });
  }

  /** The pod ends, and its agent releases what it holds. */
  #end({ metadata }: Pod): void {
    this.api.remove(pods, metadata.name);
    for (const component of PAIR_COMPONENTS) {
      if (this.holder(component) !== metadata.name) continue;
      this.api.edit<Lease>(leases, `sales-${component}`, (lease) => {
        lease.spec = { ...lease.spec, holderIdentity: '' };
        lease.metadata.annotations = {
          ...lease.metadata.annotations,
          [annotations.released]: String(lease.spec.leaseTransitions),
        };
      });
    }
  }

  /** A member that is ready claims a Lease that nobody holds. */
  #claim(component: PairComponent): void {
    const lease = this.#lease(component);
    if (lease === undefined || this.holder(component) !== '') return;
    const claimant = this.api
      .list<Pod>(pods, 'shop')
      .find(
        ({ metadata, status }) =>
          metadata.labels?.[labels.impalaComponent] === component &&
          ['a', 'b'].includes(metadata.labels?.[labels.member] ?? '') &&
          status?.conditions?.[0]?.status === 'True',
      );
    if (claimant === undefined) return;
    const identity = `${claimant.metadata.name}/${claimant.metadata.uid}/random`;
    const term = (lease.spec?.leaseTransitions ?? 0) + 1;
    this.api.edit<Lease>(leases, `sales-${component}`, (live) => {
      live.spec = { ...live.spec, holderIdentity: identity, leaseTransitions: term };
    });
    this.api.edit<EndpointSlice>(endpointSlices, `sales-${component}`, (slice) => {
      const notes = { [annotations.term]: String(term), [annotations.claim]: identity };
      slice.metadata.annotations = { ...slice.metadata.annotations, ...notes };
      slice.endpoints = [{ addresses: [claimant.status?.podIP ?? ''] }];
    });
  }
}

const hash = (text: string): number => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1e9, 7);
