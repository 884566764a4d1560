import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { api, paths } from '../api.ts';
import { now, seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { CLUSTER, NAMESPACE } from '../environment.ts';
import { record } from '../measurements.ts';
import { SharedCluster } from '../shared-cluster.ts';
import { program } from '../test-cluster.ts';

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  observedGeneration?: number;
}
interface Cluster {
  metadata: { generation: number };
  status?: {
    conditions?: Condition[];
    coordinators?: { ready?: string };
    executors?: { ready?: string };
    statestore?: PairStatus;
    catalog?: PairStatus;
  };
}
interface PairStatus {
  active?: string;
  activeNode?: string;
  standbys?: string[];
  term?: number;
}

const read = (): Promise<Cluster> => api.get<Cluster>(paths.clusters(NAMESPACE, CLUSTER));

describe('the first apply of a cluster', () => {
  const cluster = new SharedCluster();
  let applied: Instant;

  beforeAll(async () => {
    await cluster.setUp();
    await cluster.replace();
    applied = now();
  });
  afterAll(() => cluster.tearDown());

  test('ends with both pairs active and ready to fail over, and every impalad registered', async () => {
    await cluster.waitUntilWhole();
    record({ subject: 'cluster', fault: 'first apply', moment: 'whole', value: now() - applied, unit: 'ms' });
    expect(await cluster.observer.violations(0)).toEqual([]);
  });

  test.each(PAIR_COMPONENTS)('puts the two pods of the %s on different nodes', (component) => {
    const { active, standby } = cluster.pair(component);
    expect(active.spec.nodeName).not.toBe(standby.spec.nodeName);
  });

  test('puts the two actives on different nodes', () => {
    const [statestore, catalog] = PAIR_COMPONENTS.map((component) => cluster.pair(component).active.spec.nodeName);
    expect(statestore).not.toBe(catalog);
  });

  test('is told in the status: Available, the actives and their standbys, ready counts', async () => {
    const status = await until(
      'the status',
      async () => {
        const { metadata, status = {} } = await read();
        const available = status.conditions?.find(({ type }) => type === 'Available');
        if (available?.status !== 'True') return missing(`Available is ${JSON.stringify(available)}`);
        // One of each is enough to be available; the StatefulSets' own status tells of the others a moment after they are ready.
        const ready = [status.coordinators?.ready, status.executors?.ready];
        if (ready.some((one) => one !== '2/2')) return missing(`ready are ${ready.join(' and ')}`);
        return available.observedGeneration === metadata.generation ? status : missing('an old generation');
      },
      seconds(15),
    );
    for (const component of PAIR_COMPONENTS) {
      const { active, standby, term } = cluster.pair(component);
      expect(status[component]).toMatchObject({
        active: active.metadata.name,
        activeNode: active.spec.nodeName,
        standbys: [standby.metadata.name],
        term,
      });
    }
    const conditions = new Map((status.conditions ?? []).map(({ type, status: holds }) => [type, holds]));
    expect(conditions.get('StatestoreHighlyAvailable')).toBe('True');
    expect(conditions.get('CatalogHighlyAvailable')).toBe('True');
    expect(conditions.get('Degraded')).toBe('False');
  });

  test('is told by kubectl get in one line', async () => {
    const line = await program('kubectl', 'get', 'impala', CLUSTER, '-n', NAMESPACE, '--no-headers');
    for (const component of PAIR_COMPONENTS) expect(line).toContain(cluster.pair(component).active.metadata.name);
    expect(line.match(/\b2\/2\b/g)).toHaveLength(2);
  });

  test('makes objects of the documented names, all of them owned by the cluster', async () => {
    const { metadata } = await api.get<{ metadata: { uid: string } }>(paths.clusters(NAMESPACE, CLUSTER));
    const wanted = PAIR_COMPONENTS.flatMap((component) => {
      const pair = names.pair(CLUSTER, component);
      return [
        paths.leases(NAMESPACE, pair),
        paths.services(NAMESPACE, pair),
        paths.slices(NAMESPACE, pair),
        paths.disruptionBudgets(NAMESPACE, pair),
        paths.services(NAMESPACE, names.headlessService(CLUSTER, component)),
        paths.statefulSets(NAMESPACE, names.memberStatefulSet(CLUSTER, component, 'a')),
        paths.statefulSets(NAMESPACE, names.memberStatefulSet(CLUSTER, component, 'b')),
      ];
    });
    for (const component of ['coordinator', 'executor'] as const) {
      wanted.push(paths.statefulSets(NAMESPACE, names.impalads(CLUSTER, component)));
      wanted.push(paths.services(NAMESPACE, names.headlessService(CLUSTER, component)));
    }
    wanted.push(paths.services(NAMESPACE, names.impalads(CLUSTER, 'coordinator')));
    for (const path of wanted) {
      const object = await api.get<{ metadata: { ownerReferences?: { uid: string }[] } }>(path);
      expect(object.metadata.ownerReferences).toMatchObject([{ uid: metadata.uid }]);
    }
  });
});
