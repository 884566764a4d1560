import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import type { PairComponent } from '../../../src/api/names.ts';
import type { ImpalaClusterStatus } from '../../../src/api/impala-cluster.ts';
import { eventsBetween } from '../../../src/controllers/events.ts';
import type { Problem } from '../../../src/controllers/problem.ts';
import type { PairSnapshot } from '../../../src/controllers/snapshot.ts';
import { clusterStatus } from '../../../src/controllers/status/cluster-status.ts';
import { conditionsOf } from '../../../src/controllers/status/conditions.ts';
import { findingsOf } from '../../../src/controllers/status/findings.ts';
import { pairHealth, pairStatus } from '../../../src/controllers/status/pair-status.ts';
import type { PairHealth } from '../../../src/controllers/status/pair-status.ts';
import { claimOf, emptySnapshot, leaseOf, podOf, sliceOf, statestoreLike } from './fixtures.ts';

const quiet = { problems: [], underWay: [], switchovers: {} };
const serving: Partial<PairSnapshot> = {
  lease: leaseOf(claimOf('a'), 5),
  slice: sliceOf('10.1.0.1', 5, claimOf('a')),
  pods: { a: podOf('a'), b: podOf('b') },
};

describe('the health of a pair', () => {
  test.each<[PairHealth, string, Partial<PairSnapshot>]>([
    ['complete', 'one serves and one stands by', serving],
    ['none', 'nobody holds the Lease', { ...serving, lease: leaseOf('', 5) }],
    ['none', 'there is no Lease', { ...serving, lease: undefined }],
    [
      'starting',
      'the holder does not serve yet',
      { ...serving, pods: { a: podOf('a', { ready: false }), b: podOf('b') } },
    ],
    ['unrouted', 'the slice names another', { ...serving, slice: sliceOf('10.1.0.2', 4, claimOf('b')) }],
    ['unrouted', 'there is no slice', { ...serving, slice: undefined }],
    ['alone', 'the standby is not ready', { ...serving, pods: { a: podOf('a'), b: podOf('b', { ready: false }) } }],
    ['alone', 'the standby is leaving', { ...serving, pods: { a: podOf('a'), b: podOf('b', { leaving: true }) } }],
    ['alone', 'there is no standby', { ...serving, pods: { a: podOf('a'), b: undefined } }],
  ])('is %s when %s', (health, _, pair) => {
    const snapshot = statestoreLike(pair);
    expect(pairHealth(snapshot, snapshot.statestore)).toBe(health);
  });
});

describe('the status of a pair', () => {
  const statusOf = (pair: Partial<PairSnapshot>, previous?: NonNullable<ImpalaClusterStatus['statestore']>) => {
    const snapshot = statestoreLike(pair);
    return pairStatus(snapshot, snapshot.statestore, previous, undefined);
  };

  test('names the active, its node, the standby and both members', () => {
    expect(statusOf(serving)).toEqual({
      active: 'sales-statestore-a-0',
      activeNode: 'node-a',
      holder: { claim: claimOf('a'), node: 'node-a' },
      standbys: ['sales-statestore-b-0'],
      term: 5,
      lastTransitionTime: '2026-01-01T00:00:00.000001Z',
      members: [
        { name: 'a', pod: 'sales-statestore-a-0', node: 'node-a', ready: true, role: 'active' },
        { name: 'b', pod: 'sales-statestore-b-0', node: 'node-b', ready: true, role: 'standby' },
      ],
    });
  });

  test('says why the active last changed', () => {
    const lease = leaseOf(claimOf('a'), 5, { [annotations.transitionReason]: 'LeaseExpired' });
    expect(statusOf({ ...serving, lease }).lastTransitionReason).toBe('LeaseExpired');
  });

  test.each([
    ['when the Lease is gone', undefined, 9],
    ['when the Lease was set back by hand', leaseOf(claimOf('a'), 2), 9],
    ['when it grows', leaseOf(claimOf('a'), 10), 10],
  ])('never loses a term: %s', (_, lease, term) => {
    expect(statusOf({ ...serving, lease }, { term: 9 }).term).toBe(term);
  });

  test('keeps what it knew of the last change while there is no Lease', () => {
    const previous = { term: 9, lastTransitionTime: '2025-01-01T00:00:00Z', lastTransitionReason: 'DaemonExited' };
    expect(statusOf({ ...serving, lease: undefined }, previous)).toMatchObject(previous);
  });

  test('has no term before the first claim', () => {
    expect(statusOf({ ...serving, lease: leaseOf('', 0) })).not.toHaveProperty('term');
  });
});

describe('conditions', () => {
  const now = new Date('2026-02-02T02:02:02.345Z');
  const finding = { type: 'Available', status: 'True', reason: 'Serving', message: 'm' } as const;

  test('keep the time of their last change of status', () => {
    const before = { ...finding, reason: 'Other', observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' };
    expect(conditionsOf([finding], [before], 2, now)).toEqual([
      { ...finding, observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]);
  });

  test('get a new time when their status changes, and when they are new', () => {
    const before = { ...finding, status: 'False' as const, lastTransitionTime: '2026-01-01T00:00:00Z' };
    for (const previous of [[before], []]) {
      expect(conditionsOf([finding], previous, 2, now)[0]?.lastTransitionTime).toBe('2026-02-02T02:02:02Z');
    }
  });

  test('name the gravest problem as the reason, and all of them in the message, in an order of their own', () => {
    const problems: Problem[] = [
      { reason: 'StartFailed', message: 'c' },
      { reason: 'InvalidSpec', message: 'b' },
      { reason: 'InvalidSpec', message: 'a' },
      { reason: 'InvalidSpec', message: 'a' },
    ];
    for (const order of [problems, [...problems].reverse()]) {
      const findings = findingsOf(emptySnapshot(), { ...quiet, problems: order });
      expect(findings.find(({ type }) => type === 'Degraded')).toMatchObject({
        status: 'True',
        reason: 'InvalidSpec',
        message: 'a; b; c',
      });
    }
  });

  test('say what is lacking to be available', () => {
    const findings = findingsOf(statestoreLike(serving), quiet);
    expect(findings.find(({ type }) => type === 'Available')).toMatchObject({
      status: 'False',
      message: 'catalog: no pod holds the Lease; coordinators: none of 1 is ready; executors: none of 1 is ready',
    });
  });
});

describe('the status of a cluster', () => {
  test('is the same again when nothing has changed', () => {
    const first = clusterStatus(statestoreLike(serving), quiet, '4.5.0', new Date('2026-01-01T00:00:00Z'));
    const second = clusterStatus(statestoreLike(serving, first), quiet, '4.5.0', new Date('2026-01-02T00:00:00Z'));
    expect(second).toEqual(first);
  });

  test('has the selector that the scale subresource needs', () => {
    const { executors } = clusterStatus(emptySnapshot(), quiet, undefined, new Date(0));
    expect(executors).toEqual({
      replicas: 0,
      readyReplicas: 0,
      ready: '0/1',
      selector: 'impala-operator.dev/cluster=sales,impala-operator.dev/component=executor',
    });
  });
});

const NOBODY: ReadonlySet<PairComponent> = new Set();

describe('the events between two statuses', () => {
  type PairBefore = NonNullable<ImpalaClusterStatus['statestore']>;
  const active = 'sales-statestore-a-0';
  const standby = 'sales-statestore-b-0';

  test.each<[string, PairBefore | undefined, PairBefore, string[]]>([
    [
      'a standby is ready for the first time',
      { active, standbys: [], term: 1 },
      { active, standbys: [standby], term: 1 },
      ['StandbyReady'],
    ],
    [
      'the first claim finds a standby',
      { standbys: [active, standby] },
      { active, standbys: [standby], term: 1 },
      ['StandbyReady'],
    ],
    ['the first claim takes the only standby', { standbys: [active] }, { active, standbys: [], term: 1 }, []],
    ['nobody is active yet', undefined, { standbys: [active, standby] }, []],
    [
      'the standby is lost',
      { active, standbys: [standby], term: 1 },
      { active, standbys: [], term: 1 },
      ['StandbyLost'],
    ],
    [
      'the standby has taken over',
      { active, standbys: [standby], term: 1 },
      { active: standby, standbys: [], term: 2 },
      ['StandbyLost'],
    ],
    [
      'it takes over after a gap',
      { standbys: [standby], term: 1 },
      { active: standby, standbys: [], term: 2 },
      ['StandbyLost'],
    ],
    ['all is as it was', { active, standbys: [standby], term: 1 }, { active, standbys: [standby], term: 1 }, []],
  ])('when %s', (_, before, now, reasons) => {
    const previous = before && { statestore: before };
    expect(eventsBetween(previous, { statestore: now }, [], NOBODY).map(({ reason }) => reason)).toEqual(reasons);
  });

  test('call it no loss when a standby is away for an update', () => {
    const before = { statestore: { active, standbys: [standby], term: 1 } };
    const now = { statestore: { active, standbys: [], term: 1 } };
    expect(eventsBetween(before, now, [], new Set(['statestore']))).toEqual([]);
    expect(eventsBetween(before, now, [], new Set(['catalog']))).toMatchObject([{ reason: 'StandbyLost' }]);
  });

  test('tell of a problem once', () => {
    const problem: Problem = { reason: 'LeaseForeign', message: 'Lease x is held by y' };
    const told: ImpalaClusterStatus = {
      conditions: [
        {
          type: 'Degraded',
          status: 'True',
          reason: 'LeaseForeign',
          message: `a; ${problem.message}; b`,
          lastTransitionTime: '',
        },
      ],
    };
    expect(eventsBetween({}, told, [problem], NOBODY)).toMatchObject([{ type: 'Warning', reason: 'LeaseForeign' }]);
    expect(eventsBetween(told, told, [problem], NOBODY)).toEqual([]);
  });
});
