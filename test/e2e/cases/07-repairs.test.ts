import { afterEach, describe, expect, test } from '@jest/globals';
import { annotations, names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { PairComponent } from '../../../src/api/names.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import { api, paths } from '../api.ts';
import { LEASE_DURATION } from '../bounds.ts';
import { now, seconds } from '../clock.ts';
import { Missing, missing, until } from '../conditions.ts';
import { CLUSTER, NAMESPACE } from '../environment.ts';
import { eventsNow, newEvents } from '../events.ts';
import { record } from '../measurements.ts';
import { activeOf, holderOf } from '../pair.ts';
import type { Active, Pair } from '../pair.ts';
import { useSharedCluster } from '../shared-cluster.ts';

const cluster = useSharedCluster();
const name = (component: PairComponent): string => names.pair(CLUSTER, component);

/** Whoever is active again, under another claim than before. */
async function activeAgain(pair: Pair, fault: string): Promise<Active> {
  const deadline = LEASE_DURATION[pair.component] + seconds(2);
  const since = now();
  const found = await until(
    `an active ${pair.component} again`,
    () => {
      const holder = holderOf(cluster.observer, pair.component);
      if (holder instanceof Missing) return holder;
      return holder.identity === pair.identity ? missing('the old claim stands') : holder;
    },
    deadline,
  );
  record({ subject: pair.component, fault, moment: 'active again', value: now() - since, unit: 'ms', bound: deadline });
  return found;
}

describe.each(PAIR_COMPONENTS)('the Lease of the %s', (component) => {
  const path = paths.leases(NAMESPACE, name(component));

  test('deleted: nothing moves, the term grows by one', async () => {
    const before = cluster.pair(component);
    const events = await eventsNow();
    await api.delete(path);
    const after = await activeAgain(before, 'Lease deleted');
    expect(after.active.metadata.uid).toBe(before.active.metadata.uid);
    expect(after.process).toBe(before.process);
    expect(after.term).toBe(before.term + 1);
    const failovers = (await newEvents(events)).filter(({ reason }) => reason.startsWith('Failover'));
    expect(failovers.map(({ note }) => note)).toEqual([]);
  });

  test('emptied by hand: one is active again within a lease', async () => {
    const before = cluster.pair(component);
    await api.patch(path, { spec: { holderIdentity: '' } });
    const after = await activeAgain(before, 'Lease emptied');
    expect(after.term).toBeGreaterThan(before.term);
  });

  test('overwritten by hand: the stranger is waited out, then one is active again', async () => {
    const before = cluster.pair(component);
    const lease = await api.get<Lease>(path);
    await api.put(path, { ...lease, spec: { ...lease.spec, holderIdentity: 'somebody/else/entirely' } });
    const after = await activeAgain(before, 'Lease overwritten');
    expect(after.term).toBeGreaterThan(before.term);
  });
});

describe.each(PAIR_COMPONENTS)('the EndpointSlice of the %s', (component) => {
  const path = paths.slices(NAMESPACE, name(component));
  const foreign = paths.slices(NAMESPACE, 'foreign');

  afterEach(() => api.delete(foreign));

  test('edited by hand: it names the active again', async () => {
    const before = cluster.pair(component);
    const slice = await api.get<EndpointSlice>(path);
    const edited = [{ ...slice.endpoints?.[0], addresses: [before.standby.status.podIP] }];
    const struck = now();
    await api.put(path, { ...slice, endpoints: edited });
    const repaired = await until(
      'the repair',
      () => {
        const last = cluster.observer.slice(before.name);
        const good = last !== undefined && last.at > struck && last.addresses[0] === before.active.status.podIP;
        return good ? last : missing(`it names ${String(last?.addresses)}`);
      },
      seconds(10),
    );
    record({ subject: component, fault: 'slice edited', moment: 'repaired', value: repaired.at - struck, unit: 'ms' });
    expect(cluster.pair(component).process).toBe(before.process);
  });

  test('given a term that no Lease could follow: it has that of the Lease again', async () => {
    const before = cluster.pair(component);
    await api.patch(path, { metadata: { annotations: { [annotations.term]: '9999999999' } } });
    await until(
      'the repair',
      async () => {
        const { metadata } = await api.get<EndpointSlice>(path);
        const term = metadata.annotations?.[annotations.term];
        return term === String(before.term) ? true : missing(`it has term ${term}`);
      },
      seconds(10),
      200,
    );
    expect(cluster.pair(component)).toMatchObject({ term: before.term, process: before.process });
  });

  test('deleted: it is made anew and names the active', async () => {
    const before = cluster.pair(component);
    const sliceChanges = (): number => cluster.observer.slices.filter((slice) => slice.name === before.name).length;
    const changes = sliceChanges();
    await api.delete(path);
    const { active, process } = await until(
      'the slice',
      () => (sliceChanges() === changes ? missing('nothing yet') : activeOf(cluster.observer, component)),
      LEASE_DURATION[component] + seconds(2),
    );
    expect(active.metadata.uid).toBe(before.active.metadata.uid);
    expect(process).toBe(before.process);
  });

  test('joined by a foreign one: it is reported and left alone', async () => {
    const { standby } = cluster.pair(component);
    const { ports } = await api.get<EndpointSlice>(path);
    await api.post(paths.slices(NAMESPACE), {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'foreign', labels: { 'kubernetes.io/service-name': name(component) } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.201.250.250'], conditions: { ready: false } }],
      ports,
    });
    await untilCondition('Degraded', 'True', /foreign/);
    await expect(api.get(foreign)).resolves.toMatchObject({ metadata: { name: 'foreign' } });
    await api.delete(foreign);
    await untilCondition('Degraded', 'False', /(?:)/);
    expect(cluster.pair(component).standby.metadata.uid).toBe(standby.metadata.uid);
  });
});

interface WithConditions {
  status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
}

async function untilCondition(type: string, status: string, message: RegExp): Promise<void> {
  await until(
    `${type} ${status}`,
    async () => {
      const { status: now = {} } = await api.get<WithConditions>(paths.clusters(NAMESPACE, CLUSTER));
      const condition = now.conditions?.find((one) => one.type === type);
      const good = condition?.status === status && message.test(condition.message);
      return good ? true : missing(JSON.stringify(condition));
    },
    seconds(20),
    200,
  );
}

describe.each(PAIR_COMPONENTS)('of the %s', (component) => {
  test('a deleted Service comes back, and leads to the active', async () => {
    const before = cluster.pair(component);
    const path = paths.services(NAMESPACE, name(component));
    await api.delete(path);
    await until('the Service', async () => (await api.find(path)) ?? missing('not there'), seconds(10));
    await cluster.waitUntilWhole(seconds(60));
    expect(cluster.pair(component).process).toBe(before.process);
  });

  test("a deleted StatefulSet of the active comes back; its daemon's work is handed over meanwhile", async () => {
    const before = cluster.pair(component);
    const statefulSet = before.active.metadata.name.replace(/-0$/, '');
    await api.delete(paths.statefulSets(NAMESPACE, statefulSet));
    const after = await activeAgain(before, 'StatefulSet deleted');
    expect(after.active.metadata.uid).toBe(before.standby.metadata.uid);
    expect(after.term).toBe(before.term + 1);
    await cluster.waitUntilWhole(seconds(60));
  });
});
