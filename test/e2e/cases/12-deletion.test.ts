import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { api, paths } from '../api.ts';
import type { AnyObject } from '../api.ts';
import { now, seconds } from '../clock.ts';
import { Missing, missing, until } from '../conditions.ts';
import { CLUSTER, NAMESPACE } from '../environment.ts';
import { smallCluster } from '../manifests.ts';
import { record } from '../measurements.ts';
import { activeOf } from '../pair.ts';
import { SharedCluster } from '../shared-cluster.ts';

const OTHER = 'other';

const KINDS = [
  paths.pods(NAMESPACE),
  paths.services(NAMESPACE),
  paths.configMaps(NAMESPACE),
  paths.leases(NAMESPACE),
  paths.slices(NAMESPACE),
  paths.statefulSets(NAMESPACE),
  paths.disruptionBudgets(NAMESPACE),
  `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/roles`,
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings`,
  `/apis/apps/v1/namespaces/${NAMESPACE}/controllerrevisions`,
];

/** Everything in the namespace whose name begins with that of a cluster, by path. */
async function objectsOf(cluster: string): Promise<string[]> {
  const lists = await Promise.all(
    KINDS.map(async (path) => (await api.list<AnyObject>(path)).map(({ metadata }) => ({ path, name: metadata.name }))),
  );
  return lists.flat().flatMap(({ path, name }) => (name.startsWith(`${cluster}-`) ? [`${path}/${name}`] : []));
}

describe('a cluster that is deleted', () => {
  const cluster = new SharedCluster();

  beforeAll(async () => {
    await cluster.setUp();
    await cluster.waitUntilWhole();
    await api.apply(paths.clusters(NAMESPACE, OTHER), smallCluster(OTHER));
    for (const component of ['statestore', 'catalog'] as const) {
      await until('the second cluster', () => activeOf(cluster.observer, component, OTHER), seconds(90));
    }
  });
  afterAll(async () => {
    await api.delete(paths.clusters(NAMESPACE, OTHER));
    await cluster.tearDown();
  });

  test('leaves nothing behind within a minute, and does not touch its neighbour', async () => {
    const { observer } = cluster;
    expect((await objectsOf(CLUSTER)).length).toBeGreaterThan(20);
    const neighbours = ['statestore', 'catalog'] as const;
    const before = neighbours.map((component) => activeOf(observer, component, OTHER));
    const kept = await objectsOf(OTHER);
    const begin = now();
    await api.delete(paths.clusters(NAMESPACE, CLUSTER));
    await until(
      'the end of all its objects',
      async () => {
        const left = await objectsOf(CLUSTER);
        return left.length === 0 ? true : missing(left.join());
      },
      seconds(60),
      250,
    );
    record({
      subject: 'cluster',
      fault: 'deleted',
      moment: 'all gone',
      value: now() - begin,
      unit: 'ms',
      bound: 60_000,
    });
    expect(new Set(await objectsOf(OTHER))).toEqual(new Set(kept));
    for (const [index, component] of neighbours.entries()) {
      const [then, after] = [before[index], activeOf(observer, component, OTHER)];
      if (then === undefined || then instanceof Missing || after instanceof Missing) throw new Error('no neighbour');
      expect(after.identity).toBe(then.identity);
      expect(after.process).toBe(then.process);
    }
    expect(await observer.violations(begin)).toEqual([]);
  });
});
