import { beforeEach, describe, expect, test } from '@jest/globals';
import { NodeReader } from '../../../../src/controllers/lost-nodes/node-reader.ts';
import { KubernetesApiError } from '../../../../src/kube/kubernetes-api.ts';
import type { ApiErrorReason, KubernetesApi } from '../../../../src/kube/kubernetes-api.ts';
import { VirtualClock } from '../../kube/virtual-clock.ts';

let clock: VirtualClock;
let reads: string[];
let failure: ApiErrorReason | undefined;
let reader: NodeReader;

beforeEach(() => {
  clock = new VirtualClock();
  reads = [];
  failure = undefined;
  const get = async ({ name }: { name: string }): Promise<unknown> => {
    reads.push(name);
    if (failure !== undefined) throw new KubernetesApiError('get', failure, 'refused by the test');
    return { metadata: { name }, status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  };
  reader = new NodeReader({ get } as unknown as KubernetesApi, clock);
});

const kindOf = async (name: string) => (await reader.read([name])).get(name);

describe('nodes are read', () => {
  test('none when none is asked for', async () => {
    expect((await reader.read([])).size).toBe(0);
    expect(reads).toEqual([]);
  });

  test('once for all who ask within two seconds', async () => {
    await reader.read(['one', 'two', 'one']);
    await reader.read(['two']);
    expect(reads).toEqual(['one', 'two']);
    await clock.advance(2_000);
    await reader.read(['two']);
    expect(reads).toEqual(['one', 'two', 'two']);
  });

  test.each<[ApiErrorReason, object]>([
    ['NotFound', { kind: 'deleted' }],
    ['Forbidden', { kind: 'unreadable', forbidden: true }],
    ['Timeout', { kind: 'unreadable', forbidden: false }],
    ['ServerError', { kind: 'unreadable', forbidden: false }],
  ])('%s is no reason to fail', async (reason, state) => {
    failure = reason;
    expect(await kindOf('one')).toEqual(state);
  });

  test('again after a minute when that is forbidden', async () => {
    failure = 'Forbidden';
    await kindOf('one');
    await clock.advance(59_000);
    await kindOf('one');
    expect(reads).toEqual(['one']);
    failure = undefined;
    await clock.advance(1_000);
    expect(await kindOf('one')).toMatchObject({ kind: 'present', kubelet: 'ready' });
  });

  test('not any more when the pass is given up', async () => {
    failure = 'Aborted';
    await expect(kindOf('one')).rejects.toMatchObject({ reason: 'Aborted' });
  });
});
