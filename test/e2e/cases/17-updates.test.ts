import { describe, expect, test } from '@jest/globals';
import { annotations, names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { api, paths } from '../api.ts';
import { now, seconds } from '../clock.ts';
import { hasCondition } from '../cluster-status.ts';
import type { Missing } from '../conditions.ts';
import { missing, until } from '../conditions.ts';
import { CLUSTER, NAMESPACE, OPERATOR_NAMESPACE, OPERATOR_RELEASE } from '../environment.ts';
import { undoLater } from '../faults/undo.ts';
import { impalaCluster } from '../manifests.ts';
import { record } from '../measurements.ts';
import type { Pod } from '../observer/protocol.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { testOnTestCluster } from '../test-cluster.ts';

const path = paths.clusters(NAMESPACE, CLUSTER);
const ORDER = ['statestore', 'catalog', 'executor', 'coordinator'];

interface Deployment {
  metadata: { generation: number };
  spec: {
    replicas: number;
    template: { spec: { containers: { name: string; env: { name: string; value?: string }[] }[] } };
  };
  status: { observedGeneration?: number; updatedReplicas?: number; readyReplicas?: number; replicas?: number };
}

async function rolledOut(path: string): Promise<true | Missing> {
  const { metadata, spec, status } = await api.get<Deployment>(path);
  const { observedGeneration, updatedReplicas, readyReplicas, replicas } = status;
  const done =
    observedGeneration === metadata.generation &&
    [updatedReplicas, readyReplicas, replicas].every((count) => count === spec.replicas);
  return done ? true : missing(JSON.stringify(status));
}

describe('an update', () => {
  const cluster = useSharedCluster();
  const podsOf = (component: string): Pod[] =>
    [...cluster.observer.livePods.values()].filter(({ metadata }) =>
      metadata.name.startsWith(`${CLUSTER}-${component}-`),
    );

  testOnTestCluster('of everything goes through the components in order, with one hand-over a pair', async () => {
    const { observer } = cluster;
    const before = PAIR_COMPONENTS.map((component) => cluster.pair(component));
    const old = new Set([...observer.livePods.values()].map(({ metadata }) => metadata.uid));
    const begin = now();
    await api.patch(path, { metadata: { annotations: { [annotations.restartedAt()]: new Date().toISOString() } } });
    await until(
      'new pods everywhere',
      () => {
        const left = ORDER.flatMap(podsOf).filter(({ metadata }) => old.has(metadata.uid));
        return left.length === 0 ? true : missing(left.map(({ metadata }) => metadata.name).join());
      },
      seconds(150),
    );
    await until('an end of the update', () => hasCondition(path, 'Progressing', 'False'), seconds(60), 200);
    await cluster.waitUntilWhole();
    record({ subject: 'cluster', fault: 'update of all', moment: 'complete', value: now() - begin, unit: 'ms' });

    for (const { name, component, term, process } of before) {
      const after = cluster.pair(component);
      const value = after.term - term;
      record({ subject: component, fault: 'update', moment: 'hand-overs', value, unit: '', bound: 1 });
      expect(value).toBe(1);
      const daemons = observer.processes.filter(
        (one) => one.started >= begin && observer.podName(one).startsWith(`${name}-`),
      );
      expect(daemons).toEqual([after.process]);
      const gap = (after.process?.healthy ?? NaN) - (process?.lastSeen ?? NaN);
      record({ subject: component, fault: 'update', moment: 'without an active', value: gap, unit: 'ms' });
    }
    // Each component begins when the one before has ended.
    const made = ORDER.map((component) =>
      podsOf(component).map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? '')),
    );
    for (const [index, times] of made.entries()) {
      const earlier = made.slice(0, index).flat();
      expect(Math.min(...times)).toBeGreaterThanOrEqual(Math.max(0, ...earlier));
    }
  });

  testOnTestCluster('that cannot work stops at the standby; the active comes back as it was', async () => {
    undoLater(() => api.apply(path, impalaCluster()));
    const { active, standby, name } = cluster.pair('statestore');
    const changed = impalaCluster({ statestore: { flags: { statestore_heartbeat_frequency_ms: 'often' } } });
    await api.apply(path, changed);
    const degraded = await until(
      'what is wrong',
      () => hasCondition(path, 'Degraded', 'True', 'PreflightFailed'),
      seconds(45),
      200,
    );
    expect(degraded.message).toContain(standby.metadata.name);
    expect(degraded.message).toContain('statestore_heartbeat_frequency_ms');
    expect(cluster.observer.pod(active.metadata.name)?.metadata.uid).toBe(active.metadata.uid);

    await api.delete(paths.pods(NAMESPACE, active.metadata.name));
    const back = await until(
      'the active back',
      () => {
        const pod = cluster.observer.pod(active.metadata.name);
        const process = cluster.observer.running(`${name}-`).find(({ podUid }) => podUid === pod?.metadata.uid);
        const isNew = pod !== undefined && pod.metadata.uid !== active.metadata.uid;
        return isNew && process?.healthy !== undefined ? pod : missing('it does not serve');
      },
      seconds(45),
    );
    expect(back.metadata.annotations?.[annotations.template]).toBe(active.metadata.annotations?.[annotations.template]);

    const mended = now();
    await api.apply(path, impalaCluster());
    await cluster.waitUntilWhole(seconds(60));
    record({ subject: 'statestore', fault: 'bad flag mended', moment: 'whole', value: now() - mended, unit: 'ms' });
    expect(cluster.observer.pod(active.metadata.name)?.metadata.uid).toBe(back.metadata.uid);
  });

  testOnTestCluster('to an image that there is none of is told of, and mended by itself', async () => {
    undoLater(() => api.apply(path, impalaCluster()));
    const before = cluster.pair('statestore');
    const spec = impalaCluster();
    await api.apply(path, { ...spec, spec: { ...spec.spec, image: { ...spec.spec.image, tag: '4.5.0-none' } } });
    await until('what is wrong', () => hasCondition(path, 'Degraded', 'True', 'ImageUnavailable'), seconds(45), 200);
    await api.apply(path, spec);
    await cluster.waitUntilWhole(seconds(60));
    expect(cluster.pair('statestore').process).toBe(before.process);
  });

  testOnTestCluster('of the operator restarts no daemon', async () => {
    const deployment = paths.deployments(OPERATOR_NAMESPACE, OPERATOR_RELEASE);
    const { spec } = await api.get<Deployment>(deployment);
    const { containers } = spec.template.spec;
    const upgraded = containers.map(({ env, ...container }) => ({
      ...container,
      env: env.map((one) => (one.name === 'OPERATOR_IMAGE' ? { ...one, value: `${one.value ?? ''}-upgraded` } : one)),
    }));
    const install = async (wanted: Deployment['spec']['template']['spec']['containers']): Promise<void> => {
      await api.patch(deployment, { spec: { template: { spec: { containers: wanted } } } });
      await until('the operator', () => rolledOut(deployment), seconds(90), 200);
    };
    undoLater(() => install(containers));
    const uids = (): string[] =>
      [...cluster.observer.livePods.values()]
        .map(({ metadata }) => metadata.uid)
        .sort((one, two) => (one < two ? -1 : 1));
    const before = { uids: uids(), processes: cluster.observer.running(CLUSTER) };
    await install(upgraded);
    // The new operator has had its look at the cluster when it has repaired something.
    const budget = paths.disruptionBudgets(NAMESPACE, names.pair(CLUSTER, 'statestore'));
    await api.delete(budget);
    await until('a repair by the new operator', async () => api.get<object>(budget), seconds(60), 200);
    const repaired = now();
    await until('a while', () => (now() > repaired + seconds(5) ? true : missing('it goes on')), seconds(6));
    expect(uids()).toEqual(before.uids);
    const value = cluster.observer.running(CLUSTER).filter((one) => !before.processes.includes(one)).length;
    record({ subject: 'daemons', fault: 'operator upgraded', moment: 'restarts', value, unit: '', bound: 0 });
    expect(value).toBe(0);
  });

  test('by kubectl rollout restart reaches one member, and stays', async () => {
    const { standby, active } = cluster.pair('statestore');
    const set = standby.metadata.name.replace(/-0$/, '');
    const restartedAt = new Date().toISOString();
    const patch = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } } };
    await api.patch(paths.statefulSets(NAMESPACE, set), { spec: { template: patch } });
    await until(
      'another pod',
      () => {
        const pod = cluster.observer.pod(standby.metadata.name);
        return pod !== undefined && pod.metadata.uid !== standby.metadata.uid ? true : missing('the old one');
      },
      seconds(40),
    );
    await cluster.waitUntilWhole();
    const pod = cluster.observer.pod(standby.metadata.name);
    expect(pod?.metadata.annotations?.['kubectl.kubernetes.io/restartedAt']).toBe(restartedAt);
    expect(cluster.pair('statestore').active.metadata.uid).toBe(active.metadata.uid);
  });
});
