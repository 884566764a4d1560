import { describe, expect } from '@jest/globals';
import { PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { afterSilence } from '../bounds.ts';
import { seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { failOver } from '../failover.ts';
import { cutNode, killNode, mendNode } from '../faults/node-faults.ts';
import { killDaemon } from '../faults/process-faults.ts';
import type { Pair } from '../pair.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { unlikeTheSimulation } from '../simulated-times.ts';
import { testOnTestCluster } from '../test-cluster.ts';

const nodeOf = ({ active }: Pair): string => active.spec.nodeName ?? '';

describe('a node that is lost', () => {
  const cluster = useSharedCluster();

  for (const component of PAIR_COMPONENTS) {
    testOnTestCluster(`killed: the ${component} is active on another node once the lease has expired`, () =>
      failOver(cluster, {
        component,
        name: 'node killed',
        inject: (pair) => killNode(nodeOf(pair)),
        from: 'death',
        slice: afterSilence(component),
        kind: 'loss',
        lostNodes: (pair) => [nodeOf(pair)],
      }),
    );

    testOnTestCluster(
      `cut off: the ${component} moves, and the old active is standby by itself afterwards`,
      async () => {
        const before = cluster.pair(component);
        await failOver(cluster, {
          component,
          name: 'node cut off',
          inject: (pair) => cutNode(nodeOf(pair)),
          from: 'fault',
          slice: afterSilence(component),
          kind: 'loss',
          lostNodes: (pair) => [nodeOf(pair)],
        });
        const meanwhile = cluster.observer.lease(before.name)?.identity;
        await mendNode(nodeOf(before));
        await cluster.waitUntilWhole(seconds(90));
        expect(cluster.pair(component).identity).toBe(meanwhile);
      },
    );
  }

  testOnTestCluster("killed: the statestore is followed in the times of the simulation's models", async () => {
    expect(await unlikeTheSimulation('node killed', 'loss')).toEqual([]);
  });

  testOnTestCluster('cut off with both actives on it: both move', async () => {
    const node = await bringActivesTogether();
    const together = [node];
    const strike = atOnce(PAIR_COMPONENTS.length, () => cutNode(node));
    const outcomes = await Promise.allSettled(
      PAIR_COMPONENTS.map((component) =>
        failOver(cluster, {
          component,
          name: 'node of both cut off',
          inject: strike,
          from: 'fault',
          slice: afterSilence(component),
          kind: 'loss',
          lostNodes: () => together,
        }),
      ),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    expect(failures).toEqual([]);
  });

  /** Kills actives until both are on a node that has a member of each pair. @returns that node */
  async function bringActivesTogether(): Promise<string> {
    const nodes = PAIR_COMPONENTS.map((component) => {
      const { active, standby } = cluster.pair(component);
      return [active, standby].map(({ spec }) => spec.nodeName ?? '');
    });
    const common = nodes[0]?.filter((node) => nodes[1]?.includes(node)) ?? [];
    // Rather one that is the statestore's active's already: then only the catalog's has to move.
    const node = common.find((one) => one === nodes[0]?.[0]) ?? common[0];
    if (node === undefined) throw new Error('no node has a member of each pair');
    for (const component of PAIR_COMPONENTS) {
      if (nodeOf(cluster.pair(component)) === node) continue;
      // Only to get there: impalads that were cut off a moment ago may try a connection from before once more.
      const before = cluster.pair(component);
      killDaemon(before);
      await until(
        `another active ${component}`,
        () => (cluster.observer.lease(before.name)?.term === before.term + 1 ? true : missing('not yet')),
        seconds(10),
      );
      await cluster.waitUntilWhole(seconds(60));
    }
    return node;
  }
});

/** Strikes once when all have come to it, and tells each of them when it was. */
function atOnce(count: number, strike: () => Promise<Instant>): () => Promise<Instant> {
  let arrived = 0;
  let struck: Promise<Instant> | undefined;
  return async () => {
    arrived += 1;
    await until('the others', () => (arrived === count ? true : missing(`${arrived} are here`)), seconds(60));
    struck ??= strike();
    return struck;
  };
}
