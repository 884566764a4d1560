import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { watchObject } from '../../../src/kube/object-watch.ts';
import { leases } from '../../../src/kube/resource.ts';
import { failure, ScriptedApi } from './scripted-api.ts';
import { VirtualClock } from './virtual-clock.ts';

const reference = { resource: leases, namespace: 'space', name: 'pair' };
const object = (resourceVersion: string, uid = 'first'): KubernetesObject => ({
  metadata: { name: 'pair', uid, resourceVersion },
});

let api: ScriptedApi;
let clock: VirtualClock;
let controller: AbortController;
let seen: string[];
let errors: unknown[];
let running: Promise<void>;

/** @param live what a GET finds, as long as the test does not change it */
async function start(live: KubernetesObject | undefined, onState?: () => void): Promise<void> {
  answerWith(live);
  running = watchObject(
    { api, clock, random: () => 1 },
    reference,
    {
      onState: (state) => {
        const { metadata } = state.kind === 'present' ? state.object : { metadata: undefined };
        seen.push(metadata === undefined ? 'absent' : `${metadata.uid}@${metadata.resourceVersion}`);
        onState?.();
      },
      onError: (error) => errors.push(error),
    },
    controller.signal,
  );
  await clock.flush();
}

function answerWith(live: KubernetesObject | undefined): void {
  api.answer = () => {
    if (live === undefined) throw failure('NotFound');
    return live;
  };
}

beforeEach(() => {
  api = new ScriptedApi();
  clock = new VirtualClock();
  controller = new AbortController();
  seen = [];
  errors = [];
});

afterEach(async () => {
  controller.abort();
  await running;
  expect(clock.pendingTimers).toBe(0);
});

describe('the watch of one object', () => {
  test('reads it, reports it, and watches that one name from there on', async () => {
    await start(object('5'));
    expect(seen).toEqual(['first@5']);
    expect(api.watching.resourceVersion).toBe('5');
    expect(api.calls.at(-1)?.name).toBe('metadata.name=pair');
    api.watching.send('MODIFIED', object('6'));
    api.watching.send('MODIFIED', object('8'));
    await clock.flush();
    expect(seen).toEqual(['first@5', 'first@6', 'first@8']);
    expect(api.count('get')).toBe(1);
  });

  test('never reports an older version after a newer one, nor a version twice', async () => {
    await start(object('99'));
    for (const version of ['98', '9', '99', '100', '99', '100']) api.watching.send('MODIFIED', object(version));
    await clock.flush();
    expect(seen).toEqual(['first@99', 'first@100']);
  });

  test('reports that it went, and that another one came, from the same stream', async () => {
    await start(object('5'));
    api.watching.send('DELETED', object('6'));
    api.watching.send('ADDED', object('7', 'second'));
    await clock.flush();
    expect(seen).toEqual(['first@5', 'absent', 'second@7']);
    expect(api.count('get')).toBe(1);
  });

  test('reports another one of the name though the removal of the first was missed', async () => {
    await start(object('50'));
    api.watching.fail(failure('Disconnected'));
    answerWith(object('7', 'second'));
    await clock.advance(100);
    expect(seen).toEqual(['first@50', 'second@7']);
  });

  test('goes on from the last version at once when the server ends the stream', async () => {
    await start(object('5'));
    api.watching.send('MODIFIED', object('6'));
    await clock.flush();
    api.watching.end();
    await clock.flush();
    expect(api.watches).toHaveLength(2);
    expect(api.watching.resourceVersion).toBe('6');
    await clock.advance(300_000);
    api.watching.bookmark('70');
    await clock.flush();
    api.watching.end();
    await clock.flush();
    expect(api.watching.resourceVersion).toBe('70');
    expect(api.count('get')).toBe(1);
    expect(errors).toEqual([]);
  });

  test('reads again, at once, when its version is no longer kept', async () => {
    await start(object('5'));
    answerWith(object('90'));
    api.watching.fail(failure('Expired'));
    await clock.flush();
    expect(seen).toEqual(['first@5', 'first@90']);
    expect(api.watching.resourceVersion).toBe('90');
  });

  test('waits between reads when the version that was just read is not kept, again and again', async () => {
    await start(object('5'));
    for (let i = 0; i < 3; i++) {
      api.watching.fail(failure('Expired'));
      await clock.flush();
      if (i > 0) await clock.advance(5_000);
    }
    expect(api.count('get')).toBe(4);
    expect(clock.now()).toBe(1_000_000 + 10_000);
  });

  test('reads again after 0.1 s, then after ever longer, up to 5 s, when reads and watches fail', async () => {
    await start(object('5'));
    api.watching.fail(failure('Timeout'));
    api.answer = () => {
      throw failure('Disconnected');
    };
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      await clock.flush();
      const wait = clock.untilNextTimer ?? NaN;
      waits.push(wait);
      await clock.advance(wait);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    answerWith(object('6'));
    await clock.advance(5_000);
    expect(seen).toEqual(['first@5', 'first@6']);
    api.watching.send('MODIFIED', object('7'));
    await clock.flush();
    api.watching.fail(failure('Timeout'));
    await clock.flush();
    expect(clock.untilNextTimer).toBe(100);
  });

  test('waits for as long as the server asks to', async () => {
    await start(object('5'));
    api.watching.fail(failure('TooManyRequests', { retryAfter: 7_000 }));
    await clock.flush();
    expect(clock.untilNextTimer).toBe(7_000);
  });

  test('waits before it opens a watch again that the server ended at once', async () => {
    await start(object('5'));
    api.watching.end();
    await clock.flush();
    expect(api.watches).toHaveLength(1);
    await clock.advance(100);
    expect(api.watches).toHaveLength(2);
  });
});

describe('the watch of an object that is absent', () => {
  test('reports it absent once, and reads it as soon as a watch without a version shows something', async () => {
    await start(undefined);
    expect(seen).toEqual(['absent']);
    expect(api.watching.resourceVersion).toBe('');
    answerWith(object('8'));
    api.watching.send('ADDED', object('7'));
    await clock.flush();
    expect(seen).toEqual(['absent', 'first@8']);
    expect(api.watching.resourceVersion).toBe('8');
    expect(api.watches).toHaveLength(2);
    expect(api.watches[0]?.closed).toBe(true);
  });

  test('does not believe a watch that shows an object from before its removal, and does not spin on it', async () => {
    await start(undefined);
    for (const wait of [100, 200, 400]) {
      api.watching.send('ADDED', object('7'));
      await clock.flush();
      expect(clock.untilNextTimer).toBe(wait);
      await clock.advance(wait);
    }
    expect(seen).toEqual(['absent']);
    answerWith(object('9', 'second'));
    api.watching.send('ADDED', object('9', 'second'));
    await clock.flush();
    expect(seen).toEqual(['absent', 'second@9']);
  });

  test('goes on from a bookmark', async () => {
    await start(undefined);
    api.watching.bookmark('44');
    await clock.flush();
    api.watching.end();
    await clock.flush();
    expect(api.watching.resourceVersion).toBe('44');
    expect(api.count('get')).toBe(1);
  });

  test('does not bring back an object that was seen gone', async () => {
    await start(object('5'));
    api.watching.send('DELETED', object('6'));
    api.watching.send('MODIFIED', object('5'));
    await clock.flush();
    expect(seen).toEqual(['first@5', 'absent']);
  });
});

describe('the end of a watch', () => {
  test.each([
    ['in a stream', () => undefined],
    ['in a backoff', () => api.watching.fail(failure('Timeout'))],
  ])('comes with the abort %s', async (_, before) => {
    await start(object('5'));
    before();
    await clock.flush();
    controller.abort();
    await running;
    expect(seen).toEqual(['first@5']);
  });

  test('does not come with a handler that throws', async () => {
    await start(object('5'), () => {
      throw new Error('handler');
    });
    api.watching.send('MODIFIED', object('6'));
    await clock.flush();
    expect(seen).toEqual(['first@5', 'first@6']);
    expect(errors).toHaveLength(2);
  });
});
