import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import type { Agent } from '../../../src/agent/agent.ts';
import { readSignIn } from '../../../src/daemons/sign-in.ts';
import { FakeGuard, TestPair } from './pair.ts';

let pair: TestPair;

const releasedLease = (): void =>
  pair.store.put((lease) => ({
    ...lease,
    metadata: { ...lease.metadata, annotations: { [annotations.released]: '0' } },
    spec: { holderIdentity: '', leaseTransitions: 0 },
  }));

beforeEach(() => {
  pair = new TestPair();
  releasedLease();
});
afterEach(async () => {
  await pair.end();
});

/** Both members up, `a` active and serving. */
const serving = async (): Promise<{ a: Agent; b: Agent; ga: FakeGuard; gb: FakeGuard }> => {
  const { agent: a, guard: ga } = pair.agent('a');
  const { agent: b, guard: gb } = pair.agent('b');
  ga.start();
  gb.start();
  await pair.advance(1_000, ga, gb);
  expect(ga.running).toBeDefined();
  return { a, b, ga, gb };
};

describe('the first claim', () => {
  test('is left to a for three seconds, then b takes it', async () => {
    const { guard } = pair.agent('b');
    guard.start();
    await pair.advance(2_900, guard);
    expect(guard.running).toBeUndefined();
    await pair.advance(300, guard);
    expect(guard.running).toBeDefined();
  });

  test('moves the endpoint, starts the daemon once and makes both members ready', async () => {
    const { a, b, ga, gb } = await serving();
    expect(pair.address).toBe('10.0.0.1');
    expect(pair.slice.metadata.annotations?.[annotations.term]).toBe('1');
    expect([a.ready, b.ready]).toEqual([true, true]);
    expect(ga.orders.filter((order) => order.verb === 'start')).toHaveLength(1);
    expect(gb.orders.filter((order) => order.verb === 'start')).toHaveLength(0);
    expect(pair.sliceWrites).toHaveLength(1);
  });

  test('is made the moment the guard is ready, however long that took', async () => {
    const { guard } = pair.agent('a');
    await pair.advance(7_777, guard);
    guard.start();
    await pair.advance(10, guard);
    expect(guard.running).toBeDefined();
  });

  test('is not made while a pre-flight is pending, nor without a guard', async () => {
    const { guard } = pair.agent('a');
    await pair.advance(5_000, guard);
    expect(pair.store.lease?.spec?.holderIdentity).toBe('');
  });

  test('is made a lease duration later by a member whose pre-flight failed', async () => {
    const { guard } = pair.agent('a');
    guard.start('failed');
    await pair.advance(8_900, guard);
    expect(guard.running).toBeUndefined();
    await pair.advance(300, guard);
    expect(guard.running).toBeDefined();
  });
});

describe('a daemon that ends', () => {
  test('is handed over at once: proof, release, claim, endpoint, start', async () => {
    const { ga, gb } = await serving();
    ga.crash();
    await pair.advance(20, ga, gb);
    expect(gb.running).toBeDefined();
    expect(ga.running).toBeUndefined();
    expect(pair.address).toBe('10.0.0.2');
    expect(pair.term).toBe(2);
    expect(pair.log).toContain('a: hands over: DaemonExited');
    expect(pair.log).toContain('b: took over (released) in term 2');
  });

  test('is handed over as fast the tenth time as the first', async () => {
    const { ga, gb } = await serving();
    for (let round = 0; round < 10; round++) {
      const [active, standby] = ga.running ? [ga, gb] : [gb, ga];
      active.crash();
      await pair.advance(20, ga, gb);
      expect(standby.running).toBeDefined();
      expect(active.running).toBeUndefined();
      await pair.advance(4_000, ga, gb);
    }
    expect(pair.term).toBe(11);
  });

  test('with its guard is handed over too, and the guard that comes back stands by', async () => {
    const { ga, gb } = await serving();
    ga.kill();
    await pair.advance(20, ga, gb);
    expect(gb.running).toBeDefined();
    ga.start();
    await pair.advance(10_000, ga, gb);
    expect(ga.running).toBeUndefined();
    expect(gb.running).toBeDefined();
    expect(pair.term).toBe(2);
  });

  test('because its pod is being deleted is handed over, says so, and that pod never claims again', async () => {
    const { ga, gb } = await serving();
    ga.terminate();
    await pair.advance(20, ga, gb);
    expect(gb.running).toBeDefined();
    expect(pair.log).toContain('a: hands over: PodTerminating');
    gb.kill();
    await pair.advance(30_000, ga, gb);
    expect(ga.running).toBeUndefined();
  });

  test('is started again by the same member when there is no other', async () => {
    const { agent, guard } = pair.agent('a');
    guard.start();
    await pair.advance(1_000, guard);
    guard.crash();
    await pair.advance(2_900, guard);
    expect(guard.running).toBeUndefined();
    await pair.advance(200, guard);
    expect(guard.running).toBeDefined();
    expect(agent.tenure).toMatchObject({ kind: 'active', term: 2 });
  });
});

describe('a daemon that fails to start', () => {
  test('plays no ping-pong: every failure of the pair doubles the wait', async () => {
    const { ga, gb } = await serving();
    ga.healthy = gb.healthy = false;
    const starts: number[] = [];
    const begun = pair.clock.now();
    ga.crash();
    while (pair.clock.now() - begun < 60_000) {
      await pair.advance(100, ga, gb);
      const running = ga.running ? ga : gb.running ? gb : undefined;
      if (!running) continue;
      starts.push(pair.clock.now() - begun);
      running.crash(1);
    }
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
    expect(gaps.length).toBeGreaterThanOrEqual(5);
    expect(gaps.length).toBeLessThanOrEqual(7);
    gaps.slice(0, 5).forEach((gap, index) => expect(gap).toBeGreaterThanOrEqual(1000 * 2 ** index));
    expect(
      readSignIn(pair.store.lease, 'a')?.failedStart ?? readSignIn(pair.store.lease, 'b')?.failedStart,
    ).toBeDefined();
  });

  test('does not make a changed template wait', async () => {
    const { agent: a, guard: ga } = pair.agent('a');
    ga.healthy = false;
    ga.start();
    await pair.advance(1_000, ga);
    for (let round = 0; round < 4; round++) {
      await pair.advance(20_000, ga);
      if (ga.running) ga.crash(1);
    }
    a.terminate();
    await pair.advance(100, ga);
    const begun = pair.clock.now();
    const { guard } = pair.agent('b', 'uid-new', new FakeGuard(pair.clock), { template: 'two' });
    guard.start();
    await pair.advance(3_500, guard);
    expect(guard.running).toBeDefined();
    expect(pair.clock.now() - begun).toBeLessThan(4_000);
  });

  test('for ever is stopped at the limit and handed over', async () => {
    const { guard } = pair.agent('a');
    guard.healthy = false;
    guard.start();
    await pair.advance(59_000, guard);
    expect(guard.running).toBeDefined();
    await pair.advance(2_500, guard);
    expect(pair.log).toContain('a: hands over: StartTimeout');
  });
});

describe('a daemon that hangs', () => {
  test('is stopped after the failure threshold and handed over with proof of its death', async () => {
    const { ga, gb } = await serving();
    ga.healthy = false;
    await pair.advance(1_900, ga, gb);
    expect(ga.running).toBeDefined();
    await pair.advance(2_000, ga, gb);
    expect(ga.running).toBeUndefined();
    expect(gb.running).toBeDefined();
    expect(pair.log).toContain('a: hands over: DaemonUnresponsive');
  });
});

describe('the API server away', () => {
  test('and the other member too kills the active at its deadline, whatever the agent does', async () => {
    const { ga, gb } = await serving();
    pair.unreachable.add('uid-b');
    pair.store.outage = { reason: 'Timeout', landed: false };
    await pair.advance(9_000, ga, gb);
    expect(ga.running).toBeUndefined();
    expect(gb.running).toBeUndefined();
    pair.store.outage = undefined;
    await pair.advance(12_000, ga, gb);
    expect([ga.running, gb.running].filter(Boolean)).toHaveLength(1);
  });

  test('for less than the deadline moves nothing', async () => {
    const { ga, gb } = await serving();
    pair.store.outage = { reason: 'Timeout', landed: false };
    await pair.advance(2_500, ga, gb);
    pair.store.outage = undefined;
    await pair.advance(10_000, ga, gb);
    expect(ga.running).toBeDefined();
    expect(pair.term).toBe(1);
  });
});

describe('an agent that restarts', () => {
  test('goes on with its daemon by a renewal, when it is back before the deadline', async () => {
    const { a, ga, gb } = await serving();
    a.abort();
    const before = ga.running;
    await pair.advance(2_000, ga, gb);
    pair.agent('a', 'uid-a', ga);
    await pair.advance(12_000, ga, gb);
    expect(ga.running).toBe(before);
    expect(pair.term).toBe(1);
    expect(gb.running).toBeUndefined();
  });

  test('still says in which term its daemon became healthy', async () => {
    const { a, ga, gb } = await serving();
    expect(readSignIn(pair.store.lease, 'a')?.healthyStart).toBe(1);
    a.abort();
    pair.agent('a', 'uid-a', ga);
    await pair.advance(12_000, ga, gb);
    expect(readSignIn(pair.store.lease, 'a')?.healthyStart).toBe(1);
  });

  test('finds its daemon killed by the guard when it comes too late, and the other takes over', async () => {
    const { a, ga, gb } = await serving();
    a.abort();
    await pair.advance(6_500, ga, gb);
    expect(ga.running).toBeUndefined();
    pair.agent('a', 'uid-a', ga);
    await pair.advance(6_000, ga, gb);
    expect(gb.running).toBeDefined();
    expect(ga.running).toBeUndefined();
  });

  test('stops a daemon whose claim is no longer the Lease’s', async () => {
    const { a, ga, gb } = await serving();
    a.abort();
    pair.store.put((lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: 'somebody/else/1' } }));
    pair.agent('a', 'uid-a', ga);
    await pair.advance(100, ga, gb);
    expect(ga.running).toBeUndefined();
  });
});

describe('a Lease in other hands', () => {
  test('overwritten: the daemon is stopped at once and one is active again after a lease duration', async () => {
    const { ga, gb } = await serving();
    pair.store.put((lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: 'bob' } }));
    await pair.advance(20, ga, gb);
    expect(ga.running).toBeUndefined();
    expect(pair.log).toContain('a: lost');
    await pair.advance(9_200, ga, gb);
    expect([ga.running, gb.running].filter(Boolean)).toHaveLength(1);
  });

  test('deleted and made anew: nothing moves but the term, and nobody speaks of a failover', async () => {
    const { ga, gb } = await serving();
    const before = ga.running;
    pair.store.remove();
    await pair.advance(1_000, ga, gb);
    pair.store.put((lease) => ({ ...lease, spec: { holderIdentity: '', leaseTransitions: 1 } }));
    await pair.advance(12_000, ga, gb);
    expect(ga.running?.startedBy).toBe(before?.startedBy);
    expect(pair.term).toBe(2);
    expect(pair.slice.metadata.annotations?.[annotations.term]).toBe('2');
    expect(pair.address).toBe('10.0.0.1');
    expect(pair.log.filter((line) => line.includes('hands over'))).toEqual([]);
  });

  test('an endpoint with a later term of somebody else is overtaken by raising the Lease’s', async () => {
    const { guard: ga } = pair.agent('a');
    await pair.advance(100, ga);
    pair.slice = {
      ...pair.slice,
      metadata: { ...pair.slice.metadata, annotations: { [annotations.term]: '7', [annotations.claim]: 'x' } },
    };
    ga.start();
    await pair.advance(500, ga);
    expect(pair.term).toBe(8);
    expect(pair.slice.metadata.annotations?.[annotations.term]).toBe('8');
    expect(pair.address).toBe('10.0.0.1');
  });

  test('an endpoint with a later term is left alone until the renewal that overtakes it has taken place', async () => {
    const { ga, gb } = await serving();
    pair.slice = {
      ...pair.slice,
      endpoints: [{ addresses: ['10.9.9.9'] }],
      metadata: { ...pair.slice.metadata, annotations: { [annotations.term]: '7', [annotations.claim]: 'x' } },
    };
    const writes = pair.sliceWrites.length;
    await pair.advance(27_000, ga, gb);
    pair.store.outage = { reason: 'ServerError', landed: false };
    await pair.advance(8_000, ga, gb);
    expect(pair.sliceWrites).toHaveLength(writes);
    pair.store.outage = undefined;
    await pair.advance(4_000, ga, gb);
    expect(pair.slice.metadata.annotations?.[annotations.term]).toBe('8');
    expect(pair.term).toBe(8);
  });

  test('an endpoint that somebody has led elsewhere under a later term is led back by its holder', async () => {
    const { ga, gb } = await serving();
    pair.slice = {
      ...pair.slice,
      endpoints: [{ addresses: ['10.9.9.9'] }],
      metadata: {
        ...pair.slice.metadata,
        annotations: { ...pair.slice.metadata.annotations, [annotations.term]: '7' },
      },
    };
    await pair.advance(40_000, ga, gb);
    expect(pair.term).toBe(8);
    expect(pair.slice.metadata.annotations?.[annotations.term]).toBe('8');
    expect(pair.address).toBe('10.0.0.1');
    expect(pair.log.filter((line) => line.includes('hands over'))).toEqual([]);
  });
});

describe('SIGTERM', () => {
  test('stops the daemon, proves it, releases, and ends the agent', async () => {
    const { a, ga, gb } = await serving();
    a.terminate();
    await pair.advance(50, ga, gb);
    expect(ga.running).toBeUndefined();
    expect(gb.running).toBeDefined();
    expect(pair.log).toContain('a: hands over: PodTerminating');
    await pair.advance(2_000, ga, gb);
    await pair.ended(a);
  });

  test('keeps the pod, and with it its address, until every kube-proxy has followed the endpoint', async () => {
    const { a, ga, gb } = await serving();
    let ended = false;
    a.terminate();
    void pair.ended(a).then(() => (ended = true));
    await pair.advance(1_900, ga, gb);
    expect(gb.running).toBeDefined();
    expect(ended).toBe(false);
    await pair.advance(200, ga, gb);
    expect(ended).toBe(true);
  });

  test('ends a standby’s agent at once', async () => {
    const { b, ga, gb } = await serving();
    b.terminate();
    await pair.advance(10, ga, gb);
    await pair.ended(b);
  });

  test('after the Lease was deleted with its cluster ends the agent as soon as the daemon is dead', async () => {
    const { a, ga, gb } = await serving();
    pair.store.remove();
    a.terminate();
    await pair.advance(50, ga, gb);
    expect(ga.running).toBeUndefined();
    await pair.ended(a);
  });

  test('is no proof of the daemon’s death: a guard that does not answer keeps the Lease from being released', async () => {
    const { a, ga, gb } = await serving();
    ga.frozen = true;
    const before = pair.store.written.length;
    a.terminate();
    await pair.advance(5_000, gb);
    expect(pair.store.written.slice(before).filter((lease) => lease.spec?.holderIdentity === '')).toHaveLength(0);
    expect(gb.running).toBeUndefined();
  });
});

describe('the guard that does not answer a start', () => {
  test('lets the Lease run out instead of holding it for nothing', async () => {
    const { agent: a, guard: ga } = pair.agent('a');
    ga.start();
    ga.frozen = true;
    const { guard: gb } = pair.agent('b');
    await pair.advance(4_000, gb);
    gb.start();
    expect(a.tenure.kind).toBe('active');
    await pair.advance(16_000, gb);
    expect(gb.running).toBeDefined();
  });
});

describe('readiness', () => {
  test('of a standby that would renew more often than the holder does not come and go', async () => {
    const { guard: ga } = pair.agent('a');
    const { agent: b, guard: gb } = pair.agent('b', 'uid-b', undefined, { retryPeriodSeconds: 0.5 });
    ga.start();
    gb.start();
    await pair.advance(10_000, ga, gb);
    for (let step = 0; step < 30; step++) {
      await pair.advance(100, ga, gb);
      expect(b.ready).toBe(true);
    }
  });

  test('of a standby needs a watch that brings the holder’s renewals', async () => {
    const { a, b, ga, gb } = await serving();
    await pair.advance(12_000, ga, gb);
    expect([a.ready, b.ready]).toEqual([true, true]);
    pair.deafen();
    await pair.advance(10_000, ga, gb);
    expect([a.ready, b.ready]).toEqual([true, false]);
  });
});

describe('sign-ins', () => {
  test('stand beside each other on the Lease and say who is ready', async () => {
    await serving();
    expect(readSignIn(pair.store.lease, 'a')).toMatchObject({ uid: 'uid-a', ready: true, healthyStart: 1 });
    expect(readSignIn(pair.store.lease, 'b')).toMatchObject({ uid: 'uid-b', ready: true });
  });

  test('overwritten by a successor’s are not written again', async () => {
    const { gb, ga } = await serving();
    pair.store.put((lease) => ({
      ...lease,
      metadata: {
        ...lease.metadata,
        annotations: {
          ...lease.metadata.annotations,
          [annotations.signIn('b')]: '{"uid":"new","ready":true,"template":"one"}',
        },
      },
    }));
    await pair.advance(10_000, ga, gb);
    expect(readSignIn(pair.store.lease, 'b')?.uid).toBe('new');
  });
});

describe('the catalog’s two spellings', () => {
  const spellings = ['-hostname=c.svc.cluster.local', '-hostname=c.svc'];
  const catalogs = async () => {
    const { guard: ga } = pair.agent('a', 'uid-a', new FakeGuard(pair.clock), { spellings });
    const { agent: b, guard: gb } = pair.agent('b', 'uid-b', new FakeGuard(pair.clock), { spellings });
    ga.start();
    gb.start();
    await pair.advance(1_000, ga, gb);
    return { ga, gb, b };
  };

  test('stay the same after a release', async () => {
    const { ga, gb } = await catalogs();
    expect(ga.running?.argument).toBe(spellings[0]);
    ga.crash();
    await pair.advance(20, ga, gb);
    expect(gb.running?.argument).toBe(spellings[0]);
  });

  test('change after an expiry', async () => {
    const { ga, gb } = await catalogs();
    ga.frozen = true;
    pair.store.put((lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: 'lost/uid/1' } }));
    await pair.advance(9_500, gb);
    expect(gb.running?.argument).toBe(spellings[1]);
  });
});
