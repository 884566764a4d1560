import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { names } from '../../../src/api/names.ts';
import { NAMESPACE, type DemoCluster } from '../../../src/demo/demo-cluster.ts';
import { Meter } from '../../../src/demo/meter.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';

interface Daemon {
  alive: boolean;
  serving: boolean;
  identity: { component: string; namespace: string; pod: string };
}

const LEASE = names.pair('quickstart', 'catalog');
let clock: VirtualClock;
let daemons: Set<Daemon>;
let holder: string;
let meter: Meter;

const runs = (pod: string, namespace = NAMESPACE): Daemon => {
  const daemon = { alive: true, serving: true, identity: { component: 'catalog', namespace, pod } };
  daemons.add(daemon);
  return daemon;
};

/** A member takes over, and its daemon serves at once. */
const takesOver = (member: 'a' | 'b'): Daemon => {
  const pod = names.memberPod('quickstart', 'catalog', member);
  holder = `${pod}/uid/${daemons.size}`;
  return runs(pod);
};

beforeEach(() => {
  clock = new VirtualClock();
  daemons = new Set();
  holder = '';
  const peek = ({ name }: { name: string }) =>
    name === LEASE ? { metadata: { name }, spec: { holderIdentity: holder, leaseTransitions: 1 } } : undefined;
  const cluster = { clock, network: { daemons }, server: { peek } };
  meter = new Meter({ cluster, name: 'quickstart' } as unknown as DemoCluster);
  meter.start();
});
afterEach(() => meter.stop());

describe('the meter of the demo', () => {
  test('counts each hand-over from the end of its own daemon', async () => {
    const first = takesOver('a');
    await clock.advance(1_000);
    first.alive = false;
    await clock.advance(200);
    const second = takesOver('b');
    await clock.advance(4_000);
    second.alive = false;
    await clock.advance(300);
    takesOver('a');
    await clock.advance(100);
    expect(meter.handOvers.map(({ active }) => active)).toEqual([expect.closeTo(0.2, 1), expect.closeTo(0.3, 1)]);
    expect(meter.handOvers.map(({ serving }) => serving)).toEqual([expect.closeTo(0.2, 1), expect.closeTo(0.3, 1)]);
  });

  test('knows no time where nobody has seen an end', async () => {
    takesOver('a');
    await clock.advance(100);
    holder = 'quickstart-catalog-b-0/uid/x';
    await clock.advance(100);
    expect(meter.handOvers).toMatchObject([{ to: 'quickstart-catalog-b-0', active: undefined }]);
  });

  test('says once that two daemons of the pair live', async () => {
    takesOver('a');
    runs('quickstart-catalog-b-0');
    await clock.advance(500);
    expect(meter.violations).toEqual([expect.stringContaining('two daemons of the catalog')]);
  });

  test('looks at no other cluster’s daemons', async () => {
    takesOver('a');
    runs('second-catalog-a-0');
    runs('quickstart-catalog-b-0', 'elsewhere');
    await clock.advance(500);
    expect(meter.violations).toEqual([]);
  });
});
