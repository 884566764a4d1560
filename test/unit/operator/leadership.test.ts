import { beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { KubernetesApi, Selection, WatchEvent, WatchOptions } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesObject, Lease } from '../../../src/kube/kubernetes-object.ts';
import { Leadership } from '../../../src/operator/leadership.ts';
import { LeaseStore } from '../election/lease-store.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';

/** The store's API with a watch that shows every change from now on. */
function apiOf(store: LeaseStore): KubernetesApi {
  async function* watch(_selection: Selection, { signal }: WatchOptions): AsyncGenerator<WatchEvent<KubernetesObject>> {
    const changes: (Lease | undefined)[] = [];
    let wake = (): void => undefined;
    store.watch((lease) => {
      changes.push(lease);
      wake();
    });
    signal.addEventListener('abort', () => wake());
    let last: Lease | undefined = store.lease;
    while (!signal.aborted) {
      if (changes.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const change = changes.shift();
      if (change !== undefined) yield { type: 'MODIFIED', object: change };
      else if (last !== undefined && !signal.aborted) yield { type: 'DELETED', object: last };
      last = change;
    }
  }
  return { ...store.api, watch } as unknown as KubernetesApi;
}

/** One replica, and what it does as the leader. */
class Replica {
  readonly stopping = new AbortController();
  readonly leadership: Leadership;
  /** What it did, in order. */
  readonly deeds: string[] = [];
  /** How long it takes to end its work. */
  endsAfter = 0;
  done: Promise<void> = Promise.resolve();

  constructor(name: string, store: LeaseStore, clock: VirtualClock) {
    this.leadership = new Leadership({
      api: apiOf(store),
      clock,
      random: () => 0.5,
      logger: pino({ level: 'silent' }),
      namespace: 'impala',
      podName: name,
      lead: async (signal) => {
        this.deeds.push('begins');
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => void clock.setTimer(this.endsAfter, resolve));
        });
        this.deeds.push(store.lease?.spec?.holderIdentity?.startsWith(name) ? 'ends, holding the Lease' : 'ends');
      },
    });
  }

  run(): this {
    this.done = this.leadership.run(this.stopping.signal);
    return this;
  }
}

let store: LeaseStore;
let clock: VirtualClock;
let one: Replica;
let two: Replica;

beforeEach(() => {
  store = new LeaseStore();
  clock = new VirtualClock();
  one = new Replica('one', store, clock);
  two = new Replica('two', store, clock);
});

async function end(...replicas: Replica[]): Promise<void> {
  for (const replica of replicas) replica.stopping.abort();
  await clock.advance(30_000);
  await Promise.all(replicas.map((replica) => replica.done));
}

describe('two replicas', () => {
  test('have one leader, from the first moment on, as long as it lives', async () => {
    one.run();
    await clock.advance(1_000);
    two.run();
    await clock.advance(600_000);
    expect([one.leadership.leading, two.leadership.leading]).toEqual([true, false]);
    expect([one.deeds, two.deeds]).toEqual([['begins'], []]);
    await end(one, two);
  });

  test('hand over at once when the leader is stopped, after its work has ended', async () => {
    one.endsAfter = 2_500;
    one.run();
    await clock.advance(1_000);
    two.run();
    await clock.advance(5_000);
    one.stopping.abort();
    await clock.advance(2_400);
    expect([one.deeds, two.deeds]).toEqual([['begins'], []]);
    await clock.advance(200);
    expect([one.deeds, two.deeds]).toEqual([['begins', 'ends, holding the Lease'], ['begins']]);
    await one.done;
    await end(two);
  });

  test('have a new leader when the old one vanishes, once its lease has run out', async () => {
    store.put((lease) => ({
      ...lease,
      spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, leaseTransitions: 1, renewTime: 'x' },
    }));
    one.run();
    await clock.advance(14_000);
    expect(one.leadership.leading).toBe(false);
    await clock.advance(3_000);
    expect(one.leadership.leading).toBe(true);
    await end(one);
  });
});

describe('a leader that cannot reach the API server', () => {
  beforeEach(async () => {
    one.run();
    await clock.advance(1_000);
    expect(one.leadership.leading).toBe(true);
  });

  test('stops leading before its lease is up, and leads again when it can', async () => {
    store.outage = { reason: 'Disconnected', landed: false };
    await clock.advance(12_000);
    expect(one.deeds).toEqual(['begins', 'ends, holding the Lease']);
    store.outage = undefined;
    await clock.advance(20_000);
    expect(one.leadership.leading).toBe(true);
    expect(one.deeds).toEqual(['begins', 'ends, holding the Lease', 'begins']);
    await end(one);
  });

  test('does not lead again before its earlier work has ended', async () => {
    one.endsAfter = 60_000;
    store.outage = { reason: 'Disconnected', landed: false };
    await clock.advance(12_000);
    store.outage = undefined;
    await clock.advance(40_000);
    expect([one.leadership.leading, one.deeds]).toEqual([false, ['begins']]);
    await clock.advance(40_000);
    expect(one.leadership.leading).toBe(true);
    one.endsAfter = 0;
    await end(one);
  });

  test('ends in time all the same when it is stopped', async () => {
    store.outage = { reason: 'Timeout', landed: false };
    one.stopping.abort();
    await clock.advance(4_000);
    await one.done;
    expect(one.leadership.leading).toBe(false);
  });
});
