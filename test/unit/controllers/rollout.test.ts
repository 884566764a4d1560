import { beforeEach, describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import type { StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import { configMaps, endpointSlices, leases, secrets, services, statefulSets } from '../../../src/kube/resource.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import type { ConfigMap, Secret, Service } from '../../../src/controllers/kubernetes-types.ts';
import { RunningCluster } from './running-cluster.ts';

let cluster: RunningCluster;
beforeEach(() => {
  cluster = new RunningCluster();
});

/** StatefulSets that were written, in their order, each once in a row. */
const written = (): string[] =>
  cluster.api.writes
    .filter(({ object, verb }) => object.startsWith('StatefulSet') && verb !== 'delete')
    .map(({ object, verb }) => `${verb === 'patch' ? 'size of ' : ''}${object.replace('StatefulSet sales-', '')}`)
    .filter((name, index, all) => name !== all[index - 1]);

const IN_ORDER = ['statestore-b', 'statestore-a', 'catalog-b', 'catalog-a', 'executor', 'coordinator'];

describe('an update', () => {
  test('of everything goes through the components in order, the standby first, with one hand-over a pair', async () => {
    await cluster.start({ executors: { replicas: 3 } });
    expect(cluster.holder('statestore')).toBe('sales-statestore-a-0');
    cluster.change(({ spec }) => (spec.image.tag = '4.5.0-1'));
    await cluster.settle();
    expect(written()).toEqual(IN_ORDER);
    for (const component of ['statestore', 'catalog'] as const) {
      expect(cluster.holder(component)).toBe(`sales-${component}-b-0`);
      expect(cluster.api.get<Lease>(leases, 'shop', `sales-${component}`)?.spec?.leaseTransitions).toBe(2);
    }
    expect(cluster.condition('Progressing')?.status).toBe('False');
  });

  test('that does not work stops at the first standby, and goes on when it is corrected', async () => {
    await cluster.start();
    const before = cluster.pod('statestore-a-0');
    cluster.change(({ spec }) => (spec.image.tag = '4.5.0-bad'));
    await cluster.pass();
    const bad = cluster.api.get<StatefulSet>(statefulSets, 'shop', 'sales-statestore-b');
    cluster.broken.add(bad?.spec?.template.metadata?.annotations?.[annotations.template] ?? '');
    await cluster.settle();
    expect(written()).toEqual(['statestore-b']);
    expect(cluster.pod('statestore-a-0')).toEqual(before);
    expect(cluster.condition('Progressing')).toMatchObject({ status: 'True' });
    expect(cluster.condition('Progressing')?.message).toContain('sales-catalog-a waits for the statestore');
    cluster.api.writes.length = 0;
    cluster.change(({ spec }) => (spec.image.tag = '4.5.0'));
    // The controller of StatefulSets replaces a pod that never became ready.
    cluster.api.remove({ ...statefulSets, kind: 'Pod' }, 'sales-statestore-b-0');
    await cluster.settle();
    expect(written()).toEqual(['statestore-b']);
    expect(cluster.condition('Progressing')?.status).toBe('False');
  });

  test('that waits does not keep executors from being scaled', async () => {
    await cluster.start();
    cluster.change(({ spec }) => (spec.image.tag = '4.5.0-bad'));
    await cluster.pass();
    cluster.change(({ spec }) => (spec.executors.replicas = 5));
    await cluster.pass();
    expect(written()).toEqual(['statestore-b', 'size of executor']);
    expect(cluster.api.get<StatefulSet>(statefulSets, 'shop', 'sales-executor')?.spec?.replicas).toBe(5);
  });

  test('is complete when there is nobody to get it', async () => {
    await cluster.start({ executors: { replicas: 0 } });
    expect(cluster.condition('Progressing')?.status).toBe('False');
    cluster.change(({ spec }) => (spec.executors.flags = { v: '1' }));
    await cluster.settle();
    expect(written()).toEqual(['executor']);
    expect(cluster.condition('Progressing')?.status).toBe('False');
  });

  test('of the operator alone restarts nothing', async () => {
    await cluster.start();
    cluster.upgradeOperator('example/operator:2');
    await cluster.settle();
    expect(cluster.api.writes).toEqual([]);
  });

  test('is asked for by an annotation, for everything or for one component', async () => {
    await cluster.start();
    cluster.change(({ metadata }) => (metadata.annotations = { [annotations.restartedAt('catalog')]: 'now' }));
    await cluster.settle();
    expect(written()).toEqual(['catalog-b', 'catalog-a']);
    cluster.api.writes.length = 0;
    cluster.change(
      ({ metadata }) => (metadata.annotations = { ...metadata.annotations, [annotations.restartedAt()]: 'now' }),
    );
    await cluster.settle();
    expect(new Set(written())).toEqual(new Set(IN_ORDER));
  });
});

describe('a configuration', () => {
  const anchors = (): string[] =>
    cluster.api
      .list<ConfigMap>(configMaps, 'shop')
      .map(({ metadata }) => metadata.name)
      .filter((name) => /^sales-configuration-[0-9a-f]{16}$/.test(name));
  const mounted = (name: string) =>
    cluster.pod(name)?.spec?.volumes?.find((volume) => volume.name === 'configuration')?.projected?.sources;
  const from = { from: [{ configMap: { name: 'site' } }, { secret: { name: 'keys' } }] };
  const put = (text: string): void => {
    cluster.api.put<ConfigMap>(configMaps, {
      metadata: { name: 'site', namespace: 'shop' },
      data: { 'hive-site.xml': text },
    });
  };

  beforeEach(() => {
    put('one');
    cluster.api.put<Secret>(secrets, { metadata: { name: 'keys', namespace: 'shop' }, data: { password: 'eA==' } });
  });

  test('is mounted from copies that never change', async () => {
    await cluster.start({ configuration: { ...from, files: { 'core-site.xml': 'x' } } });
    const [anchor = ''] = anchors();
    expect(mounted('catalog-a-0')).toEqual([
      { configMap: { name: `${anchor}-0` } },
      { secret: { name: `${anchor}-1` } },
      { configMap: { name: anchor } },
    ]);
    expect(cluster.api.get<Secret>(secrets, 'shop', `${anchor}-1`)).toMatchObject({
      immutable: true,
      data: { password: 'eA==' },
      metadata: { ownerReferences: [{ kind: 'ConfigMap', name: anchor }] },
    });
  });

  test('that changes outside of the spec rolls what mounts it, and the old one goes when nobody needs it', async () => {
    await cluster.start({ configuration: from });
    const [before] = anchors();
    put('two');
    await cluster.step();
    expect(anchors()).toHaveLength(2);
    expect(mounted('statestore-a-0')).toContainEqual({ configMap: { name: before } });
    await cluster.settle();
    expect(written()).toEqual(IN_ORDER);
    expect(anchors()).toHaveLength(1);
    expect(anchors()).not.toEqual([before]);
    expect(cluster.api.get(secrets, 'shop', `${before}-1`)).toBeUndefined();
    expect(cluster.api.get(secrets, 'shop', 'keys')).toBeDefined();
  });

  test('stays as it was for who is not updated, however long that takes', async () => {
    await cluster.start({ configuration: from });
    const [before = ''] = anchors();
    put('two');
    await cluster.pass();
    const bad = cluster.api.get<StatefulSet>(statefulSets, 'shop', 'sales-statestore-b');
    cluster.broken.add(bad?.spec?.template.metadata?.annotations?.[annotations.template] ?? '');
    await cluster.settle();
    expect(anchors()).toContain(before);
    expect(cluster.api.get<ConfigMap>(configMaps, 'shop', `${before}-0`)?.data).toEqual({ 'hive-site.xml': 'one' });
  });

  test('that the operator may not copy is reported, and tried again', async () => {
    await cluster.start();
    cluster.change(({ spec }) => (spec.configuration = from));
    await cluster.pass();
    const [anchor = ''] = anchors();
    cluster.api.refuse(`ConfigMap ${anchor}-0`, 'Forbidden');
    cluster.api.remove(configMaps, `${anchor}-0`);
    await cluster.clock.advance(61_000);
    await cluster.pass();
    expect(cluster.condition('Degraded')).toMatchObject({ status: 'True', reason: 'Forbidden' });
    cluster.api.refuse(`ConfigMap ${anchor}-0`);
    await cluster.settle();
    expect(cluster.condition('Degraded')?.status).toBe('False');
  });

  test('of which something is missing is reported, and leaves the running cluster as it is', async () => {
    await cluster.start({ configuration: from });
    cluster.api.remove(configMaps, 'site');
    await cluster.settle();
    expect(written()).toEqual([]);
    expect(cluster.condition('Degraded')).toMatchObject({ status: 'True', reason: 'ConfigurationMissing' });
    expect(cluster.condition('Degraded')?.message).toContain('ConfigMap site');
  });
});

describe('a paused cluster', () => {
  test('is not touched, and says so', async () => {
    await cluster.start();
    cluster.change(({ spec }) => {
      spec.paused = true;
      spec.image.tag = '4.5.0-1';
    });
    cluster.api.remove(services, 'sales-coordinator');
    cluster.api.edit<EndpointSlice>(endpointSlices, 'sales-catalog', (slice) => (slice.endpoints = []));
    await cluster.settle();
    expect(cluster.api.writes.every(({ verb }) => verb === 'status')).toBe(true);
    expect(cluster.condition('Paused')?.status).toBe('True');
    cluster.change(({ spec }) => (spec.paused = false));
    await cluster.settle();
    expect(written()).toEqual(IN_ORDER);
    expect(cluster.condition('Paused')?.status).toBe('False');
  });
});

describe('a stopped cluster', () => {
  test('ends in order, the standby before the active, and keeps all else; it comes back at once', async () => {
    await cluster.start();
    const others = (): number => cluster.api.list(services, 'shop').length + cluster.api.list(leases, 'shop').length;
    const before = others();
    cluster.change(({ spec }) => (spec.stopped = true));
    await cluster.settle();
    expect(cluster.pods).toEqual([]);
    expect(written()).toEqual(
      ['coordinator', 'executor', 'catalog-b', 'catalog-a', 'statestore-b', 'statestore-a'].map(
        (name) => `size of ${name}`,
      ),
    );
    expect(others()).toBe(before);
    expect(cluster.condition('Available')).toMatchObject({ status: 'False', reason: 'Stopped' });
    expect(cluster.condition('Progressing')?.status).toBe('False');
    for (const component of ['statestore', 'catalog'] as const) {
      const lease = cluster.api.get<Lease>(leases, 'shop', `sales-${component}`);
      expect(lease?.metadata.annotations?.[annotations.released]).toBe(String(lease?.spec?.leaseTransitions));
    }
    cluster.upgradeOperator('example/operator:2');
    cluster.change(({ spec }) => (spec.stopped = false));
    await cluster.step();
    expect(cluster.pods).toHaveLength(6);
    await cluster.settle();
    const [agent] = cluster.pod('catalog-a-0')?.spec?.initContainers ?? [];
    expect(agent?.image).toBe('example/operator:2');
    expect(cluster.condition('Available')?.status).toBe('True');
    expect(cluster.events.filter(({ type }) => type === 'Warning')).toEqual([]);
  });
});

describe('a cluster that is paused, and to be stopped', () => {
  test('serves on and says so, until it is not paused any more', async () => {
    await cluster.start();
    cluster.change(({ spec }) => {
      spec.paused = true;
      spec.stopped = true;
    });
    await cluster.settle();
    expect(cluster.pods).toHaveLength(6);
    expect(cluster.condition('Available')).toMatchObject({ status: 'True', reason: 'Serving' });
    expect(cluster.condition('StatestoreHighlyAvailable')?.status).toBe('True');
    cluster.change(({ spec }) => (spec.paused = false));
    await cluster.step();
    expect(cluster.condition('Available')).toMatchObject({
      reason: 'Stopped',
      message: expect.stringContaining('end'),
    });
    await cluster.settle();
    expect(cluster.condition('Available')?.message).toContain('no daemon runs');
    cluster.change(({ spec }) => (spec.paused = true));
    await cluster.settle();
    expect(cluster.condition('Available')?.reason).toBe('Stopped');
  });
});

describe('a cluster that is stopped while its spec is invalid', () => {
  test('stops all the same, says what is wrong, and comes back when that is mended', async () => {
    await cluster.start();
    cluster.change(({ spec }) => {
      spec.image.tag = 'nightly';
      spec.stopped = true;
    });
    await cluster.settle();
    expect(cluster.pods).toEqual([]);
    expect(cluster.condition('Available')).toMatchObject({ status: 'False', reason: 'Stopped' });
    expect(cluster.condition('Degraded')).toMatchObject({ status: 'True', reason: 'InvalidSpec' });
    cluster.change(({ spec }) => {
      spec.image.tag = '4.5.0';
      spec.stopped = false;
    });
    await cluster.settle();
    expect(cluster.condition('Available')?.status).toBe('True');
    expect(cluster.condition('Degraded')?.status).toBe('False');
  });

  test('stops when a ConfigMap that it names is missing', async () => {
    await cluster.start();
    cluster.change(({ spec }) => {
      spec.configuration = { files: {}, from: [{ configMap: { name: 'site' } }] };
      spec.stopped = true;
    });
    await cluster.settle();
    expect(cluster.pods).toEqual([]);
    expect(cluster.condition('Degraded')).toMatchObject({ status: 'True', reason: 'ConfigurationMissing' });
  });
});

describe('high availability', () => {
  const service = (): Service['spec'] => cluster.api.get<Service>(services, 'shop', 'sales-catalog')?.spec;

  test('that is turned off gives way to one plain pod, and that to the pair again', async () => {
    await cluster.start();
    cluster.change(({ spec }) => (spec.catalog.highAvailability.enabled = false));
    const seen: string[] = [];
    for (let step = 0; step < 8; step += 1) {
      await cluster.step();
      seen.push(cluster.pods.filter((name) => name.startsWith('catalog')).join());
    }
    expect(seen.filter((pods, index) => pods !== seen[index - 1])).toEqual(['catalog-a-0', '', 'catalog-0']);
    expect(service()?.selector).toMatchObject({ 'impala-operator.dev/member': 'plain' });
    expect(cluster.api.get<EndpointSlice>(endpointSlices, 'shop', 'sales-catalog')?.endpoints).toEqual([]);
    await cluster.settle();
    expect(cluster.condition('CatalogHighlyAvailable')).toMatchObject({ status: 'False', reason: 'Disabled' });
    expect(cluster.condition('Available')?.status).toBe('True');
    expect(cluster.status()?.catalog?.active).toBe('sales-catalog-0');
    expect(cluster.pods).toContain('statestore-a-0');

    cluster.change(({ spec }) => (spec.catalog.highAvailability.enabled = true));
    await cluster.step();
    expect(cluster.pods.filter((name) => name.startsWith('catalog'))).toEqual([]);
    await cluster.settle();
    expect(cluster.pods).toEqual(expect.arrayContaining(['catalog-a-0', 'catalog-b-0']));
    expect(service()?.selector).toBeUndefined();
    expect(cluster.condition('CatalogHighlyAvailable')?.status).toBe('True');
  });

  test('that is turned off closes the Lease before the plain pod comes, and that lets it be claimed when it has gone', async () => {
    await cluster.start();
    const lease = (): Lease | undefined => cluster.api.get<Lease>(leases, 'shop', 'sales-catalog');
    const notes = (): Record<string, string> => lease()?.metadata.annotations ?? {};
    const term = String(lease()?.spec?.leaseTransitions);
    cluster.change(({ spec }) => (spec.catalog.highAvailability.enabled = false));
    await cluster.settle();
    expect(cluster.pods).toContain('catalog-0');
    expect(notes()).toMatchObject({ [annotations.closed]: term });
    expect(notes()).not.toHaveProperty([annotations.released]);
    expect(notes()).not.toHaveProperty([annotations.roster]);

    cluster.change(({ spec }) => (spec.catalog.highAvailability.enabled = true));
    for (let step = 0; step < 8 && notes()[annotations.released] === undefined; step += 1) {
      expect(cluster.pods).not.toContain('catalog-a-0');
      await cluster.step();
    }
    expect(notes()).toMatchObject({ [annotations.released]: term });
    expect(notes()).not.toHaveProperty([annotations.closed]);
    expect(cluster.pods).not.toContain('catalog-0');
  });

  test('that is turned off leaves a daemon alone that somebody out of sight starts by a last claim', async () => {
    await cluster.start();
    cluster.change(({ spec }) => (spec.catalog.highAvailability.enabled = false));
    // Between what the pass goes by and what it writes, somebody claims the released Lease.
    cluster.api.refuse('Lease sales-catalog', 'Conflict');
    for (let step = 0; step < 8; step += 1) await cluster.step();
    expect(cluster.pods.filter((name) => name.startsWith('catalog'))).toEqual([]);
    const claim = 'sales-catalog-b-0/deleted-by-force/random';
    cluster.api.edit<Lease>(leases, 'sales-catalog', ({ spec }) => {
      Object.assign(spec ?? {}, { holderIdentity: claim, leaseTransitions: (spec?.leaseTransitions ?? 0) + 1 });
    });
    cluster.api.refuse('Lease sales-catalog');
    await cluster.settle();
    expect(cluster.pods.filter((name) => name.startsWith('catalog'))).toEqual([]);
    expect(cluster.api.get<Lease>(leases, 'shop', 'sales-catalog')?.spec?.holderIdentity).toBe(claim);
  });

  test('that is off from the start runs one pod', async () => {
    await cluster.start({ statestore: { highAvailability: { enabled: false } } });
    expect(cluster.pods.filter((name) => name.startsWith('statestore'))).toEqual(['statestore-0']);
    expect(cluster.condition('Available')?.status).toBe('True');
    expect(cluster.condition('Degraded')?.status).toBe('False');
  });
});
