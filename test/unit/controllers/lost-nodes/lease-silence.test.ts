import { beforeEach, describe, expect, test } from '@jest/globals';
import { labels } from '../../../../src/api/names.ts';
import { LeaseSilence } from '../../../../src/controllers/lost-nodes/lease-silence.ts';
import type { Lease } from '../../../../src/kube/kubernetes-object.ts';
import { leases, pods } from '../../../../src/kube/resource.ts';
import { VirtualClock } from '../../kube/virtual-clock.ts';

let clock: VirtualClock;
let told: string[];
let silence: LeaseSilence;

beforeEach(() => {
  clock = new VirtualClock();
  told = [];
  silence = new LeaseSilence(clock, (cluster) => told.push(cluster));
  void silence.run(new AbortController().signal);
});

const lease = (renewTime: string, holderIdentity = 'a'): Lease => ({
  metadata: { name: 'sales-statestore', namespace: 'shop', labels: { [labels.cluster]: 'sales' } },
  spec: { holderIdentity, renewTime, leaseDurationSeconds: 9 },
});
const see = (object: Lease): void => silence.note(leases, object, object);

describe('a Lease that is not renewed', () => {
  test('is told of when it has lasted and two seconds more, and every ten seconds from then on', async () => {
    see(lease('1'));
    await clock.advance(11_000);
    expect([told, silence.isSilent(lease('1'))]).toEqual([[], false]);
    await clock.advance(1_000);
    expect([told, silence.isSilent(lease('1'))]).toEqual([['shop/sales'], true]);
    await clock.advance(9_000);
    expect(told).toHaveLength(1);
    await clock.advance(1_000);
    expect(told).toHaveLength(2);
  });

  test.each<[string, () => void]>([
    ['renewed', () => see(lease('2'))],
    ['claimed by another', () => see(lease('1', 'b'))],
    ['released', () => see(lease('2', ''))],
    ['deleted', () => silence.note(leases, lease('1'), undefined)],
  ])('is not silent when it was %s', async (_name, change) => {
    see(lease('1'));
    await clock.advance(8_000);
    change();
    await clock.advance(8_000);
    expect([told, silence.isSilent(lease('1'))]).toEqual([[], false]);
  });

  test('is silent although something else in it changes', async () => {
    see(lease('1'));
    await clock.advance(8_000);
    see({ ...lease('1'), metadata: { ...lease('1').metadata, annotations: { note: 'by hand' } } });
    await clock.advance(4_000);
    expect(told).toEqual(['shop/sales']);
  });

  test('is no pod', async () => {
    silence.note(pods, lease('1'), lease('1'));
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });
});
