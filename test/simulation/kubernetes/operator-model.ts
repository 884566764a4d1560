import { OPERATOR_FIELD_MANAGER, names, type PairComponent } from '../../../src/api/names.ts';
import { createLease } from '../../../src/controllers/apply/create-lease.ts';
import { getIfExists } from '../../../src/controllers/apply/look-up.ts';
import { endpointSlice } from '../../../src/controllers/build/endpoint-slice.ts';
import { leaseMetadata } from '../../../src/controllers/build/lease.ts';
import type { Pod } from '../../../src/controllers/kubernetes-types.ts';
import { EndpointRepair } from '../../../src/controllers/repair-endpoint.ts';
import type { PairSnapshot } from '../../../src/controllers/snapshot.ts';
import type { KubernetesApi } from '../../../src/kube/kubernetes-api.ts';
import { KubernetesApiError } from '../../../src/kube/kubernetes-api.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import { endpointSlices, leases, pods } from '../../../src/kube/resource.ts';
import { SimulatedProcess } from '../engine/simulated-process.ts';
import type { Connection } from './connection.ts';
import type { World } from '../world.ts';

const PERIOD = 2_000;

/**
 * The operator's hand in a pair's protocol: it makes the Lease and the EndpointSlice and repairs the slice, with the
 * product's own code, looking every two seconds instead of watching.
 */
export class OperatorModel {
  process: SimulatedProcess | undefined;
  connection: Connection | undefined;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  start(): void {
    const world = this.#world;
    const process = new SimulatedProcess('operator', world.controlNode, world.timeline);
    const { api, connection } = world.connect(process, 'operator', ['operator'], {
      authorized: () => true,
      onCall: () => undefined,
    });
    this.process = process;
    this.connection = connection;
    const repair = new EndpointRepair(api, process.clock);
    const pass = async (): Promise<void> => {
      for (const component of world.components) {
        try {
          await this.#tend(api, repair, component);
        } catch (error) {
          if (!(error instanceof KubernetesApiError)) throw error;
          world.traceOf('operator', `${component}: ${error.message}`);
        }
      }
      process.setTimer(PERIOD, () => void pass());
    };
    void pass();
  }

  stop(): void {
    this.process?.kill();
    this.connection?.close();
    this.process = undefined;
  }

  async #tend(api: KubernetesApi, repair: EndpointRepair, component: PairComponent): Promise<void> {
    const { cluster, leaseDurationSeconds } = this.#world;
    const reference = { namespace: cluster.namespace, name: names.pair(cluster.name, component) };
    let slice = await getIfExists<EndpointSlice>(api, { ...reference, resource: endpointSlices });
    if (slice === undefined) {
      const { body } = endpointSlice(cluster, component, [{ name: 'rpc', port: 24000 }]);
      const options = { fieldManager: OPERATOR_FIELD_MANAGER, force: true };
      slice = await api.apply<EndpointSlice>({ ...reference, resource: endpointSlices }, body, options);
      this.#world.traceOf('operator', `makes the slice of ${component}`);
    }
    const lease = await getIfExists<Lease>(api, { ...reference, resource: leases });
    if (lease === undefined) {
      const history = await createLease(api, cluster, component, leaseDurationSeconds);
      this.#world.traceOf('operator', `makes the Lease of ${component} (${history.kind})`);
      await this.#world.statefulSetsWanted(component);
      return;
    }
    await this.#world.statefulSetsWanted(component);
    await this.#applyMetadata(api, component, lease);
    const result = await repair.repair(cluster, await this.#snapshot(api, component, lease, slice));
    if (result.kind === 'repaired')
      this.#world.traceOf('operator', `repairs the slice of ${component}: ${result.difference}`);
  }

  /** What an operator applies now and then: it changes nothing but costs the holder a conflict when it does. */
  async #applyMetadata(api: KubernetesApi, component: PairComponent, lease: Lease): Promise<void> {
    const { cluster, random } = this.#world;
    if (lease.metadata.ownerReferences !== undefined && !random.chance(0.02)) return;
    const { body } = leaseMetadata(cluster, component);
    const labels = { ...body.metadata.labels, touched: random.word() };
    const touched = { ...body, metadata: { ...body.metadata, labels, uid: lease.metadata.uid } };
    const reference = { resource: leases, namespace: cluster.namespace, name: lease.metadata.name };
    await api.apply(reference, touched, { fieldManager: OPERATOR_FIELD_MANAGER, force: true });
  }

  async #snapshot(
    api: KubernetesApi,
    component: PairComponent,
    lease: Lease,
    slice: EndpointSlice,
  ): Promise<PairSnapshot> {
    const { cluster } = this.#world;
    const pod = (member: 'a' | 'b'): Promise<Pod | undefined> => {
      const name = names.memberPod(cluster.name, component, member);
      return getIfExists<Pod>(api, { resource: pods, namespace: cluster.namespace, name });
    };
    return {
      component,
      lease,
      slice,
      service: undefined,
      foreignSlices: [],
      statefulSets: { a: undefined, b: undefined },
      pods: { a: await pod('a'), b: await pod('b') },
      plain: { statefulSet: undefined, pod: undefined },
    };
  }
}
