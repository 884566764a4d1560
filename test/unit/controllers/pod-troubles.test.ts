import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../../src/controllers/kubernetes-types.ts';
import { podTroubles } from '../../../src/controllers/pod-troubles.ts';

const waiting = (reason: string, message?: string): Pod => ({
  metadata: { name: 'pod' },
  status: {
    containerStatuses: [
      {
        name: 'impalad',
        image: 'apache/impala:0',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason, ...(message && { message }) } },
      },
    ],
  },
});

describe('what kubelet says of a container', () => {
  test.each([
    [
      'ImagePullBackOff',
      'Back-off pulling image "x": ErrImagePull: not found',
      'ImageUnavailable',
      'the image apache/impala:0 cannot be had: not found',
    ],
    ['ErrImagePull', 'not found', 'ImageUnavailable', 'the image apache/impala:0 cannot be had: not found'],
    [
      'CreateContainerConfigError',
      'secret "s" not found',
      'ContainerFailed',
      'CreateContainerConfigError: secret "s" not found',
    ],
    [
      'CrashLoopBackOff',
      'back-off 1m20s restarting failed container=impalad pod=pod_shop(1)',
      'ContainerFailed',
      'CrashLoopBackOff: it ends again and again',
    ],
  ])('by %s (%s) is %s', (reason, message, kind, told) => {
    expect(podTroubles(waiting(reason, message))).toEqual([{ container: 'impalad', kind, message: told }]);
  });

  test.each(['ContainerCreating', 'PodInitializing'])('by %s is nothing to worry about', (reason) => {
    expect(podTroubles(waiting(reason))).toEqual([]);
  });

  test('is the same however long a back-off is', () => {
    const backOff = (time: string): Pod =>
      waiting('CrashLoopBackOff', `back-off ${time} restarting failed container=x`);
    expect(podTroubles(backOff('10s'))).toEqual(podTroubles(backOff('2m40s')));
  });

  test('is nothing for a pod of which nothing is known', () => {
    expect(podTroubles({ metadata: { name: 'pod' } })).toEqual([]);
  });
});
