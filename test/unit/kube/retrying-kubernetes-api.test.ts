import { beforeEach, describe, expect, test } from '@jest/globals';
import { sleep } from '../../../src/kube/clock.ts';
import type { ApiErrorReason } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { configMaps } from '../../../src/kube/resource.ts';
import { RetryingKubernetesApi } from '../../../src/kube/retrying-kubernetes-api.ts';
import { failure, ScriptedApi, type Call } from './scripted-api.ts';
import { VirtualClock } from './virtual-clock.ts';

const reference = { resource: configMaps, namespace: 'space', name: 'thing' };
const body = { metadata: { name: 'thing' }, data: { a: '1' } };

let api: ScriptedApi;
let clock: VirtualClock;
let retrying: RetryingKubernetesApi;

/** Answers each call with the next of these; an Error is thrown. */
function answer(...answers: unknown[]): void {
  api.answer = () => {
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof Error) throw next;
    return next;
  };
}

/** What came of the call: its result, or the reason of its error. */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return clock.settle(
    call.then(
      (result) => result,
      (error: { reason?: ApiErrorReason }) => error.reason,
    ),
  );
}

beforeEach(() => {
  api = new ScriptedApi();
  clock = new VirtualClock(0);
  retrying = new RetryingKubernetesApi(api, { clock, random: () => 1 });
});

describe('a call that fails', () => {
  test.each<[ApiErrorReason, number]>([
    ['TooManyRequests', 5],
    ['ServerError', 5],
    ['Disconnected', 5],
    ['Timeout', 5],
    ['Unauthorized', 2],
    ['NotFound', 1],
    ['AlreadyExists', 1],
    ['Conflict', 1],
    ['Invalid', 1],
    ['Forbidden', 1],
    ['Expired', 1],
    ['Aborted', 1],
  ])('with %s is tried %d times in all', async (reason, tries) => {
    answer(failure(reason));
    expect(await outcomeOf(retrying.get(reference))).toBe(reason);
    expect(api.calls).toHaveLength(tries);
  });

  test('waits ever longer, with jitter', async () => {
    const times: number[] = [];
    api.answer = () => {
      times.push(clock.now());
      throw failure('ServerError');
    };
    await outcomeOf(retrying.get(reference));
    expect(times).toEqual([0, 200, 600, 1400, 3000]);
    retrying = new RetryingKubernetesApi(api, { clock, random: () => 0.5 });
    await outcomeOf(retrying.get(reference));
    expect(times.slice(5)).toEqual([3000, 3100, 3300, 3700, 4500]);
  });

  test('waits for as long as the server asks to, but not beyond its deadline', async () => {
    answer(failure('TooManyRequests', { retryAfter: 7_000 }), body);
    expect(await outcomeOf(retrying.get(reference))).toEqual(body);
    expect(clock.now()).toBe(7_000);
    answer(failure('TooManyRequests', { retryAfter: 40_000 }));
    expect(await outcomeOf(retrying.get(reference))).toBe('TooManyRequests');
    expect(clock.now()).toBe(7_000);
  });

  test('gives each try its own timeout, but none goes beyond the deadline of all', async () => {
    const timeouts: unknown[] = [];
    api.answer = async (call: Call) => {
      timeouts.push(call.options.timeout);
      await sleep(clock, call.options.timeout ?? 0);
      throw failure('Timeout');
    };
    retrying = new RetryingKubernetesApi(api, { clock, random: () => 0, deadline: 10_000 });
    expect(await outcomeOf(retrying.get(reference, { timeout: 4_000 }))).toBe('Timeout');
    expect(timeouts).toEqual([4_000, 4_000, 2_000]);
    expect(clock.now()).toBe(10_000);
  });

  test('ends in the middle of a wait when its caller gives up', async () => {
    const controller = new AbortController();
    api.answer = (call: Call) => {
      if (call.options.signal?.aborted) throw failure('Aborted');
      throw failure('ServerError');
    };
    const call = outcomeOf(retrying.get(reference, { signal: controller.signal }));
    controller.abort();
    expect(await call).toBe('Aborted');
    expect(clock.now()).toBe(0);
  });

  test('succeeds when a later try does', async () => {
    for (const call of [
      () => retrying.get(reference),
      () => retrying.list(reference),
      () => retrying.replace(reference, body),
      () => retrying.apply(reference, body, { fieldManager: 'me' }),
      () => retrying.mergePatch(reference, {}),
    ]) {
      answer(failure('Disconnected'), body);
      expect(await outcomeOf(call())).toEqual(body);
    }
  });
});

describe('a create', () => {
  const create = (): Promise<unknown> => outcomeOf(retrying.create<KubernetesObject>(reference, body));

  test('is sent again when it surely did not take place', async () => {
    answer(failure('TooManyRequests'), body);
    expect(await create()).toEqual(body);
    expect(api.calls.map(({ method }) => method)).toEqual(['create', 'create']);
  });

  test.each<[ApiErrorReason]>([['Timeout'], ['Disconnected'], ['ServerError']])(
    'is not sent again after %s, but read: it took place',
    async (reason) => {
      const live = { ...body, metadata: { name: 'thing', uid: '1', resourceVersion: '4' } };
      answer(failure(reason), live);
      expect(await create()).toEqual(live);
      expect(api.calls.map(({ method }) => method)).toEqual(['create', 'get']);
    },
  );

  test('whose outcome is unknown failed with AlreadyExists when there is another object', async () => {
    answer(failure('Timeout'), { ...body, data: { a: '2' } });
    expect(await create()).toBe('AlreadyExists');
  });

  test('whose outcome is unknown and that is not to be seen stays unknown', async () => {
    answer(failure('Timeout'), failure('NotFound'));
    expect(await create()).toBe('Timeout');
    expect(api.count('create')).toBe(1);
  });

  test('of what is there already failed', async () => {
    answer(failure('AlreadyExists'));
    expect(await create()).toBe('AlreadyExists');
    expect(api.calls).toHaveLength(1);
  });
});

describe('a delete', () => {
  test('that was tried before has succeeded when the object is gone', async () => {
    answer(failure('Timeout'), failure('NotFound'));
    expect(await outcomeOf(retrying.delete(reference, { uid: 'u' }))).toBeUndefined();
    expect(api.calls.map(({ options }) => options.uid)).toEqual(['u', 'u']);
  });

  test.each<[ApiErrorReason]>([['NotFound'], ['Conflict']])('fails with %s otherwise', async (reason) => {
    answer(failure('TooManyRequests'), failure(reason));
    expect(await outcomeOf(retrying.delete(reference))).toBe(reason);
  });
});
