import { describe, expect, test } from '@jest/globals';
import { withDefaults } from '../../../src/api/defaults.ts';
import { STOP_BUDGET_SECONDS } from '../../../src/api/lease-limits.ts';

const minimal = { metadata: { name: 'minimal' }, spec: {} };

describe('withDefaults', () => {
  test('gives a minimal cluster everything that the operator reads', () => {
    expect(withDefaults(minimal)).toEqual({
      metadata: { name: 'minimal' },
      spec: {
        image: { repository: 'apache/impala', tag: '4.5.0', pullPolicy: 'IfNotPresent' },
        clusterDomain: 'cluster.local',
        paused: false,
        stopped: false,
        statestore: {
          highAvailability: {
            enabled: true,
            leaseDurationSeconds: 9,
            renewDeadlineSeconds: 6,
            retryPeriodSeconds: 3,
            failureThreshold: 3,
            startTimeoutSeconds: 60,
            maxOutageSeconds: 900,
          },
        },
        catalog: {
          highAvailability: {
            enabled: true,
            leaseDurationSeconds: 15,
            renewDeadlineSeconds: 10,
            retryPeriodSeconds: 5,
            failureThreshold: 10,
            startTimeoutSeconds: 1800,
            maxOutageSeconds: 900,
          },
        },
        coordinators: { replicas: 1 },
        executors: { replicas: 1 },
      },
    });
  });

  test('keeps what was written, and fills in beside it', () => {
    const { spec } = withDefaults({
      ...minimal,
      spec: {
        image: { tag: '4.4.1' },
        statestore: { highAvailability: { leaseDurationSeconds: 20 }, flags: { v: '1' } },
        executors: { replicas: 0, resources: { limits: { memory: '0.50Gi' } } },
      },
    });
    expect(spec.image).toEqual({ repository: 'apache/impala', tag: '4.4.1', pullPolicy: 'IfNotPresent' });
    expect(spec.statestore.flags).toEqual({ v: '1' });
    expect(spec.statestore.highAvailability).toMatchObject({ leaseDurationSeconds: 20, renewDeadlineSeconds: 6 });
    expect(spec.executors).toEqual({ replicas: 0, resources: { limits: { memory: '0.50Gi' } } });
  });

  test('keeps fields that it does not know, and status', () => {
    const object = { ...minimal, spec: { later: { x: 1 } }, status: { version: '4.5.0' } };
    expect(withDefaults(object)).toMatchObject({ spec: { later: { x: 1 } }, status: { version: '4.5.0' } });
  });

  test('takes a null for a missing value, as the API server does', () => {
    const object = { ...minimal, spec: { clusterDomain: null, statestore: { highAvailability: null } } };
    expect(withDefaults(object)).toEqual(withDefaults(minimal));
  });

  test('leaves an object that has its defaults as it is', () => {
    const defaulted = withDefaults(minimal);
    expect(withDefaults(defaulted)).toEqual(defaulted);
  });

  test('does not change its argument, nor share defaults between objects', () => {
    const first = withDefaults(minimal);
    first.spec.statestore.highAvailability.leaseDurationSeconds = 99;
    expect(minimal).toEqual({ metadata: { name: 'minimal' }, spec: {} });
    expect(withDefaults(minimal).spec.statestore.highAvailability.leaseDurationSeconds).toBe(9);
  });

  test.each(['statestore', 'catalog'] as const)(
    'the lease times of %s keep the rules that users have to keep',
    (pair) => {
      const times = withDefaults(minimal).spec[pair].highAvailability;
      expect(times.leaseDurationSeconds).toBeGreaterThan(times.renewDeadlineSeconds + STOP_BUDGET_SECONDS);
      expect(times.renewDeadlineSeconds).toBeGreaterThan(1.2 * times.retryPeriodSeconds);
    },
  );
});
