import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { ListWatch } from '../../../src/kube/list-watch.ts';
import { pods } from '../../../src/kube/resource.ts';
import { failure, ScriptedApi } from './scripted-api.ts';
import { VirtualClock } from './virtual-clock.ts';

const pod = (name: string, resourceVersion: string, more: { uid?: string; node?: string } = {}): KubernetesObject => ({
  metadata: {
    name,
    namespace: 'space',
    uid: more.uid ?? `uid of ${name}`,
    resourceVersion,
    labels: { node: more.node ?? 'n1' },
    managedFields: [{ manager: 'x' }],
  },
});

let api: ScriptedApi;
let clock: VirtualClock;
let controller: AbortController;
let changes: string[];
let errors: unknown[];
let listWatch: ListWatch<KubernetesObject>;
let running: Promise<void>;
let onChange: (() => void) | undefined;

const describeObject = (object: KubernetesObject | undefined): string =>
  object === undefined ? '-' : `${object.metadata.name}@${object.metadata.resourceVersion}`;

function listing(resourceVersion: string, ...items: KubernetesObject[]): void {
  api.answer = () => ({ metadata: { resourceVersion }, items });
}

async function start(): Promise<void> {
  running = listWatch.run(controller.signal);
  await clock.flush();
}

beforeEach(() => {
  api = new ScriptedApi();
  clock = new VirtualClock();
  controller = new AbortController();
  changes = [];
  errors = [];
  onChange = undefined;
  running = Promise.resolve();
  listWatch = new ListWatch(
    { api, clock, random: () => 1 },
    {
      selection: { resource: pods, namespace: 'space' },
      onChange: (old, now) => {
        changes.push(`${describeObject(old)} -> ${describeObject(now)}`);
        onChange?.();
      },
      onError: (error) => errors.push(error),
      indexes: { node: ({ metadata }) => [metadata.labels?.node ?? ''] },
    },
  );
});

afterEach(async () => {
  controller.abort();
  await running;
  expect(clock.pendingTimers).toBe(0);
});

describe('a list-watch', () => {
  test('has synced once it has a whole list, and watches from its version', async () => {
    expect(listWatch.hasSynced()).toBe(false);
    const synced = listWatch.waitForSync(controller.signal);
    listing('10', pod('a', '1'), pod('b', '2'));
    await start();
    expect(await synced).toBe(true);
    expect(listWatch.hasSynced()).toBe(true);
    expect(changes).toEqual(['- -> a@1', '- -> b@2']);
    expect(api.watching.resourceVersion).toBe('10');
  });

  test('does not claim to have synced when it was aborted first', async () => {
    const synced = listWatch.waitForSync(controller.signal);
    controller.abort();
    expect(await synced).toBe(false);
  });

  test('follows what happens', async () => {
    listing('10', pod('a', '1'));
    await start();
    api.watching.send('MODIFIED', pod('a', '11'));
    api.watching.send('ADDED', pod('b', '12'));
    api.watching.send('DELETED', pod('a', '13'));
    await clock.flush();
    expect(changes).toEqual(['- -> a@1', 'a@1 -> a@11', '- -> b@12', 'a@11 -> -']);
    expect(listWatch.list().map(describeObject)).toEqual(['b@12']);
  });

  test('ignores what is older than what it has', async () => {
    listing('100', pod('a', '99'));
    await start();
    api.watching.send('MODIFIED', pod('a', '98'));
    api.watching.send('MODIFIED', pod('a', '99'));
    await clock.flush();
    expect(changes).toEqual(['- -> a@99']);
  });

  test('takes a pod of the same name for another one, in the stream and in a list', async () => {
    listing('10', pod('a', '1', { uid: 'first' }));
    await start();
    api.watching.send('ADDED', pod('a', '12', { uid: 'second' }));
    await clock.flush();
    listing('20', pod('a', '15', { uid: 'third' }));
    api.watching.fail(failure('Expired'));
    await clock.flush();
    expect(changes).toEqual(['- -> a@1', 'a@1 -> -', '- -> a@12', 'a@12 -> -', '- -> a@15']);
  });

  test('does not let the removal of an earlier pod remove its successor', async () => {
    listing('10', pod('a', '5', { uid: 'second' }));
    await start();
    api.watching.send('DELETED', pod('a', '11', { uid: 'first' }));
    await clock.flush();
    expect(listWatch.get('space', 'a')).toBeDefined();
  });

  test('finds objects by name, namespace and index, without managed fields', async () => {
    listing('10', pod('a', '1'), pod('b', '2', { node: 'n2' }));
    await start();
    api.watching.send('MODIFIED', pod('a', '11', { node: 'n2' }));
    await clock.flush();
    expect(describeObject(listWatch.get('space', 'a'))).toBe('a@11');
    expect(listWatch.get('space', 'a')?.metadata.managedFields).toBeUndefined();
    expect(listWatch.get('other', 'a')).toBeUndefined();
    expect(listWatch.list('space')).toHaveLength(2);
    expect(listWatch.list('other')).toEqual([]);
    expect(listWatch.byIndex('node', 'n1')).toEqual([]);
    expect(listWatch.byIndex('node', 'n2').map(describeObject).sort()).toEqual(['a@11', 'b@2']);
    expect(() => listWatch.byIndex('nodes', 'n2')).toThrow('no index is called nodes');
  });
});

describe('a list-watch whose watch ends', () => {
  test('opens the next one at once, from the last version, bookmarks included', async () => {
    listing('10', pod('a', '1'));
    await start();
    api.watching.send('MODIFIED', pod('a', '11'));
    await clock.flush();
    api.watching.end();
    await clock.flush();
    expect(api.watching.resourceVersion).toBe('11');
    api.watching.bookmark('50');
    await clock.flush();
    api.watching.end();
    await clock.flush();
    expect(api.watching.resourceVersion).toBe('50');
    expect(api.count('list')).toBe(1);
    expect(errors).toEqual([]);
  });

  test('lists again at once when the version is no longer kept, and reports only what differs', async () => {
    listing('10', pod('a', '1'), pod('b', '2'), pod('c', '3'));
    await start();
    changes.length = 0;
    listing('90', pod('a', '1'), pod('b', '80'), pod('d', '81'));
    api.watching.fail(failure('Expired'));
    await clock.flush();
    expect(changes).toEqual(['c@3 -> -', 'b@2 -> b@80', '- -> d@81']);
    expect(api.watching.resourceVersion).toBe('90');
  });

  test('waits 0.8 s, then ever longer, up to 30 s, while it fails; then goes on from the last version', async () => {
    listing('10');
    await start();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      api.watching.fail(failure('Disconnected'));
      await clock.flush();
      const wait = clock.untilNextTimer ?? NaN;
      waits.push(wait);
      await clock.advance(wait);
    }
    expect(waits).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(api.count('list')).toBe(1);
    expect(api.watching.resourceVersion).toBe('10');
    expect(errors).toHaveLength(8);
  });

  test('lists again when it fell silent, and believes the list though versions went back', async () => {
    listing('100', pod('a', '90'));
    await start();
    listing('50', pod('a', '40'));
    api.watching.fail(failure('Timeout'));
    await clock.advance(800);
    expect(changes).toEqual(['- -> a@90', 'a@90 -> a@40']);
    expect(api.watching.resourceVersion).toBe('50');
  });

  test('waits before it opens one again that the server ended at once', async () => {
    listing('10');
    await start();
    api.watching.end();
    await clock.flush();
    expect(api.watches).toHaveLength(1);
    await clock.advance(800);
    expect(api.watches).toHaveLength(2);
  });

  test('tries a list that failed again, and has not synced before', async () => {
    api.answer = () => {
      throw failure('Forbidden');
    };
    await start();
    expect(listWatch.hasSynced()).toBe(false);
    listing('10', pod('a', '1'));
    await clock.advance(800);
    expect(listWatch.hasSynced()).toBe(true);
  });

  test('says when it last heard of the server', async () => {
    listing('10');
    expect(listWatch.lastContact).toBeUndefined();
    await start();
    const listed = clock.now();
    expect(listWatch.lastContact).toBe(listed);
    await clock.advance(60_000);
    api.watching.bookmark('11');
    await clock.flush();
    expect(listWatch.lastContact).toBe(listed + 60_000);
    api.watching.fail(failure('Disconnected'));
    await clock.advance(10_000);
    expect(listWatch.lastContact).toBe(listed + 60_000);
  });

  test('survives a handler that throws', async () => {
    onChange = () => {
      throw new Error('handler');
    };
    listing('10', pod('a', '1'), pod('b', '2'));
    await start();
    expect(listWatch.list()).toHaveLength(2);
    expect(errors).toHaveLength(2);
  });
});
