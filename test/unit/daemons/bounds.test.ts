import { describe, expect, test } from '@jest/globals';
import {
  catalogAfterCrashSeconds,
  catalogAfterLossSeconds,
  hungAfterSeconds,
  registeredAfterCrashSeconds,
  registeredAfterLossSeconds,
  subscriberTimes,
  takeoverSeconds,
} from '../../../src/daemons/bounds.ts';
import { clusterWith, flagsOf, validDaemons } from './cluster.ts';

describe('the bounds of a failover', () => {
  const times = subscriberTimes(flagsOf(validDaemons().executor.args));

  test('are counted from the flags that the daemons have', () => {
    expect(times).toEqual({ timeout: 5, rpcTimeout: 2, retryInterval: 1 });
  });

  test('are, with the defaults, those that are promised', () => {
    expect(registeredAfterCrashSeconds(times)).toBe(11);
    expect(registeredAfterLossSeconds(times, 9)).toBe(14.5);
    expect(takeoverSeconds(9)).toBe(10);
    expect(catalogAfterCrashSeconds(3)).toBe(8);
    expect(catalogAfterLossSeconds(3, 15)).toBe(24);
  });

  test('are ruled by the subscriber when the lease is short, and by the lease when it is long', () => {
    expect(registeredAfterLossSeconds(times, 5)).toBe(13);
    expect(registeredAfterLossSeconds(times, 60)).toBe(65.5);
  });

  test.each([
    ['statestore', 4],
    ['catalog', 22],
  ] as const)('let a %s hang for no more than %d s', (pair, seconds) => {
    const { agent } = validDaemons()[pair].a;
    expect(hungAfterSeconds(clusterWith().spec[pair].highAvailability, agent)).toBe(seconds);
  });
});
