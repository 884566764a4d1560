import { describe, expect } from '@jest/globals';
import { AGENT_CONTAINER, names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { api, paths } from '../api.ts';
import { now, seconds } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { CLUSTER, OPERATOR_NAMESPACE } from '../environment.ts';
import { firstProcessOf, processesOf } from '../faults/host-processes.ts';
import { record } from '../measurements.ts';
import type { Pod } from '../observer/protocol.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { testOnTestCluster } from '../test-cluster.ts';

const AGENT_LIMIT_MIB = 90;
const QUIET = seconds(30);

describe('a cluster where nothing happens', () => {
  const cluster = useSharedCluster();

  testOnTestCluster(`has agents of at most ${AGENT_LIMIT_MIB} MiB, and shows the operator's size`, async () => {
    for (const component of PAIR_COMPONENTS) {
      const { active, standby } = cluster.pair(component);
      for (const pod of [active, standby]) {
        const value = firstProcessOf(pod, AGENT_CONTAINER).residentMiB;
        record({ subject: 'agent', fault: '-', moment: 'resident', value, unit: 'MiB', bound: AGENT_LIMIT_MIB });
        expect(value).toBeGreaterThan(10);
        expect(value).toBeLessThanOrEqual(AGENT_LIMIT_MIB);
      }
    }
    const operators = await api.list<Pod>(paths.pods(OPERATOR_NAMESPACE));
    expect(operators.length).toBeGreaterThan(0);
    for (const pod of operators) {
      const container = pod.status.containerStatuses?.[0]?.name ?? '';
      const value = Math.max(...processesOf(pod, container).map(({ residentMiB }) => residentMiB));
      record({ subject: 'operator', fault: '-', moment: 'resident', value, unit: 'MiB' });
    }
  });

  testOnTestCluster('writes little, restarts nothing and moves nothing', async () => {
    const { observer } = cluster;
    const before = PAIR_COMPONENTS.map((component) => cluster.pair(component));
    const begin = now();
    await until('a quiet time', () => (now() - begin >= QUIET ? true : missing('it goes on')), QUIET + seconds(1));
    for (const [index, component] of PAIR_COMPONENTS.entries()) {
      const name = names.pair(CLUSTER, component);
      const writes = [...observer.leases, ...observer.slices].filter((one) => one.name === name && one.at >= begin);
      const value = writes.length * (60_000 / QUIET);
      record({ subject: component, fault: 'idle', moment: 'writes of Lease and slice', value, unit: 'a minute' });
      expect(observer.slices.filter((slice) => slice.name === name && slice.at >= begin)).toEqual([]);
      const after = cluster.pair(component);
      expect(after.identity).toBe(before[index]?.identity);
      expect(after.process).toBe(before[index]?.process);
    }
  });
});
