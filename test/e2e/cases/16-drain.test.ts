import { describe, expect, test } from '@jest/globals';
import { labels, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { PairComponent } from '../../../src/api/names.ts';
import { absences } from '../absence.ts';
import { now, seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { onTestCluster } from '../environment.ts';
import { undoLater } from '../faults/undo.ts';
import { record } from '../measurements.ts';
import type { Pair } from '../pair.ts';
import { useSharedCluster } from '../shared-cluster.ts';
import { program } from '../test-cluster.ts';

/** A standby that is ready needs less, on a machine that is busy moving pods; a pod that has to start first needs more. */
const LONGEST_ABSENCE = seconds(5);

/** Everything of a cluster that this is about: two nodes at once leave the rest nowhere to go. */
const MEMBERS_ONLY = `--pod-selector=${labels.impalaComponent} in (${PAIR_COMPONENTS.join(',')})`;

describe('maintenance of nodes', () => {
  const cluster = useSharedCluster();
  const pairs = (): Record<PairComponent, Pair> => ({
    statestore: cluster.pair('statestore'),
    catalog: cluster.pair('catalog'),
  });
  const nodesOf = ({ active, standby }: Pair): string[] => [active, standby].map(({ spec }) => spec.nodeName ?? '');

  async function cordon(node: string): Promise<void> {
    undoLater(() => program('kubectl', 'uncordon', node));
    await program('kubectl', 'cordon', node);
  }

  async function drain(node: string, ...more: string[]): Promise<Instant> {
    undoLater(() => program('kubectl', 'uncordon', node));
    const at = now();
    const words = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=110s'];
    await program('kubectl', 'drain', node, ...words, ...more);
    return at;
  }

  /** Holds what happened to each pair against what may: so many hand-overs, and next to no time without a daemon. */
  async function judge(
    before: Record<PairComponent, Pair>,
    since: Instant,
    fault: string,
    most: number,
  ): Promise<void> {
    await cluster.observer.catchUp();
    for (const component of PAIR_COMPONENTS) {
      const term = cluster.observer.lease(before[component].name)?.term ?? NaN;
      const value = term - before[component].term;
      record({ subject: component, fault, moment: 'hand-overs', value, unit: '', bound: most });
      expect(value).toBeLessThanOrEqual(most);
      if (onTestCluster === undefined) continue;
      const gaps = absences(cluster.observer, component, since);
      for (const gap of gaps) record({ subject: component, fault, moment: 'daemon started', value: gap, unit: 'ms' });
      expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(LONGEST_ABSENCE);
    }
  }

  test('a cordon changes nothing', async () => {
    const before = pairs();
    const since = now();
    for (const node of nodesOf(before.statestore)) await cordon(node);
    await until('five seconds', () => (now() - since > seconds(5) ? true : missing('not yet')), seconds(10));
    await judge(before, since, 'cordon', 0);
  });

  test("a drain of the active's node succeeds by itself, with one hand-over a pair at most", async () => {
    const before = pairs();
    const since = await drain(before.statestore.active.spec.nodeName ?? '');
    await judge(before, since, 'drain', 1);
    await program('kubectl', 'uncordon', before.statestore.active.spec.nodeName ?? '');
    await cluster.waitUntilWhole(seconds(90));
  });

  test('drains of both nodes at once succeed: the second waits until the first member is back', async () => {
    const before = pairs();
    const [one = '', other = ''] = nodesOf(before.statestore);
    const [since] = await Promise.all([drain(one, MEMBERS_ONLY), drain(other, MEMBERS_ONLY)]);
    await judge(before, since, 'drain of both nodes', 2);
  });
});
