import { describe, expect, test } from '@jest/globals';
import { brokenConnection, refusal, type Interceptor, type WatchStream } from '../../../src/embedded/interceptor.ts';
import { sleep } from '../../../src/kube/clock.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';
import { LEASE, lease, makeFixture, outcomeOf, watchLeases } from './fixture.ts';

const holder = (object: Lease | undefined): string | undefined => object?.spec?.holderIdentity;

describe('what stands between client and server', () => {
  test('can delay a request and its answer, and the write takes place between the two', async () => {
    const { clock, server } = makeFixture();
    const slow: Interceptor = {
      async exchange(_call, handle) {
        await sleep(clock, 100);
        const answer = handle();
        await sleep(clock, 200);
        return answer;
      },
    };
    const outcome = outcomeOf(server.client('slow', slow).create(LEASE, lease('me')));
    await clock.advance(99);
    expect(server.peek(LEASE)).toBeUndefined();
    await clock.advance(1);
    expect(holder(server.peek<Lease>(LEASE))).toBe('me');
    expect(outcome).toEqual({});
    await clock.advance(200);
    expect(holder(outcome.answer as Lease)).toBe('me');
    expect(clock.pendingTimers).toBe(0);
  });

  test('can let a write land after its client has given up', async () => {
    const { clock, server } = makeFixture();
    const late: Interceptor = {
      async exchange(_call, handle) {
        await sleep(clock, 5_000);
        return handle();
      },
    };
    const outcome = outcomeOf(server.client('late', late).create(LEASE, lease('me'), { timeout: 1_500 }));
    await clock.advance(1_500);
    expect(outcome.error).toMatchObject({ reason: 'Timeout', outcomeUnknown: true });
    expect(server.peek(LEASE)).toBeUndefined();
    await clock.advance(3_500);
    expect(holder(server.peek<Lease>(LEASE))).toBe('me');
  });

  test('decides late writes on the state that they find', async () => {
    const { clock, server, api } = makeFixture();
    const created = await api.create(LEASE, lease('first'));
    const late: Interceptor = {
      async exchange(_call, handle) {
        await sleep(clock, 1_000);
        return handle();
      },
    };
    const outcome = outcomeOf(
      server.client('late', late).replace(LEASE, { ...created, spec: lease('late').spec ?? {} }),
    );
    await api.replace(LEASE, { ...created, spec: lease('second').spec ?? {} });
    await clock.advance(1_000);
    expect(outcome.error).toMatchObject({ reason: 'Conflict' });
    expect(holder(server.peek<Lease>(LEASE))).toBe('second');
  });

  test('can lose the answer of a write that took place', async () => {
    const { clock, server } = makeFixture();
    const lossy: Interceptor = {
      async exchange(call, handle) {
        handle();
        throw brokenConnection(call);
      },
    };
    const outcome = outcomeOf(server.client('lossy', lossy).create(LEASE, lease('me')));
    await clock.flush();
    expect(outcome.error).toMatchObject({ reason: 'Disconnected', outcomeUnknown: true });
    expect(holder(server.peek<Lease>(LEASE))).toBe('me');
  });

  test.each([
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [409, 'Conflict'],
    [429, 'TooManyRequests'],
    [500, 'ServerError'],
    [503, 'ServerError'],
  ])('can refuse with %i, which is %s, and nothing is written', async (status, reason) => {
    const { clock, server } = makeFixture();
    const refusing: Interceptor = {
      async exchange(call) {
        throw refusal(call, status, 'injected', 1_000);
      },
    };
    const outcome = outcomeOf(server.client('refused', refusing).create(LEASE, lease('me')));
    await clock.flush();
    expect(outcome.error).toMatchObject({ reason, status, retryAfter: 1_000 });
    expect(server.peek(LEASE)).toBeUndefined();
  });

  test('can keep an answer for ever: the client hears the deadline, or its own signal', async () => {
    const { clock, server } = makeFixture();
    const silent: Interceptor = { exchange: () => new Promise(() => undefined) };
    const api = server.client('cut off', silent);
    const abort = new AbortController();
    const late = outcomeOf(api.get(LEASE, { timeout: 1_500 }));
    const aborted = outcomeOf(api.get(LEASE, { signal: abort.signal }));
    abort.abort();
    await clock.advance(1_500);
    expect(late.error).toMatchObject({ reason: 'Timeout' });
    expect(aborted.error).toMatchObject({ reason: 'Aborted' });
    expect(clock.pendingTimers).toBe(0);
  });

  test('is asked about one client alone', async () => {
    const { clock, server, api } = makeFixture();
    const silent: Interceptor = { exchange: () => new Promise(() => undefined) };
    const cutOff = outcomeOf(server.client('cut off', silent).get(LEASE));
    const other = outcomeOf(api.create(LEASE, lease('me')));
    await clock.flush();
    expect(cutOff).toEqual({});
    expect(other).toHaveProperty('answer');
  });

  test('can stall a watch: its reader hears nothing, and in the end a timeout', async () => {
    const { clock, server, api } = makeFixture();
    const seen = watchLeases(server.client('stalled', { deliver: () => undefined }), server.resourceVersion, 5_000);
    await clock.flush();
    await api.create(LEASE, lease('me'));
    await clock.advance(4_999);
    expect(seen.error).toBeUndefined();
    await clock.advance(1);
    expect(seen.error).toMatchObject({ reason: 'Timeout' });
    expect(seen.events).toEqual([]);
  });

  test('can delay the events of a watch', async () => {
    const { clock, server, api } = makeFixture();
    const deliver: Interceptor['deliver'] = (_stream, forward) => void clock.setTimer(300, forward);
    const seen = watchLeases(server.client('slow', { deliver }), server.resourceVersion);
    await clock.flush();
    await api.create(LEASE, lease('me'));
    await clock.advance(299);
    expect(seen.events).toHaveLength(0);
    await clock.advance(1);
    expect(seen.events).toHaveLength(1);
    seen.stop();
    await clock.flush();
    expect(clock.pendingTimers).toBe(0);
  });

  test('can end a watch, and break one', async () => {
    const { clock, server, api } = makeFixture();
    const streams: WatchStream[] = [];
    const client = server.client('watcher', { onWatch: (stream) => void streams.push(stream) });
    const ended = watchLeases(client, server.resourceVersion);
    const broken = watchLeases(client, server.resourceVersion);
    await clock.flush();
    await api.create(LEASE, lease('me'));
    const [first, second] = streams;
    first?.end();
    if (second) second.fail(brokenConnection(second.call));
    await clock.flush();
    expect(ended).toMatchObject({ ended: true, error: undefined });
    expect(broken.error).toMatchObject({ reason: 'Disconnected' });
    expect([ended.events.length, broken.events.length]).toEqual([1, 1]);
    expect(streams.map(({ open }) => open)).toEqual([false, false]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('can keep a watch from opening', async () => {
    const { clock, server } = makeFixture();
    const silent: Interceptor = { exchange: () => new Promise(() => undefined) };
    const seen = watchLeases(server.client('cut off', silent), server.resourceVersion);
    await clock.advance(10_000);
    expect(seen.error).toMatchObject({ reason: 'Timeout' });
    expect(clock.pendingTimers).toBe(0);
  });

  test('that opens a watch after its client has given up opens none', async () => {
    const { clock, server, api } = makeFixture();
    const opened: WatchStream[] = [];
    const late: Interceptor = {
      async exchange(_call, handle) {
        await sleep(clock, 20_000);
        return handle();
      },
      onWatch: (stream) => void opened.push(stream),
    };
    const seen = watchLeases(server.client('late', late), '');
    await clock.advance(20_000);
    await api.create(LEASE, lease('me'));
    expect(seen.error).toMatchObject({ reason: 'Timeout' });
    expect(opened).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
