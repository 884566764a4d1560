import { describe, expect, test } from '@jest/globals';
import type { ImpalaClusterStatus } from '../../../../src/api/impala-cluster.ts';
import type { SwitchoverStatus } from '../../../../src/api/status.ts';
import { eventsBetween } from '../../../../src/controllers/events.ts';

const switchover = (outcome: SwitchoverStatus['outcome'], request = 'r1'): SwitchoverStatus => ({
  member: 'b',
  request,
  outcome,
  message: outcome,
  time: '2026-01-01T00:00:00Z',
});

const reasons = (before: SwitchoverStatus | undefined, now: SwitchoverStatus | undefined): string[] => {
  const status = (one: SwitchoverStatus | undefined): ImpalaClusterStatus => ({
    statestore: one ? { switchover: one } : {},
  });
  return eventsBetween(status(before), status(now), [], new Set()).map(({ reason }) => reason);
};

describe('events of a switchover', () => {
  test.each<[string, SwitchoverStatus | undefined, SwitchoverStatus | undefined, string[]]>([
    ['when it is asked for', undefined, switchover('Requested'), ['SwitchoverRequested']],
    ['when it is asked for again', switchover('Completed'), switchover('Requested', 'r2'), ['SwitchoverRequested']],
    ['when it is asked for after a wait', switchover('Waiting'), switchover('Requested'), ['SwitchoverRequested']],
    ['when it is done', switchover('Requested'), switchover('Completed'), ['SwitchoverCompleted']],
    ['none when nothing changes', switchover('Requested'), switchover('Requested'), []],
    ['none when nothing had to be done', undefined, switchover('Completed'), []],
    ['none for waiting', undefined, switchover('Waiting'), []],
    ['none of its own for a refusal, which is a problem', undefined, switchover('Refused'), []],
    ['none when it is taken back', switchover('Requested'), undefined, []],
  ])('%s', (_name, before, now, expected) => {
    expect(reasons(before, now)).toEqual(expected);
  });
});
