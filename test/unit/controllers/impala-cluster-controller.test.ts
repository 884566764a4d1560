import { beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { ImpalaCluster } from '../../../src/api/impala-cluster.ts';
import { annotations, labels, names } from '../../../src/api/names.ts';
import type { Member, PairComponent } from '../../../src/api/names.ts';
import { ImpalaClusterController } from '../../../src/controllers/impala-cluster-controller.ts';
import { impalaClusters } from '../../../src/api/impala-clusters.ts';
import { LastWords } from '../../../src/controllers/lost-nodes/last-words.ts';
import type { Pod, Service, StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import type { EventDescription } from '../../../src/kube/event.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import { configMaps, endpointSlices, leases, pods, services, statefulSets } from '../../../src/kube/resource.ts';
import type { WorkResult } from '../../../src/kube/work-queue.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { FakeCluster } from './fake-cluster.ts';
import { clusterWith, IMAGE, validCluster } from './fixtures.ts';

const KEY = 'shop/sales';

let world: FakeCluster;
let clock: VirtualClock;
let events: EventDescription[];
let repaired: string[];
let controller: ImpalaClusterController;

function begin(image = IMAGE): void {
  controller = new ImpalaClusterController({
    api: world,
    cache: world,
    clock,
    logger: pino({ level: 'silent' }),
    record: (event) => events.push(event),
    observer: {
      status: () => undefined,
      endpointRepaired: (_namespace, _cluster, component) => repaired.push(component),
    },
    lastWords: new LastWords(),
    isSilent: () => false,
    apiUnbrokenFor: () => Infinity,
    operatorImage: image,
  });
}

beforeEach(() => {
  world = new FakeCluster();
  clock = new VirtualClock();
  events = [];
  repaired = [];
  begin();
});

const reconcile = (): Promise<WorkResult> => controller.reconcile(KEY);
const object = <T extends ImpalaCluster | StatefulSet | Lease | EndpointSlice>(
  resource: Parameters<FakeCluster['edit']>[0],
  name: string,
): T => {
  const found = world.get<T>(resource, 'shop', name);
  if (found === undefined) throw new Error(`there is no ${resource.kind} ${name}`);
  return found;
};
const statusOf = () => object<ImpalaCluster>(impalaClusters, 'sales').status;
const condition = (type: string) => statusOf()?.conditions?.find((candidate) => candidate.type === type);
const applied = (): string[] => world.writes.map(({ verb, object: name }) => `${verb} ${name}`);
const reasons = (): string[] => events.map(({ reason }) => reason);
const changeSpec = (change: (cluster: ImpalaCluster) => void): void => {
  world.edit<ImpalaCluster>(impalaClusters, 'sales', (cluster) => {
    change(cluster);
    cluster.metadata.generation = (cluster.metadata.generation ?? 0) + 1;
  });
};

/** What the StatefulSet controller and kubelet would make of a member's StatefulSet: a pod that is ready. */
function runMember(component: PairComponent, member: Member, ready = true): Pod {
  const name = names.memberStatefulSet('sales', component, member);
  const set = world.edit<StatefulSet>(statefulSets, name, (live) => {
    live.metadata.generation = 1;
    live.status = {
      replicas: 1,
      readyReplicas: 1,
      observedGeneration: 1,
      updateRevision: templateOf(live),
      // Only a pod that is ready ends an update.
      currentRevision: ready ? templateOf(live) : (live.status?.currentRevision ?? templateOf(live)),
      updatedReplicas: 1,
    };
  });
  return world.put<Pod>(pods, {
    metadata: {
      name: `${name}-0`,
      namespace: 'shop',
      labels: { ...set.spec?.template.metadata?.labels, 'controller-revision-hash': templateOf(set) },
      annotations: { ...set.spec?.template.metadata?.annotations },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid: set.metadata.uid ?? '', controller: true },
      ],
    },
    spec: { nodeName: `node-${component}-${member}`, containers: [] },
    status: {
      podIP: member === 'a' ? '10.1.0.1' : '10.1.0.2',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  });
}

const templateOf = (set: StatefulSet): string => set.spec?.template.metadata?.annotations?.[annotations.template] ?? '';

/** What an agent does when it claims the Lease. */
function activate(component: PairComponent, pod: Pod, term: number): void {
  const claim = `${pod.metadata.name}/${pod.metadata.uid}/random`;
  world.edit<Lease>(leases, `sales-${component}`, (lease) => {
    lease.spec = {
      ...lease.spec,
      holderIdentity: claim,
      leaseTransitions: term,
      acquireTime: '2026-01-01T00:00:00.000001Z',
    };
  });
  world.edit<EndpointSlice>(endpointSlices, `sales-${component}`, (slice) => {
    slice.metadata.annotations = {
      ...slice.metadata.annotations,
      [annotations.term]: String(term),
      [annotations.claim]: claim,
    };
    slice.endpoints = [{ addresses: [pod.status?.podIP ?? ''] }];
  });
}

/** A cluster in which everything runs. */
async function running(spec: object = {}): Promise<{ a: Pod; b: Pod }> {
  world.put(impalaClusters, clusterWith(spec));
  await reconcile();
  const statestore = { a: runMember('statestore', 'a'), b: runMember('statestore', 'b') };
  activate('statestore', statestore.a, 1);
  activate('catalog', runMember('catalog', 'a'), 1);
  runMember('catalog', 'b');
  for (const name of ['sales-coordinator', 'sales-executor']) {
    world.edit<StatefulSet>(statefulSets, name, (live) => {
      live.metadata.generation = 1;
      live.status = { replicas: 1, readyReplicas: 1, updatedReplicas: 1, observedGeneration: 1 };
    });
  }
  await reconcile();
  world.writes.length = 0;
  events.length = 0;
  return statestore;
}

describe('a new cluster', () => {
  test('gets what its pods need before its pods', async () => {
    world.put(impalaClusters, clusterWith());
    await reconcile();
    const kinds = applied().map((write) => write.split(' ')[1]);
    const last = (kind: string): number => kinds.lastIndexOf(kind);
    expect(kinds.indexOf('StatefulSet')).toBeGreaterThan(0);
    for (const kind of [
      'ServiceAccount',
      'Role',
      'RoleBinding',
      'Service',
      'EndpointSlice',
      'Lease',
      'PodDisruptionBudget',
    ]) {
      expect(last(kind)).toBeGreaterThanOrEqual(0);
      expect(last(kind)).toBeLessThan(kinds.indexOf('StatefulSet'));
    }
  });

  test('has a Lease that may be claimed at once', async () => {
    world.put(impalaClusters, clusterWith());
    await reconcile();
    expect(applied()).toContain('create Lease sales-statestore');
    expect(object<Lease>(leases, 'sales-statestore').metadata.annotations).toMatchObject({
      [annotations.released]: '0',
    });
  });

  test('tells that it is under way and not available', async () => {
    world.put(impalaClusters, clusterWith());
    await reconcile();
    expect(condition('Available')).toMatchObject({ status: 'False', observedGeneration: 1 });
    expect(condition('Progressing')).toMatchObject({ status: 'True' });
    expect(condition('Degraded')).toMatchObject({ status: 'False' });
  });
});

describe('a cluster that runs', () => {
  test('is available, and its status names who is active', async () => {
    await running();
    expect(condition('Available')).toMatchObject({ status: 'True' });
    expect(condition('Progressing')).toMatchObject({ status: 'False' });
    expect(condition('StatestoreHighlyAvailable')).toMatchObject({ status: 'True' });
    expect(statusOf()).toMatchObject({
      version: '4.5.0',
      statestore: { active: 'sales-statestore-a-0', standbys: ['sales-statestore-b-0'], term: 1 },
      coordinators: { ready: '1/1' },
    });
  });

  test('is not written to when nothing has changed, however often it is looked at, nor by another operator', async () => {
    await running();
    await reconcile();
    begin();
    expect(await reconcile()).toEqual({ requeueAfter: 24 * 3_600_000 });
    expect(world.writes).toEqual([]);
  });

  test('has its pods labelled by role', async () => {
    await running();
    expect(world.get<Pod>(pods, 'shop', 'sales-statestore-a-0')?.metadata.labels?.[labels.role]).toBe('active');
    expect(world.get<Pod>(pods, 'shop', 'sales-statestore-b-0')?.metadata.labels?.[labels.role]).toBe('standby');
  });

  test('gets back what was deleted, and what was changed of what the operator owns', async () => {
    await running();
    world.remove(services, 'sales-catalog');
    world.edit<StatefulSet>(statefulSets, 'sales-executor', (set) => {
      if (set.spec) set.spec.replicas = 7;
    });
    await reconcile();
    expect(applied()).toEqual(['apply Service sales-catalog', 'apply StatefulSet sales-executor']);
    expect(object<StatefulSet>(statefulSets, 'sales-executor').spec?.replicas).toBe(1);
  });

  test('keeps what others have added to its objects', async () => {
    await running();
    world.edit<Service>(services, 'sales-catalog', (service) => {
      service.metadata.labels = { ...service.metadata.labels, theirs: 'x' };
    });
    await reconcile();
    expect(world.writes).toEqual([]);
  });

  test('is left alone while it is being deleted', async () => {
    await running();
    world.edit<ImpalaCluster>(impalaClusters, 'sales', (cluster) => {
      cluster.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    });
    world.remove(services, 'sales-catalog');
    await reconcile();
    expect(world.writes).toEqual([]);
  });
});

describe('a Lease that was deleted', () => {
  test('is made anew, not released, and numbered on', async () => {
    await running();
    world.remove(leases, 'sales-statestore');
    await reconcile();
    const lease = object<Lease>(leases, 'sales-statestore');
    expect(lease.spec).toMatchObject({ holderIdentity: '', leaseTransitions: 1, leaseDurationSeconds: 9 });
    expect(lease.metadata.annotations).not.toHaveProperty([annotations.released]);
    expect(statusOf()?.statestore?.term).toBe(1);
  });

  test('is judged by the API server itself, not by the cache', async () => {
    await running();
    world.remove(leases, 'sales-statestore');
    world.reads.length = 0;
    await reconcile();
    expect(world.reads).toEqual(
      expect.arrayContaining([
        'list Pod',
        'list StatefulSet',
        'get EndpointSlice sales-statestore',
        'get ImpalaCluster sales',
      ]),
    );
  });
});

describe('an EndpointSlice that does not name the holder', () => {
  const break_ = (): void => {
    world.edit<EndpointSlice>(endpointSlices, 'sales-statestore', (slice) => {
      slice.endpoints = [{ addresses: ['10.9.9.9'] }];
    });
  };

  test('is left to the agent for two seconds, and then repaired', async () => {
    await running();
    break_();
    expect(await reconcile()).toEqual({ requeueAfter: 2000 });
    await clock.advance(1500);
    expect(await reconcile()).toEqual({ requeueAfter: 500 });
    expect(applied()).not.toContain('replace EndpointSlice sales-statestore');
    await clock.advance(500);
    await reconcile();
    expect(object<EndpointSlice>(endpointSlices, 'sales-statestore').endpoints?.[0]?.addresses).toEqual(['10.1.0.1']);
    expect(repaired).toEqual(['statestore']);
  });

  test('is not touched when somebody was faster', async () => {
    await running();
    break_();
    world.refuse('EndpointSlice sales-statestore', 'Conflict');
    await reconcile();
    await clock.advance(3000);
    await reconcile();
    expect(repaired).toEqual([]);
  });

  test('is given time anew when it differs again later', async () => {
    await running();
    break_();
    await reconcile();
    await clock.advance(2000);
    await reconcile();
    await reconcile();
    break_();
    await reconcile();
    expect(repaired).toEqual(['statestore']);
  });
});

describe('objects of somebody else', () => {
  test('of a name that is needed are never touched, nor is what belongs together with them', async () => {
    world.put(leases, {
      metadata: { name: 'sales-catalog', namespace: 'shop' },
      spec: { holderIdentity: 'me' },
    });
    world.put(impalaClusters, clusterWith());
    expect(await reconcile()).toEqual({ requeueAfter: 30_000 });
    expect(applied().filter((write) => write.includes('sales-catalog'))).toEqual(['create Secret sales-catalog']);
    expect(applied()).toContain('apply StatefulSet sales-statestore-a');
    expect(condition('Degraded')).toMatchObject({ status: 'True', reason: 'ObjectForeign' });
    expect(condition('Degraded')?.message).toContain('Lease sales-catalog');
    expect(reasons()).toEqual(['ObjectForeign']);
  });

  test('that all components share keep everything from being made', async () => {
    const files = clusterWith({ configuration: { files: { f: 'x' } } });
    const { configuration } = validCluster(files.spec);
    world.put(configMaps, { metadata: { name: configuration?.root.body.metadata.name ?? '', namespace: 'shop' } });
    world.put(impalaClusters, files);
    await reconcile();
    expect(applied().filter((write) => !write.includes('Secret'))).toEqual(['status ImpalaCluster sales']);
  });

  test('that are only left over of a deleted cluster are waited for', async () => {
    await running();
    world.remove(impalaClusters, 'sales');
    await reconcile();
    world.put(impalaClusters, { ...clusterWith(), metadata: { ...clusterWith().metadata, uid: 'another-uid' } });
    expect(await reconcile()).toEqual({ requeueAfter: 1000 });
    expect(applied()).toEqual(['status ImpalaCluster sales']);
    expect(condition('Degraded')).toMatchObject({ status: 'False' });
    expect(condition('Progressing')?.message).toContain('must be gone first');
  });

  test('that lead clients elsewhere are reported, and the report ends with them', async () => {
    await running();
    const foreign = { name: 'evil', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'sales-statestore' } };
    world.put(endpointSlices, { metadata: foreign, addressType: 'IPv4' });
    await reconcile();
    expect(condition('Degraded')).toMatchObject({ reason: 'EndpointSliceForeign' });
    await reconcile();
    expect(reasons()).toEqual(['EndpointSliceForeign']);
    world.remove(endpointSlices, 'evil');
    await reconcile();
    expect(condition('Degraded')).toMatchObject({ status: 'False' });
  });

  test('such as a selector on the Service are reported and not removed', async () => {
    await running();
    world.edit<Service>(services, 'sales-catalog', (service) => {
      service.spec = { ...service.spec, selector: { a: 'b' } };
    });
    await reconcile();
    expect(condition('Degraded')).toMatchObject({ reason: 'ServiceSelectorForeign' });
    expect(applied()).toEqual(['status ImpalaCluster sales']);
  });

  test('such as the holder of a Lease are reported', async () => {
    await running();
    world.edit<Lease>(leases, 'sales-statestore', (lease) => {
      lease.spec = { ...lease.spec, holderIdentity: 'me' };
    });
    await reconcile();
    expect(condition('Degraded')).toMatchObject({ reason: 'LeaseForeign' });
    expect(statusOf()?.statestore?.active).toBeUndefined();
  });
});

describe('a spec that is wrong', () => {
  test('leaves the running cluster as it is, and says which field', async () => {
    await running();
    changeSpec(({ spec }) => (spec.executors.flags = { nosuchflag: '1' }));
    expect((await reconcile()).requeueAfter).toBeGreaterThanOrEqual(600_000);
    expect(applied()).toEqual(['status ImpalaCluster sales']);
    expect(condition('Degraded')).toMatchObject({ reason: 'InvalidSpec', observedGeneration: 2 });
    expect(condition('Degraded')?.message).toContain('spec.executors.flags');
    expect(condition('Progressing')).toMatchObject({ status: 'True', observedGeneration: 2 });
    expect(statusOf()?.version).toBe('4.5.0');
  });

  test('is reported with the words of the API server, and not tried again and again', async () => {
    world.refuse('StatefulSet sales-executor', 'Invalid');
    world.put(impalaClusters, clusterWith());
    expect((await reconcile()).requeueAfter).toBeGreaterThanOrEqual(600_000);
    expect(condition('Degraded')).toMatchObject({ reason: 'InvalidSpec' });
    expect(condition('Degraded')?.message).toContain('refused by the test');
    expect(applied()).toContain('apply StatefulSet sales-statestore-a');
  });

  test.each(['ServerError', 'Timeout', 'Conflict'] as const)(
    'is not what %s means: the pass is repeated',
    async (reason) => {
      world.refuse('StatefulSet sales-executor', reason);
      world.put(impalaClusters, clusterWith());
      await expect(reconcile()).rejects.toMatchObject({ reason });
    },
  );
});

describe('a changed template', () => {
  const change = (): void => changeSpec(({ spec }) => (spec.statestore.flags = { v: '1' }));

  test('goes to the standby, waits for it, and then goes to the active', async () => {
    await running();
    change();
    await reconcile();
    expect(applied().filter((write) => write.includes('StatefulSet'))).toEqual([
      'apply StatefulSet sales-statestore-b',
    ]);
    await reconcile();
    expect(condition('Progressing')?.message).toContain('sales-statestore-a waits for the standby');
    world.writes.length = 0;
    runMember('statestore', 'b', false);
    await reconcile();
    expect(applied().filter((write) => write.includes('StatefulSet'))).toEqual([]);
    runMember('statestore', 'b');
    await reconcile();
    expect(applied().filter((write) => write.includes('StatefulSet'))).toEqual([
      'apply StatefulSet sales-statestore-a',
    ]);
  });

  test('does not go to an active that is lost while the standby fails on it', async () => {
    await running();
    change();
    await reconcile();
    runMember('statestore', 'b', false);
    runMember('statestore', 'a', false);
    world.writes.length = 0;
    await reconcile();
    expect(applied().filter((write) => write.includes('StatefulSet'))).toEqual([]);
  });

  test('does not come from an upgrade of the operator', async () => {
    await running();
    begin('example/operator:2');
    await reconcile();
    expect(world.writes).toEqual([]);
  });
});

describe('events', () => {
  test('tell of a standby that is lost and of one that is ready', async () => {
    const { b } = await running();
    world.edit<Pod>(pods, b.metadata.name, (pod) => {
      pod.status = { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] };
    });
    await reconcile();
    expect(events).toMatchObject([
      { reason: 'StandbyLost', type: 'Warning', regarding: { kind: 'ImpalaCluster', name: 'sales' } },
    ]);
    runMember('statestore', 'b');
    await reconcile();
    expect(reasons()).toEqual(['StandbyLost', 'StandbyReady']);
  });

  test('call a standby that is away for an update no loss, and tell when it is ready again', async () => {
    await running();
    changeSpec(({ spec }) => (spec.statestore.flags = { v: '1' }));
    await reconcile();
    runMember('statestore', 'b', false);
    await reconcile();
    expect(statusOf()?.statestore?.standbys).toEqual([]);
    expect(reasons()).toEqual([]);
    runMember('statestore', 'b');
    await reconcile();
    expect(reasons()).toEqual(['StandbyReady']);
  });
});
