import { beforeEach, describe, expect, test } from '@jest/globals';
import type { EventDescription, KubernetesEvent } from '../../../src/kube/event.ts';
import { EventRecorder } from '../../../src/kube/event-recorder.ts';
import { failure, ScriptedApi, type Call } from './scripted-api.ts';
import { VirtualClock } from './virtual-clock.ts';

const description: EventDescription = {
  regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'space', name: 'pod', uid: 'u' },
  type: 'Warning',
  reason: 'DaemonUnhealthy',
  action: 'CheckHealth',
  note: 'no answer',
};

let api: ScriptedApi;
let clock: VirtualClock;
let lost: unknown[];
let recorder: EventRecorder;

beforeEach(() => {
  api = new ScriptedApi();
  api.answer = () => ({});
  clock = new VirtualClock(0, new Date('2026-01-01T00:00:00Z'));
  lost = [];
  let number = 0;
  recorder = new EventRecorder({
    api,
    clock,
    random: () => (number = (number + 0.01) % 1),
    controller: 'impala-operator.dev/agent',
    instance: 'pod-0',
    onLost: (_, why) => lost.push(why),
  });
});

const created = (): KubernetesEvent[] =>
  api.calls.filter(({ method }) => method === 'create').map(({ body }) => body as KubernetesEvent);
const patched = (): Call[] => api.calls.filter(({ method }) => method === 'mergePatch');

describe('an event', () => {
  test('is created as the API server wants it', async () => {
    recorder.record(description);
    await clock.flush();
    expect(created()).toEqual([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^pod\.[0-9a-f]+$/), namespace: 'space' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'impala-operator.dev/agent',
        reportingInstance: 'pod-0',
        action: 'CheckHealth',
        reason: 'DaemonUnhealthy',
        type: 'Warning',
        regarding: description.regarding,
        note: 'no answer',
      },
    ]);
  });

  test('has the time when it happened, not when it could be sent', async () => {
    let refusals = 2;
    api.answer = () => {
      if (refusals-- > 0) throw failure('Disconnected');
      return {};
    };
    recorder.record(description);
    await clock.advance(60_000);
    expect(created().map(({ eventTime }) => eventTime)).toEqual(Array(3).fill('2026-01-01T00:00:00.000000Z'));
    expect(new Set(created().map(({ metadata }) => metadata.name)).size).toBe(1);
    expect(lost).toEqual([]);
  });

  test('of an object without a namespace stands in the default one', async () => {
    recorder.record({ ...description, regarding: { apiVersion: 'v1', kind: 'Node', name: 'n1' } });
    await clock.flush();
    expect(created()[0]?.metadata.namespace).toBe('default');
  });

  test('is cut to what the API server takes, never in the middle of a character', async () => {
    recorder.record({
      ...description,
      note: 'ü'.repeat(600),
      regarding: { ...description.regarding, name: 'n'.repeat(253) },
    });
    await clock.flush();
    const [event] = created();
    expect(Buffer.byteLength(event?.note ?? '')).toBeLessThanOrEqual(1024);
    expect(event?.note).toMatch(/^ü{510}…$/);
    expect(event?.metadata.name.length).toBeLessThanOrEqual(253);
  });

  test('that a lost answer hid is not sent twice', async () => {
    const answers = [failure('Timeout'), failure('AlreadyExists')];
    api.answer = () => {
      throw answers.shift() ?? new Error('one call too many');
    };
    recorder.record(description);
    await clock.advance(60_000);
    expect(created()).toHaveLength(2);
    expect(lost).toEqual([]);
  });
});

describe('an event that repeats itself', () => {
  test('becomes a series', async () => {
    recorder.record(description);
    await clock.advance(60_000);
    recorder.record(description);
    await clock.advance(60_000);
    recorder.record(description);
    await clock.flush();
    expect(created()).toHaveLength(1);
    expect(patched().map(({ body }) => body)).toEqual([
      { series: { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' } },
      { series: { count: 3, lastObservedTime: '2026-01-01T00:02:00.000000Z' } },
    ]);
    expect(patched()[0]?.name).toBe(created()[0]?.metadata.name);
  });

  test('is a new event after six minutes, and when anything of it differs', async () => {
    recorder.record(description);
    await clock.advance(360_001);
    recorder.record(description);
    recorder.record({ ...description, note: 'another' });
    recorder.record({ ...description, regarding: { ...description.regarding, uid: 'other' } });
    await clock.flush();
    expect(created()).toHaveLength(4);
    expect(new Set(created().map(({ metadata }) => metadata.name)).size).toBe(4);
    expect(patched()).toEqual([]);
  });

  test('before it was sent is created with its count', async () => {
    recorder.record({ ...description, note: 'first' });
    recorder.record(description);
    recorder.record(description);
    await clock.flush();
    expect(created()[1]?.series).toEqual({ count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' });
    expect(patched()).toEqual([]);
  });

  test('is created anew when the API server has forgotten it', async () => {
    recorder.record(description);
    await clock.flush();
    api.answer = ({ method }) => {
      if (method === 'mergePatch') throw failure('NotFound');
      return {};
    };
    recorder.record(description);
    await clock.flush();
    expect(created()).toHaveLength(2);
    expect(created()[1]?.series?.count).toBe(2);
    expect(created()[1]?.metadata.name).not.toBe(created()[0]?.metadata.name);
  });
});

describe('too many events', () => {
  test('of one object are dropped after 25, but for one in five minutes; others are not', async () => {
    for (let i = 0; i < 40; i++) recorder.record({ ...description, note: `number ${i}` });
    recorder.record({ ...description, regarding: { ...description.regarding, name: 'other', uid: 'v' } });
    await clock.flush();
    expect(created()).toHaveLength(26);
    expect(lost).toHaveLength(15);
    await clock.advance(300_000);
    recorder.record({ ...description, note: 'later' });
    recorder.record({ ...description, note: 'too soon' });
    await clock.flush();
    expect(created()).toHaveLength(27);
  });

  test('of a series go on being counted, and the count is sent at the end', async () => {
    for (let i = 0; i < 100; i++) {
      recorder.record(description);
      await clock.flush();
    }
    expect(patched()).toHaveLength(24);
    await recorder.close(1_000);
    expect(patched().at(-1)?.body).toMatchObject({ series: { count: 100 } });
  });

  test('while the API does not answer are dropped, and nobody waits for them', async () => {
    api.answer = () => new Promise(() => undefined);
    for (let i = 0; i < 250; i++) {
      recorder.record({ ...description, regarding: { ...description.regarding, uid: `uid ${i}` } });
    }
    await clock.flush();
    expect(api.calls).toHaveLength(1);
    expect(lost).toHaveLength(250 - 1 - 200);
  });
});

describe('an event that cannot be sent', () => {
  test('is given up at once when it never could be, and after five tries otherwise', async () => {
    api.answer = () => {
      throw failure('Forbidden');
    };
    recorder.record(description);
    await clock.flush();
    expect(api.calls).toHaveLength(1);
    expect(lost).toHaveLength(1);
    api.answer = () => {
      throw failure('ServerError');
    };
    recorder.record({ ...description, note: 'another' });
    await clock.advance(600_000);
    expect(api.calls).toHaveLength(6);
    expect(lost).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  test('keeps nobody from ending: what is left at the deadline is lost', async () => {
    api.answer = ({ options }) =>
      new Promise((_, reject) => options.signal?.addEventListener('abort', () => reject(failure('Aborted'))));
    recorder.record(description);
    recorder.record({ ...description, note: 'another' });
    const closing = recorder.close(3_000);
    recorder.record({ ...description, note: 'too late' });
    await clock.settle(closing);
    expect(clock.now()).toBe(3_000);
    expect(lost).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  test('ends at once when nothing is left', async () => {
    recorder.record(description);
    await clock.settle(recorder.close(3_000));
    expect(created()).toHaveLength(1);
    expect(clock.now()).toBe(0);
  });
});
