import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import type { Agent } from '../../../src/agent/agent.ts';
import { FakeGuard, TestPair } from './pair.ts';

let pair: TestPair;

const annotate = (name: string, value: string): void =>
  pair.store.put((lease) => ({
    ...lease,
    metadata: { ...lease.metadata, annotations: { ...lease.metadata.annotations, [name]: value } },
  }));

beforeEach(() => {
  pair = new TestPair();
  pair.store.put((lease) => ({ ...lease, spec: { holderIdentity: '', leaseTransitions: 0 } }));
  annotate(annotations.released, '0');
});
afterEach(async () => {
  await pair.end();
});

const serving = async (): Promise<{ a: Agent; b: Agent; ga: FakeGuard; gb: FakeGuard }> => {
  const { agent: a, guard: ga } = pair.agent('a');
  const { agent: b, guard: gb } = pair.agent('b');
  ga.start();
  gb.start();
  await pair.advance(4_000, ga, gb);
  expect(ga.running).toBeDefined();
  return { a, b, ga, gb };
};

const holder = (): string => pair.store.lease?.spec?.holderIdentity ?? '';
const annotation = (name: string): string | undefined => pair.store.lease?.metadata.annotations?.[name];

describe('an outage of the API server', () => {
  const away = { reason: 'Timeout', landed: false } as const;

  test('for ten minutes moves nothing: the same claim, no start, no hand-over', async () => {
    const { ga, gb } = await serving();
    const claim = holder();
    pair.store.outage = away;
    await pair.advance(600_000, ga, gb);
    expect(ga.running).toBeDefined();
    pair.store.outage = undefined;
    await pair.advance(20_000, ga, gb);
    expect(holder()).toBe(claim);
    expect(gb.orders.filter(({ verb }) => verb === 'start')).toHaveLength(0);
    expect(ga.orders.filter(({ verb }) => verb === 'start')).toHaveLength(1);
    expect(pair.log.filter((line) => line.includes('outage'))).toEqual(['a: outage began', 'a: outage over']);
  });

  test('in which one write took place and its answer was lost moves nothing either', async () => {
    const { ga, gb } = await serving();
    const claim = holder();
    pair.store.failNext({ reason: 'Timeout', landed: true });
    await pair.advance(3_000, ga, gb);
    pair.store.outage = away;
    await pair.advance(300_000, ga, gb);
    pair.store.outage = undefined;
    await pair.advance(20_000, ga, gb);
    expect(holder()).toBe(claim);
    expect(ga.orders.filter(({ verb }) => verb === 'start')).toHaveLength(1);
  });

  test('ends for the active when the network between the members is cut as well', async () => {
    const { ga, gb } = await serving();
    pair.store.outage = away;
    await pair.advance(60_000, ga, gb);
    expect(ga.running).toBeDefined();
    pair.unreachable.add('uid-b');
    await pair.advance(6_100, ga, gb);
    expect(ga.running).toBeUndefined();
    expect(gb.running).toBeUndefined();
  });

  test('ends for the active after maxOutageSeconds', async () => {
    const { guard: ga } = pair.agent('a', 'uid-a', undefined, { maxOutageSeconds: 60 });
    const { guard: gb } = pair.agent('b', 'uid-b', undefined, { maxOutageSeconds: 60 });
    ga.start();
    gb.start();
    await pair.advance(4_000, ga, gb);
    pair.store.outage = away;
    await pair.advance(55_000, ga, gb);
    expect(ga.running).toBeDefined();
    await pair.advance(5_000, ga, gb);
    expect(ga.running).toBeUndefined();
  });

  test('of the active alone is no reason to take over, as long as the members reach each other', async () => {
    const { a, ga, gb } = await serving();
    // Its renewals alone fail: the other member reads, and could write.
    const replace = pair.store.api.replace.bind(pair.store.api);
    pair.store.api.replace = (reference, body, ...rest) =>
      (body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity?.includes('uid-a') === true
        ? Promise.reject(new Error('cut off'))
        : replace(reference, body, ...rest);
    await pair.advance(120_000, ga, gb);
    expect(ga.running).toBeDefined();
    expect(gb.running).toBeUndefined();
    expect(a.promises.outageSeconds).toBeGreaterThan(100);
  });

  test('lets a daemon that crashes in it stay dead until the API server is back, and then hands over', async () => {
    const { ga, gb } = await serving();
    pair.store.outage = away;
    await pair.advance(30_000, ga, gb);
    ga.crash();
    await pair.advance(30_000, ga, gb);
    expect([ga.running, gb.running]).toEqual([undefined, undefined]);
    pair.store.outage = undefined;
    await pair.advance(12_000, ga, gb);
    expect([ga.running, gb.running].filter(Boolean)).toHaveLength(1);
  });

  test('is survived by a pair whose Lease was deleted in it', async () => {
    const { ga, gb } = await serving();
    pair.store.remove();
    await pair.advance(120_000, ga, gb);
    expect(ga.running).toBeDefined();
    pair.store.put((lease) => ({ ...lease, spec: { holderIdentity: '', leaseTransitions: 1 } }));
    await pair.advance(10_000, ga, gb);
    expect(ga.running).toBeDefined();
    expect(ga.orders.filter(({ verb }) => verb === 'start')).toHaveLength(1);
    expect(holder()).toContain('uid-a');
  });
});

describe('the roster', () => {
  test('names the holder and who has signed in', async () => {
    await serving();
    expect(JSON.parse(annotation(annotations.roster) ?? '')).toEqual([
      { pod: 'impala-statestore-a-0', uid: 'uid-a' },
      { pod: 'impala-statestore-b-0', uid: 'uid-b' },
    ]);
    expect(annotation(annotations.maxOutageSeconds)).toBe('900');
  });

  test('keeps a replacement of both pods waiting: their predecessors may live on promises', async () => {
    const { a, b, ga, gb } = await serving();
    for (const [agent, guard] of [
      [a, ga],
      [b, gb],
    ] as const) {
      agent.abort();
      guard.kill();
    }
    const { guard } = pair.agent('a', 'uid-a2');
    guard.start();
    await pair.advance(60_000, guard);
    expect(guard.running).toBeUndefined();
    await pair.advance(960_000, guard);
    expect(guard.running).toBeDefined();
  });

  test('keeps nobody waiting whose predecessor is known to be dead', async () => {
    const { a, b, ga, gb } = await serving();
    a.abort();
    b.abort();
    ga.kill();
    gb.kill();
    const { guard } = pair.agent('a', 'uid-a2');
    guard.start();
    annotate(annotations.gone, JSON.stringify({ claim: holder(), because: 'NodeDeleted' }));
    await pair.advance(12_000, guard);
    expect(guard.running).toBeDefined();
    expect(annotation(annotations.gone)).toBeUndefined();
  });
});

describe('an agent that has just started', () => {
  test('takes an earlier copy of the Lease, written back by hand, for no release', async () => {
    pair.slice = {
      ...pair.slice,
      metadata: { ...pair.slice.metadata, annotations: { [annotations.term]: '7' } },
    };
    const { guard } = pair.agent('a');
    guard.start();
    await pair.advance(30_000, guard);
    expect(guard.running).toBeUndefined();
  });
});

describe('a switchover', () => {
  const ask = (member: 'a' | 'b', request: string): void =>
    annotate(annotations.preferred, JSON.stringify({ member, request }));

  test('is one hand-over, to the member that was asked for', async () => {
    const { ga, gb } = await serving();
    ask('b', 'one');
    await pair.advance(1_000, ga, gb);
    expect(gb.running).toBeDefined();
    expect(ga.running).toBeUndefined();
    expect(annotation(annotations.servedRequest)).toBe('one');
    expect(annotation(annotations.successor)).toBeUndefined();
    expect(pair.log).toContain('a: hands over: Switchover');
    await pair.advance(60_000, ga, gb);
    expect(pair.term).toBe(2);
  });

  test('is served once, whatever becomes of the pair afterwards', async () => {
    const { ga, gb } = await serving();
    ask('b', 'one');
    await pair.advance(10_000, ga, gb);
    gb.crash();
    await pair.advance(30_000, ga, gb);
    expect(ga.running).toBeDefined();
    expect(pair.term).toBe(3);
    ask('b', 'two');
    await pair.advance(1_000, ga, gb);
    expect(gb.running).toBeDefined();
  });

  test('to the active itself is served without a hand-over, also later', async () => {
    const { ga, gb } = await serving();
    ask('a', 'one');
    await pair.advance(4_000, ga, gb);
    expect(pair.term).toBe(1);
    expect(annotation(annotations.servedRequest)).toBe('one');
    ga.crash();
    await pair.advance(60_000, ga, gb);
    expect(gb.running).toBeDefined();
    expect(pair.term).toBe(2);
  });

  test('waits for the member to be ready', async () => {
    const { agent: a, guard: ga } = pair.agent('a');
    ga.start();
    ask('b', 'one');
    await pair.advance(20_000, ga);
    expect(a.tenure.kind).toBe('active');
    const { guard: gb } = pair.agent('b');
    gb.start();
    await pair.advance(2_000, ga, gb);
    expect(gb.running).toBeDefined();
  });

  test('is not begun while the API server is away', async () => {
    const { ga, gb } = await serving();
    pair.store.outage = { reason: 'Timeout', landed: false };
    await pair.advance(10_000, ga, gb);
    ask('b', 'one');
    await pair.advance(30_000, ga, gb);
    expect(ga.running).toBeDefined();
  });

  test('makes the others hold back for three seconds, and no longer', async () => {
    const { b, ga, gb } = await serving();
    b.abort();
    gb.present = false;
    ask('b', 'one');
    await pair.advance(5_500, ga);
    expect(ga.running).toBeUndefined();
    await pair.advance(2_000, ga);
    expect(ga.running).toBeDefined();
  });
});
