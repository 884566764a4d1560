import { beforeEach, describe, expect, test } from '@jest/globals';
import { ApiContact } from '../../../src/operator/api-contact.ts';
import { MeasuredKubernetesApi } from '../../../src/operator/measured-kubernetes-api.ts';
import { KubernetesApiError } from '../../../src/kube/kubernetes-api.ts';
import type { ApiErrorReason, KubernetesApi, WatchEvent } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { leases } from '../../../src/kube/resource.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';

let clock: VirtualClock;
let contact: ApiContact;

beforeEach(() => {
  clock = new VirtualClock();
  contact = new ApiContact(clock);
});

/** An answer every two seconds. */
async function answered(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 2) {
    await clock.advance(2_000);
    contact.note();
  }
}

describe('for how long the API server has answered', () => {
  test('is nothing before its first answer', async () => {
    await clock.advance(5_000);
    expect(contact.unbrokenFor()).toBe(0);
  });

  test('is counted from the first of answers that follow each other', async () => {
    contact.note();
    await answered(60);
    await clock.advance(1_000);
    expect(contact.unbrokenFor()).toBe(61_000);
  });

  test('is nothing while it is away, and counted anew when it is back', async () => {
    contact.note();
    await answered(60);
    await clock.advance(10_001);
    expect(contact.unbrokenFor()).toBe(0);
    await answered(4);
    expect(contact.unbrokenFor()).toBe(2_000);
  });

  const lookAt = async (api: Partial<KubernetesApi>): Promise<boolean> => {
    let seen = false;
    const observer = { apiCall: () => undefined, apiError: () => undefined };
    const measured = new MeasuredKubernetesApi(api as KubernetesApi, observer, () => (seen = true));
    const signal = new AbortController().signal;
    if (api.watch) for await (const _ of measured.watch({ resource: leases }, { resourceVersion: '', signal })) break;
    else await measured.get({ resource: leases, name: 'one' }).catch(() => undefined);
    return seen;
  };

  test.each<[ApiErrorReason, boolean]>([
    ['NotFound', true],
    ['Forbidden', true],
    ['TooManyRequests', false],
    ['ServerError', false],
    ['Timeout', false],
    ['Disconnected', false],
  ])('an error of reason %s counts as an answer: %s', async (reason, counts) => {
    const get = () => Promise.reject(new KubernetesApiError('get', reason, 'no'));
    expect(await lookAt({ get })).toBe(counts);
  });

  test('whatever comes of a call or a watch counts', async () => {
    const object = { metadata: { name: 'one' } };
    const get = <T extends KubernetesObject>() => Promise.resolve(object as T);
    expect(await lookAt({ get })).toBe(true);
    async function* watch<T extends KubernetesObject>(): AsyncGenerator<WatchEvent<T>> {
      yield await Promise.resolve({ type: 'ADDED', object: object as T } as const);
    }
    expect(await lookAt({ watch })).toBe(true);
  });
});
