import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { VirtualClock } from '../kube/virtual-clock.ts';
import type { Lease, LeaseSpec } from '../../../src/kube/kubernetes-object.ts';
import { Campaigner, RELEASED, releasedLease, rules } from './campaign.ts';
import { LeaseStore, type Fault } from './lease-store.ts';

const lost: Fault = { reason: 'Timeout', landed: true };
const unanswered: Fault = { reason: 'Timeout', landed: false };

let clock: VirtualClock;
let store: LeaseStore;
let campaigners: Campaigner[];

const campaigner = (name: string, own = {}, create?: () => Lease): Campaigner => {
  const made = new Campaigner(name, clock, store, own, create);
  campaigners.push(made);
  return made;
};
const watched = (one: Campaigner): Campaigner => {
  store.watch((lease) => one.elector.heard(lease));
  return one;
};
const holder = (): string | undefined => store.lease?.spec?.holderIdentity;
const term = (): number | undefined => store.lease?.spec?.leaseTransitions;

beforeEach(() => {
  clock = new VirtualClock();
  store = new LeaseStore();
  campaigners = [];
});
afterEach(async () => {
  for (const one of campaigners) await one.end();
  expect(clock.pendingTimers).toBe(0);
});

describe('claiming', () => {
  test('a released Lease is claimed at once, in the next term, and the statement of release goes with the claim', async () => {
    releasedLease(store, 4);
    const a = campaigner('a').start();
    await clock.advance(0);
    expect(holder()).toBe('a/1');
    expect(term()).toBe(5);
    expect(store.lease?.metadata.annotations?.[RELEASED]).toBeUndefined();
    expect(store.lease?.spec?.leaseDurationSeconds).toBe(9);
    expect(a.active).toBe(true);
  });

  test.each<[string, LeaseSpec]>([
    ['an empty holder that nobody released', { holderIdentity: '', leaseTransitions: 3 }],
    ['an emptied spec', {}],
    ['a dead holder', { holderIdentity: 'old/1', leaseTransitions: 3, leaseDurationSeconds: 9, renewTime: 'long ago' }],
  ])('%s is waited out for a full duration, counted from when it was first seen', async (_what, spec) => {
    store.put((lease) => ({ ...lease, metadata: { ...lease.metadata, annotations: { [RELEASED]: '2' } }, spec }));
    const a = campaigner('a').start();
    await clock.advance(8_999);
    expect(a.active).toBe(false);
    expect(holder()).toBe(spec.holderIdentity);
    await clock.advance(2);
    expect(holder()).toBe('a/1');
  });

  test('the duration in the record counts, when it is longer than our own', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 20 } }));
    campaigner('a').start();
    await clock.advance(19_999);
    expect(holder()).toBe('x');
    await clock.advance(2);
    expect(holder()).toBe('a/1');
  });

  test('a duration edited to be shorter than our own does not shorten the wait', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 1 } }));
    campaigner('a').start();
    await clock.advance(8_999);
    expect(holder()).toBe('x');
  });

  test('a duration edited to be absurd is respected no longer than a configuration could ask for', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 1_000_000 } }));
    campaigner('a').start();
    await clock.advance(120_001);
    expect(holder()).toBe('a/1');
  });

  test('the timestamps in the record decide nothing: one from the future is waited out like any other', async () => {
    store.put((lease) => ({
      ...lease,
      spec: { holderIdentity: 'x', leaseDurationSeconds: 9, renewTime: '2199-01-01T00:00:00.000000Z' },
    }));
    campaigner('a').start();
    await clock.advance(9_001);
    expect(holder()).toBe('a/1');
  });

  test('a sign-in does not restart the wait, a renewal does', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 9, renewTime: '1' } }));
    const a = watched(campaigner('a')).start();
    await clock.advance(5_000);
    store.put((lease) => ({ ...lease, metadata: { ...lease.metadata, annotations: { 'example.dev/b': 'here' } } }));
    await clock.advance(3_999);
    store.put((lease) => ({ ...lease, spec: { ...lease.spec, renewTime: '2' } }));
    await clock.advance(8_999);
    expect(a.active).toBe(false);
    await clock.advance(2);
    expect(a.active).toBe(true);
  });

  test('who cannot be active never claims', async () => {
    releasedLease(store);
    const a = campaigner('a').start();
    a.want({ claim: 'never' });
    await clock.advance(0);
    store.put((lease) => lease);
    expect(holder()).toBe('');
    await clock.advance(60_000);
    expect(store.written).toHaveLength(0);
  });

  test('a delay leaves a released Lease to others for that long', async () => {
    releasedLease(store);
    const a = campaigner('a');
    a.want({ claim: { after: 3_000 } });
    a.start();
    await clock.advance(2_999);
    expect(holder()).toBe('');
    await clock.advance(2);
    expect(holder()).toBe('a/1');
  });

  test('an old statement of release, written back by hand, is not believed', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseTransitions: 7, leaseDurationSeconds: 9 } }));
    const a = watched(campaigner('a')).start();
    await clock.advance(100);
    releasedLease(store, 3);
    await clock.advance(8_000);
    expect(a.active).toBe(false);
    await clock.advance(1_100);
    expect(holder()).toBe('a/1');
    expect(term()).toBe(8);
  });

  test('of two that claim the same Lease one wins, by resourceVersion alone', async () => {
    releasedLease(store);
    const a = watched(campaigner('a'));
    const b = watched(campaigner('b'));
    a.start();
    b.start();
    await clock.advance(20_000);
    expect([a.active, b.active].filter(Boolean)).toHaveLength(1);
    expect(term()).toBe(1);
  });

  test('every claim has an identity of its own', async () => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    await clock.advance(0);
    a.want({ release: true });
    await clock.advance(0);
    a.want({ release: false });
    await clock.advance(3_001);
    expect(holder()).toBe('a/2');
    expect(term()).toBe(2);
  });
});

describe('renewing', () => {
  const held = async (): Promise<Campaigner> => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    await clock.advance(0);
    expect(a.active).toBe(true);
    return a;
  };

  test('the holder renews every retry period with one PUT and no read', async () => {
    await held();
    store.calls.length = 0;
    await clock.advance(9_001);
    expect(store.calls).toEqual(['replace', 'replace', 'replace']);
  });

  test('a renewal that was refused is tried again after the retry delay', async () => {
    const a = await held();
    store.failNext({ reason: 'TooManyRequests', landed: false });
    await clock.advance(3_400);
    expect(store.written).toHaveLength(1);
    await clock.advance(101);
    expect(store.written).toHaveLength(2);
    expect(a.active).toBe(true);
  });

  test('the deadline counts from the send of the last write that took place', async () => {
    const a = await held();
    const deadline = a.elector.activeUntil;
    store.outage = unanswered;
    await clock.advance(5_999);
    expect(a.active).toBe(true);
    await clock.advance(1);
    expect(a.active).toBe(false);
    expect(a.elector.activeUntil).toBe(deadline);
  });

  test('a renewal whose answer was lost counts from its own send, once a read shows it', async () => {
    const a = await held();
    const start = clock.now();
    await clock.advance(2_999);
    store.failNext(lost);
    await clock.advance(600);
    expect(a.active).toBe(true);
    expect(a.elector.activeUntil).toBeGreaterThanOrEqual(start + 3_000 + rules.renewDeadline);
  });

  test('a sign-in of the other member costs a read and a second try, at once', async () => {
    releasedLease(store);
    const a = campaigner('a').start();
    await clock.advance(1_000);
    store.put((lease) => ({ ...lease, metadata: { ...lease.metadata, annotations: { 'example.dev/b': 'here' } } }));
    await clock.advance(2_100);
    expect(store.written).toHaveLength(2);
    expect(store.lease?.metadata.annotations).toMatchObject({ 'example.dev/b': 'here' });
    expect(a.active).toBe(true);
  });

  test('who finds another holder has lost, at once', async () => {
    const a = await held();
    store.put((lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: 'somebody' } }));
    expect(a.active).toBe(false);
    expect(a.elector.state.standing.kind).toBe('challenger');
  });

  test('an edited renewTime under our own identity is a stranger’s record', async () => {
    const a = await held();
    store.put((lease) => ({ ...lease, spec: { ...lease.spec, renewTime: '2026-01-01T00:00:00.999999Z' } }));
    expect(a.active).toBe(false);
    await clock.advance(8_999);
    expect(a.active).toBe(false);
    await clock.advance(10);
    expect(holder()).toBe('a/2');
  });

  test('once its deadline has passed only a write that succeeds makes a holder active again', async () => {
    const a = await held();
    store.outage = unanswered;
    await clock.advance(7_000);
    expect(a.active).toBe(false);
    store.outage = undefined;
    await clock.advance(1_000);
    expect(a.active).toBe(true);
    expect(term()).toBe(1);
  });

  test('the wall clock going back does not make two writes alike', async () => {
    await held();
    clock.stepWallClock(-3_600_000);
    await clock.advance(6_100);
    const times = store.written.map((lease) => lease.spec?.renewTime);
    expect(new Set(times).size).toBe(times.length);
    expect(times.every((time) => /\.\d{6}Z$/.test(time ?? ''))).toBe(true);
  });
});

describe('a claim whose answer was lost', () => {
  test('is recognised by its identity and renewTime, and counts from its send', async () => {
    releasedLease(store);
    const a = campaigner('a');
    const start = clock.now();
    store.failNext(undefined, lost, undefined, unanswered);
    a.start();
    await clock.advance(600);
    expect(a.active).toBe(true);
    expect(a.elector.activeUntil).toBe(start + rules.renewDeadline);
    expect(term()).toBe(1);
  });

  test('is sent again under the same identity while nothing disproves it', async () => {
    releasedLease(store);
    const a = campaigner('a');
    store.failNext(undefined, unanswered);
    a.start();
    await clock.advance(600);
    expect(holder()).toBe('a/1');
    expect(a.active).toBe(true);
  });

  test('is over when another has claimed', async () => {
    releasedLease(store);
    const a = campaigner('a');
    store.failNext(undefined, unanswered);
    a.start();
    await clock.advance(0);
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'b/1', leaseTransitions: 1, leaseDurationSeconds: 9 } }));
    await clock.advance(600);
    expect(a.elector.state.standing.kind).toBe('challenger');
    expect(holder()).toBe('b/1');
  });
});

describe('releasing', () => {
  const pair = async (): Promise<[Campaigner, Campaigner]> => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    await clock.advance(0);
    const b = watched(campaigner('b')).start();
    await clock.advance(0);
    return [a, b];
  };

  test('names the term in the same PUT that empties the holder, and the other claims at once', async () => {
    const [a, b] = await pair();
    a.want({ release: true });
    await clock.advance(0);
    const release = store.written.find((lease) => lease.spec?.holderIdentity === '');
    expect(release?.metadata.annotations?.[RELEASED]).toBe('1');
    expect(b.active).toBe(true);
    expect(a.active).toBe(false);
    expect(term()).toBe(2);
  });

  test('who has released lets the others go first for a retry period', async () => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    await clock.advance(0);
    a.want({ release: true });
    await clock.advance(0);
    a.want({ release: false });
    await clock.advance(2_999);
    expect(holder()).toBe('');
    await clock.advance(2);
    expect(holder()).toBe('a/2');
  });

  test('ends the claim for good when it is sent, whether or not its answer comes', async () => {
    const [a, b] = await pair();
    store.failNext(lost);
    a.want({ release: true });
    expect(a.active).toBe(true);
    await clock.advance(0);
    expect(a.active).toBe(false);
    a.want({ release: false });
    await clock.advance(2_000);
    expect(b.active).toBe(true);
    expect(a.active).toBe(false);
  });

  test('is tried again until it has taken place', async () => {
    const [a, b] = await pair();
    store.failNext(unanswered, undefined, unanswered);
    a.want({ release: true });
    await clock.advance(3_000);
    expect(b.active).toBe(true);
    expect(a.active).toBe(false);
  });
});

describe('a Lease that disappears', () => {
  const made = (): void => store.put((lease) => ({ ...lease, spec: { holderIdentity: '', leaseTransitions: 5 } }));

  test('counts as an outage: the holder goes on until its deadline', async () => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    await clock.advance(0);
    store.remove();
    await clock.advance(5_900);
    expect(a.active).toBe(true);
    await clock.advance(200);
    expect(a.active).toBe(false);
  });

  test('and is made anew is claimed at once by a holder whose deadline has not passed, in a higher term', async () => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    const b = watched(campaigner('b')).start();
    await clock.advance(2_000);
    const [active, other] = a.active ? [a, b] : [b, a];
    store.remove();
    await clock.advance(1_000);
    made();
    await clock.advance(0);
    expect(active.active).toBe(true);
    expect(other.active).toBe(false);
    expect(term()).toBe(6);
  });

  test('and is made anew too late is waited out by everybody', async () => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    await clock.advance(0);
    store.remove();
    await clock.advance(6_500);
    made();
    await clock.advance(8_900);
    expect(a.active).toBe(false);
    await clock.advance(200);
    expect(a.active).toBe(true);
  });

  test('and comes back with another holder is lost', async () => {
    releasedLease(store);
    const a = watched(campaigner('a')).start();
    await clock.advance(0);
    store.remove();
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'b/9', leaseTransitions: 9 } }));
    expect(a.active).toBe(false);
    expect(a.elector.state.standing.kind).toBe('challenger');
  });
});

describe('taking up the claim of a predecessor', () => {
  test('makes a holder only by a write that succeeds, in the same term', async () => {
    store.put((lease) => ({
      ...lease,
      spec: { holderIdentity: 'a/before', leaseTransitions: 3, leaseDurationSeconds: 9, renewTime: 'r' },
    }));
    const a = campaigner('a').start();
    await clock.advance(0);
    expect(a.active).toBe(false);
    a.elector.adopt('a/before');
    expect(a.active).toBe(false);
    await clock.advance(0);
    expect(a.active).toBe(true);
    expect(holder()).toBe('a/before');
    expect(term()).toBe(3);
  });

  test('never writes a renewTime again that a predecessor with a faster wall clock has written', async () => {
    const ahead = '2099-01-01T00:00:00.000005Z';
    store.put((lease) => ({
      ...lease,
      spec: { holderIdentity: 'a/before', leaseTransitions: 3, leaseDurationSeconds: 9, renewTime: ahead },
    }));
    const a = campaigner('a').start();
    await clock.advance(0);
    a.elector.adopt('a/before');
    await clock.advance(0);
    expect(store.written.map(({ spec }) => spec?.renewTime)).toEqual(['2099-01-01T00:00:00.000006Z']);
  });

  test('does nothing when the Lease holds another identity', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'b/1', leaseTransitions: 3, leaseDurationSeconds: 9 } }));
    const a = campaigner('a').start();
    await clock.advance(0);
    a.elector.adopt('a/before');
    await clock.advance(5_000);
    expect(holder()).toBe('b/1');
    expect(store.written).toHaveLength(0);
  });
});

describe('a challenger', () => {
  test('makes no call while a watch tells it that the holder renews', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 9, renewTime: '0' } }));
    watched(campaigner('a')).start();
    await clock.advance(0);
    store.calls.length = 0;
    for (let renewal = 1; renewal <= 10; renewal++) {
      await clock.advance(3_000);
      store.put((lease) => ({ ...lease, spec: { ...lease.spec, renewTime: String(renewal) } }));
    }
    expect(store.calls).toEqual([]);
  });

  test('reads after two retry periods of silence', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 60 } }));
    campaigner('a').start();
    await clock.advance(0);
    store.calls.length = 0;
    await clock.advance(6_001);
    expect(store.calls).toEqual(['get']);
  });

  test('signs in with one write that leaves the holder and its times alone', async () => {
    store.put((lease) => ({ ...lease, spec: { holderIdentity: 'x', leaseDurationSeconds: 60, renewTime: '0' } }));
    const a = campaigner('a');
    a.want({ annotations: { 'example.dev/a': 'here' } });
    a.start();
    await clock.advance(10_000);
    expect(store.written).toHaveLength(1);
    expect(store.lease?.spec).toEqual({ holderIdentity: 'x', leaseDurationSeconds: 60, renewTime: '0' });
    expect(store.lease?.metadata.annotations).toEqual({ 'example.dev/a': 'here' });
  });
});

describe('a Lease that is not there', () => {
  const fresh = (): Lease => ({
    metadata: { name: 'pair', namespace: 'default', annotations: { [RELEASED]: '0' } },
    spec: { holderIdentity: '', leaseTransitions: 0 },
  });

  test('is made by who may make it, and claimed at once', async () => {
    const a = campaigner('a', {}, fresh).start();
    await clock.advance(10);
    expect(a.active).toBe(true);
    expect(term()).toBe(1);
  });

  test('is made once: who comes second finds the first’s', async () => {
    const a = campaigner('a', {}, fresh).start();
    const b = campaigner('b', {}, fresh).start();
    await clock.advance(5_000);
    expect([a.active, b.active].filter(Boolean)).toHaveLength(1);
    expect(store.calls.filter((call) => call === 'create').length).toBeLessThanOrEqual(2);
    expect(term()).toBe(1);
  });

  test('is waited for by who may not make it, with a read every retry period', async () => {
    campaigner('a').start();
    await clock.advance(9_500);
    expect(store.calls).toEqual(['get', 'get', 'get', 'get']);
  });
});

test('the end of a campaign leaves the Lease as it is: who stops without a release is waited out', async () => {
  releasedLease(store);
  const a = watched(campaigner('a')).start();
  await clock.advance(0);
  await a.end();
  const b = watched(campaigner('b')).start();
  await clock.advance(8_999);
  expect(holder()).toBe('a/1');
  await clock.advance(2);
  expect(b.active).toBe(true);
});
