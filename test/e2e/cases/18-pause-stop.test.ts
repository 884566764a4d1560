import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import { names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { PairComponent } from '../../../src/api/names.ts';
import { api, paths } from '../api.ts';
import type { AnyObject } from '../api.ts';
import { now, seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { hasCondition } from '../cluster-status.ts';
import { Missing, missing, until } from '../conditions.ts';
import { NAMESPACE } from '../environment.ts';
import { killNode, startNode } from '../faults/node-faults.ts';
import { deletePod } from '../faults/pod-faults.ts';
import { undoFaults } from '../faults/undo.ts';
import { smallCluster } from '../manifests.ts';
import { record } from '../measurements.ts';
import { Observer } from '../observer.ts';
import type { DaemonProcess } from '../observer.ts';
import { pairOf } from '../pair.ts';
import type { Pair } from '../pair.ts';
import { longTestOnTestCluster, testOnTestCluster } from '../test-cluster.ts';

const NAME = 'turned';
const path = paths.clusters(NAMESPACE, NAME);
const SITE = 'turned-site';
const site = (text: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: SITE, namespace: NAMESPACE },
  data: { 'hive-site.xml': text },
});

/** A cluster of its own, whose files come from a ConfigMap of the user's. */
describe('a cluster', () => {
  let observer: Observer;
  let begin: Instant;

  beforeAll(async () => {
    observer = await Observer.start();
    await api.apply(paths.configMaps(NAMESPACE, SITE), site('<configuration/>'));
    const { spec, ...cluster } = smallCluster(NAME);
    await api.apply(path, { ...cluster, spec: { ...spec, configuration: { from: [{ configMap: { name: SITE } }] } } });
    await until('a whole cluster', whole, seconds(90));
  });
  beforeEach(() => {
    begin = now();
  });
  afterEach(undoFaults);
  afterAll(async () => {
    await api.delete(path);
    await api.delete(paths.configMaps(NAMESPACE, SITE));
    observer.stop();
  });

  const change = (spec: object): Promise<unknown> => api.patch(path, { spec });
  const pods = (prefix = ''): string[] =>
    [...observer.livePods.keys()].filter((name) => name.startsWith(`${NAME}-${prefix}`));
  const daemons = (component: string): DaemonProcess[] => observer.running(`${NAME}-${component}-`);
  const pairs = (): Pair[] | Missing => {
    const found = PAIR_COMPONENTS.map((component) => pairOf(observer, component, NAME));
    return found.find((pair) => pair instanceof Missing) ?? (found as Pair[]);
  };
  const whole = async (): Promise<Pair[] | Missing> => {
    const settled = await hasCondition(path, 'Progressing', 'False', 'Complete');
    return settled instanceof Missing ? settled : pairs();
  };
  const never = async (): Promise<void> => expect(await observer.violations(begin)).toEqual([]);

  testOnTestCluster('whose ConfigMap changes gets it, one member at a time', async () => {
    const before = pairs();
    if (before instanceof Missing) throw new Error(before.what);
    const changed = now();
    await api.apply(paths.configMaps(NAMESPACE, SITE), site('<configuration></configuration>'));
    await until('the update', () => hasCondition(path, 'Progressing', 'True'), seconds(40), 200);
    const after = await until('a whole cluster', whole, seconds(90));
    record({ subject: 'cluster', fault: 'ConfigMap changed', moment: 'complete', value: now() - changed, unit: 'ms' });
    for (const [index, { term }] of after.entries()) expect(term - (before[index]?.term ?? NaN)).toBe(1);
    const files = (await api.list<AnyObject>(paths.configMaps(NAMESPACE))).filter(({ metadata }) =>
      metadata.name.startsWith(`${NAME}-configuration-`),
    );
    // The root and one copy; those of before have gone.
    expect(files).toHaveLength(2);
    await never();
  });

  testOnTestCluster('that is paused is left to its agents', async () => {
    const before = await until('a whole cluster', whole, seconds(60));
    const [statestore] = before;
    if (statestore === undefined) throw new Error('there is no statestore');
    await change({ paused: true, executors: { flags: { v: '1' } } });
    await until('the condition', () => hasCondition(path, 'Paused', 'True'), seconds(10), 200);
    const budget = paths.disruptionBudgets(NAMESPACE, names.pair(NAME, 'catalog'));
    await api.delete(budget);
    await deletePod(statestore);
    await until(
      'a hand-over',
      () => {
        const pair = pairOf(observer, 'statestore', NAME);
        return pair instanceof Missing || pair.term === statestore.term ? missing('none') : pair;
      },
      seconds(30),
    );
    const executors = paths.statefulSets(NAMESPACE, names.impalads(NAME, 'executor'));
    const { metadata } = await api.get<AnyObject>(executors);
    await expect(api.get(budget)).rejects.toThrow();
    await change({ paused: false });
    await until('the budget', () => api.get<object>(budget), seconds(10), 200);
    await until('a whole cluster', whole, seconds(60));
    expect((await api.get<AnyObject>(executors)).metadata.resourceVersion).not.toBe(metadata.resourceVersion);
    await never();
  });

  testOnTestCluster('that is stopped keeps all but its pods, and is back without a wait', async () => {
    const before = await until('a whole cluster', whole, seconds(60));
    const stopped = now();
    await change({ stopped: true });
    await until('no pods', () => (pods().length === 0 ? true : missing(pods().join())), seconds(60));
    record({ subject: 'cluster', fault: 'stopped', moment: 'no pods', value: now() - stopped, unit: 'ms' });
    await until('the condition', () => hasCondition(path, 'Available', 'False', 'Stopped'), seconds(10), 200);
    for (const { name, term, component } of before) {
      await api.get(paths.services(NAMESPACE, name));
      const lease = observer.lease(name);
      expect(lease).toMatchObject({ deleted: false, holder: '', term });
      expect(daemons(component)).toEqual([]);
    }
    const started = now();
    await change({ stopped: false });
    const after = await until('both actives', pairs, seconds(60));
    // A Lease that was not released would have been waited out: 9 s and 15 s, besides the start of a pod.
    const bounds = { statestore: seconds(12), catalog: seconds(16) };
    for (const { component, process } of after) {
      const value = (process?.started ?? NaN) - started;
      const bound = bounds[component];
      record({ subject: component, fault: 'started again', moment: 'daemon started', value, unit: 'ms', bound });
      expect(value).toBeLessThan(bound);
    }
    await until('a whole cluster', whole, seconds(60));
    await never();
  });

  longTestOnTestCluster(
    'that is stopped while a ConfigMap of its is missing stops, and is back when that is there',
    async () => {
      await until('a whole cluster', whole, seconds(60));
      await change({ stopped: true, configuration: { from: [{ configMap: { name: 'absent' } }] } });
      await until('no pods', () => (pods().length === 0 ? true : missing(pods().join())), seconds(60));
      await until(
        'the problem',
        () => hasCondition(path, 'Degraded', 'True', 'ConfigurationMissing'),
        seconds(10),
        200,
      );
      await until('the condition', () => hasCondition(path, 'Available', 'False', 'Stopped'), seconds(10), 200);
      await change({ stopped: false, configuration: { from: [{ configMap: { name: SITE } }] } });
      await until('a whole cluster', whole, seconds(60));
      await never();
    },
    seconds(200),
  );

  testOnTestCluster('without high availability runs one plain pod behind the same Service, and goes back', async () => {
    const before = await until('a whole cluster', whole, seconds(60));
    const off = now();
    await change(forBoth({ highAvailability: { enabled: false } }));
    await until(
      'a plain cluster',
      () => hasCondition(path, 'StatestoreHighlyAvailable', 'False', 'Disabled'),
      seconds(10),
    );
    await until('what serves', plain, seconds(60), 200);
    record({ subject: 'cluster', fault: 'high availability off', moment: 'serves', value: now() - off, unit: 'ms' });
    await until('a coordinator that follows', coordinatorFollows, seconds(60), 200);
    for (const { component } of before) expect(pods(`${component}-`)).toEqual([names.plainPod(NAME, component)]);

    const on = now();
    await change(forBoth({ highAvailability: { enabled: true } }));
    const after = await until('a whole cluster', whole, seconds(90));
    record({ subject: 'cluster', fault: 'high availability on', moment: 'whole', value: now() - on, unit: 'ms' });
    for (const [index, { term, name }] of after.entries()) {
      expect(term - (before[index]?.term ?? NaN)).toBe(1);
      expect((await api.get<AnyObject>(paths.services(NAMESPACE, name))).spec?.selector).toBeUndefined();
    }
    await until('a coordinator that follows', coordinatorFollows, seconds(60), 200);
    expect(await hasCondition(path, 'Degraded', 'False')).not.toBeInstanceOf(Missing);
    await never();
  });

  longTestOnTestCluster(
    'whose high availability is turned off while a node is lost does not wait for the standby there',
    async () => {
      const [statestore] = await until('a whole cluster', whole, seconds(60));
      const node = statestore?.standby.spec.nodeName ?? '';
      const lost = await killNode(node);
      await change({ statestore: { highAvailability: { enabled: false } } });
      const { started } = await until('a plain statestore', () => plainDaemon('statestore'), seconds(180), 200);
      // Kubernetes gives a silent node up after 50 s; an operator that was started less than a minute before waits 90 s more.
      const bound = seconds(160);
      const value = started - lost;
      const moment = 'daemon started';
      record({ subject: 'statestore', fault: 'turned off, node lost', moment, value, unit: 'ms', bound });
      expect(value).toBeLessThan(bound);
      await startNode(node);
      await change({ statestore: { highAvailability: { enabled: true } } });
      await until('a whole cluster', whole, seconds(150));
      await never();
    },
    seconds(400),
  );

  const forBoth = (change: object): object => ({ statestore: change, catalog: change });
  const plain = async (): Promise<true | Missing> => {
    const available = await hasCondition(path, 'Progressing', 'False', 'Complete');
    if (available instanceof Missing) return available;
    const found = PAIR_COMPONENTS.map((component) => daemons(component));
    return found.every(({ length }) => length === 1) ? true : missing(JSON.stringify(found));
  };
  const plainDaemon = (component: PairComponent): DaemonProcess | Missing => {
    const found = daemons(component);
    const [only] = found;
    const isPlain = only !== undefined && observer.podName(only) === names.plainPod(NAME, component);
    return found.length === 1 && isPlain ? only : missing(JSON.stringify(found));
  };
  const coordinatorFollows = (): true | Missing => {
    const [pod = ''] = pods('coordinator-');
    const state = observer.impalads.get(pod)?.state;
    return state?.registered === true && state.catalogReady ? true : missing(JSON.stringify(state));
  };
});
