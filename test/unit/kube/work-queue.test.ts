import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sleep } from '../../../src/kube/clock.ts';
import { WorkQueue, type WorkQueueOptions, type WorkResult } from '../../../src/kube/work-queue.ts';
import { VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let controller: AbortController;
let handled: string[];
let running: Promise<void>;

function queueOf(options: Partial<WorkQueueOptions> = {}): WorkQueue {
  return new WorkQueue({
    clock,
    random: () => 1,
    handle: async (key) => {
      handled.push(key);
      await sleep(clock, 10);
    },
    ...options,
  });
}

async function start(queue: WorkQueue): Promise<void> {
  running = queue.run(controller.signal);
  await clock.flush();
}

beforeEach(() => {
  clock = new VirtualClock(0);
  controller = new AbortController();
  handled = [];
  running = Promise.resolve();
});

afterEach(async () => {
  controller.abort();
  await clock.settle(running);
  expect(clock.pendingTimers).toBe(0);
});

describe('a work queue', () => {
  test('handles each key once, in the order in which they came, also those from before it ran', async () => {
    const queue = queueOf();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect(queue.depth).toBe(3);
    await start(queue);
    await clock.advance(1_000);
    expect(handled).toEqual(['a', 'b', 'c']);
    expect(queue.depth).toBe(0);
  });

  test('handles a key once more that was added while it was handled, after those that wait', async () => {
    const queue = queueOf();
    await start(queue);
    queue.add('a');
    queue.add('b');
    queue.add('a');
    queue.add('a');
    await clock.advance(1_000);
    expect(handled).toEqual(['a', 'b', 'a']);
  });

  test('handles several keys at once, but never one key twice at once', async () => {
    let active = 0;
    let most = 0;
    const perKey = new Map<string, number>();
    const queue = queueOf({
      concurrency: 3,
      handle: async (key) => {
        most = Math.max(most, ++active);
        perKey.set(key, (perKey.get(key) ?? 0) + 1);
        expect(perKey.get(key)).toBe(1);
        await sleep(clock, 10);
        perKey.set(key, 0);
        active--;
        handled.push(key);
      },
    });
    await start(queue);
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    for (let i = 0; i < 5; i++) {
      queue.add('a');
      await clock.advance(5);
    }
    await clock.advance(1_000);
    expect(most).toBe(3);
    expect(handled.filter((key) => key === 'a').length).toBeGreaterThan(1);
    expect(new Set(handled)).toEqual(new Set(['a', 'b', 'c', 'd', 'e']));
  });

  test('lets no key starve while another is added for ever', async () => {
    const queue: WorkQueue = queueOf({
      handle: async (key) => {
        handled.push(key);
        if (key === 'busy') queue.add('busy');
        await sleep(clock, 1);
      },
    });
    await start(queue);
    queue.add('busy');
    queue.add('quiet');
    await clock.advance(3);
    expect(handled).toEqual(['busy', 'quiet', 'busy', 'busy']);
  });

  test('adds a key after a delay, the shortest of several', async () => {
    const queue = queueOf();
    await start(queue);
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 300);
    await clock.advance(199);
    expect(handled).toEqual([]);
    await clock.advance(1_000);
    expect(handled).toEqual(['a']);
  });

  test('adds a key again when its handler asks for that', async () => {
    const queue = queueOf({
      handle: async (key): Promise<WorkResult> => {
        handled.push(`${key} at ${clock.now()}`);
        return { requeueAfter: 1_000 };
      },
    });
    await start(queue);
    queue.add('a');
    await clock.advance(2_500);
    expect(handled).toEqual(['a at 0', 'a at 1000', 'a at 2000']);
  });

  test('adds all keys every period', async () => {
    const queue = queueOf({ resync: { period: 10_000, keys: () => ['a', 'b'] } });
    await start(queue);
    await clock.advance(9_999);
    expect(handled).toEqual([]);
    await clock.advance(1_001 + 20);
    expect(handled).toEqual(['a', 'b']);
    await clock.advance(10_000);
    expect(handled).toEqual(['a', 'b', 'a', 'b']);
  });

  test('runs only once', async () => {
    const queue = queueOf();
    await start(queue);
    await expect(queue.run(controller.signal)).rejects.toThrow('only once');
  });
});

describe('a key whose handler fails', () => {
  test('comes back after 5 ms, then ever later, up to half a minute, and after a success after 5 ms again', async () => {
    let fail = true;
    const failures: number[] = [];
    const times: number[] = [];
    const queue = queueOf({
      handle: async () => {
        times.push(clock.now());
        if (fail) throw new Error('handler');
      },
      onError: (_key, _error, count) => failures.push(count),
    });
    await start(queue);
    queue.add('a');
    await clock.advance(3_600_000);
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(Math.max(...waits)).toBe(30_000);
    expect(failures).toEqual(times.map((_, index) => index + 1));
    fail = false;
    await clock.advance(30_000);
    expect(clock.pendingTimers).toBe(0);
    fail = true;
    times.length = 0;
    queue.add('a');
    await clock.advance(6);
    expect(times).toHaveLength(2);
  });

  test('does not keep others waiting, and nothing of it escapes', async () => {
    const queue = queueOf({
      handle: async (key) => {
        handled.push(key);
        if (key === 'bad') throw new Error('handler');
      },
      onError: () => {
        throw new Error('logger');
      },
    });
    await start(queue);
    queue.add('bad');
    queue.add('good');
    await clock.flush();
    expect(handled).toEqual(['bad', 'good']);
  });

  test('may throw before it returns a promise', async () => {
    const errors: unknown[] = [];
    const queue = queueOf({
      handle: () => {
        throw new Error('at once');
      },
      onError: (_, error) => errors.push(error),
    });
    await start(queue);
    queue.add('a');
    await clock.flush();
    expect(errors).toHaveLength(1);
  });
});

describe('the end of a work queue', () => {
  test('takes nothing more, waits for what is under way, and drops the rest', async () => {
    const queue = queueOf({ concurrency: 2 });
    await start(queue);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    queue.addAfter('d', 5);
    await clock.flush();
    controller.abort();
    queue.add('e');
    const startedAt = clock.now();
    await clock.settle(running);
    expect(clock.now() - startedAt).toBe(10);
    expect(handled).toEqual(['a', 'b']);
  });

  test('tells a handler that takes too long to give up, and does not wait for it', async () => {
    let abandoned = false;
    const queue = queueOf({
      drain: 2_000,
      handle: (_, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            abandoned = true;
            resolve();
          }),
        ),
    });
    await start(queue);
    queue.add('a');
    await clock.flush();
    controller.abort();
    await clock.advance(1_999);
    expect(abandoned).toBe(false);
    await clock.advance(1);
    await running;
    expect(abandoned).toBe(true);
  });
});

test('a work queue tells its metrics', async () => {
  const told: string[] = [];
  let fail = true;
  const queue = queueOf({
    handle: async () => {
      await sleep(clock, 250);
      if (fail) throw new Error('handler');
    },
    backoff: { initial: 1_000, maximum: 1_000 },
    observer: {
      depth: (keys) => told.push(`depth ${keys}`),
      added: () => told.push('added'),
      started: (seconds) => told.push(`started after ${seconds}`),
      finished: (seconds, outcome) => told.push(`${outcome} after ${seconds}`),
      retried: () => told.push('retried'),
    },
  });
  await start(queue);
  told.length = 0;
  queue.add('a');
  queue.add('b');
  await clock.advance(100);
  expect(queue.unfinishedWorkSeconds).toBeCloseTo(0.1);
  expect(queue.longestRunningSeconds).toBeCloseTo(0.1);
  expect(told).toEqual(['added', 'started after 0', 'depth 0', 'added', 'depth 1']);
  told.length = 0;
  await clock.advance(150);
  expect(told).toEqual(['retried', 'error after 0.25', 'started after 0.25', 'depth 0']);
  fail = false;
  told.length = 0;
  await clock.advance(5_000);
  expect(told).toContain('success after 0.25');
  expect(queue.unfinishedWorkSeconds).toBe(0);
});
