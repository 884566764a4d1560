import { describe, expect } from '@jest/globals';
import { PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { AFTER_A_CRASH } from '../bounds.ts';
import { failOver } from '../failover.ts';
import { killDaemon } from '../faults/process-faults.ts';
import { median, values } from '../measurements.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { unlikeTheSimulation } from '../simulated-times.ts';
import { testOnTestCluster } from '../test-cluster.ts';

const TIMES = 10;
const FAULT = 'SIGKILL';

describe('an active daemon that is killed', () => {
  const cluster = useSharedCluster();

  // The two components take turns: a statestore's failover holds the catalog's topic up, which is not what is measured.
  for (let time = 1; time <= TIMES; time += 1) {
    for (const component of PAIR_COMPONENTS) {
      testOnTestCluster(`of the ${component} is handed over at once (${time} of ${TIMES})`, async () => {
        await failOver(cluster, {
          component,
          name: FAULT,
          inject: killDaemon,
          from: 'fault',
          slice: AFTER_A_CRASH.each,
          median: AFTER_A_CRASH.median,
          kind: 'crash',
        });
        const measured = values(component, FAULT, 'slice');
        if (measured.length < TIMES) return;
        expect(median(measured)).toBeLessThanOrEqual(AFTER_A_CRASH.median);
        // The tenth is as fast as the first: the later half keeps the bound by itself.
        expect(median(measured.slice(TIMES / 2))).toBeLessThanOrEqual(AFTER_A_CRASH.median);
      });
    }
  }

  testOnTestCluster("is followed in the times of the simulation's models", async () => {
    expect(await unlikeTheSimulation(FAULT, 'crash')).toEqual([]);
  });
});
