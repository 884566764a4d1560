import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import { observeProblems } from '../../../src/controllers/observe-problems.ts';
import { claimOf, leaseOf, podOf, sliceOf, statestoreLike } from './fixtures.ts';

interface SaidByA {
  uid?: string;
  ready?: boolean;
  template?: string;
  problem?: string;
  failedStart?: { term: number; number: number; reason: string };
  healthyStart?: number;
}

const signIn = (said: SaidByA): string => JSON.stringify({ uid: 'pod-a', ready: true, template: 't', ...said });
const failedStart = { term: 5, number: 2, reason: 'exited 1: no such file' };

function reasonsWhen(ofA: string | undefined, ofB?: string): string[] {
  const notes = { ...(ofA && { [annotations.signIn('a')]: ofA }), ...(ofB && { [annotations.signIn('b')]: ofB }) };
  const lease = leaseOf(claimOf('a'), 5, notes);
  return observeProblems(statestoreLike({ lease, pods: { a: podOf('a'), b: podOf('b') } })).map(({ reason }) => reason);
}

describe('what the members say of their starts', () => {
  test.each<[string, string | undefined, string | undefined, string[]]>([
    ['nothing', undefined, undefined, []],
    ['that all is well', signIn({ healthyStart: 5 }), undefined, []],
    ['that a start failed', signIn({ failedStart }), undefined, ['StartFailed']],
    ['that one failed and a later one came up', signIn({ failedStart, healthyStart: 6 }), undefined, []],
    ['that one failed after one came up', signIn({ failedStart, healthyStart: 4 }), undefined, ['StartFailed']],
    [
      'that one failed and the other came up later',
      signIn({ failedStart }),
      signIn({ uid: 'pod-b', healthyStart: 6 }),
      [],
    ],
    [
      'that one failed under a template under which none came up',
      signIn({ failedStart }),
      signIn({ uid: 'pod-b', template: 'before', healthyStart: 6 }),
      ['StartFailed'],
    ],
    ['that one failed, by a pod that is no more', signIn({ uid: 'pod-before', failedStart }), undefined, []],
    ['that a pre-flight failed', signIn({ ready: false, problem: 'unknown flag' }), undefined, ['PreflightFailed']],
    [
      'that a pre-flight failed, and serves all the same',
      signIn({ ready: false, problem: 'started before its end', healthyStart: 5 }),
      undefined,
      [],
    ],
    [
      'that a pre-flight failed, and served in an earlier term',
      signIn({ ready: false, problem: 'unknown flag', healthyStart: 4 }),
      undefined,
      ['PreflightFailed'],
    ],
    ['that it is not ready yet', signIn({ ready: false }), undefined, []],
    ['something that is no sign-in', 'not JSON', undefined, []],
    ['something of another form', '{"uid":3}', undefined, []],
  ])('%s', (_, ofA, ofB, reasons) => {
    expect(reasonsWhen(ofA, ofB)).toEqual(reasons);
  });

  test('names the pod and the reason', () => {
    const lease = leaseOf(claimOf('a'), 5, { [annotations.signIn('a')]: signIn({ failedStart }) });
    const [problem] = observeProblems(statestoreLike({ lease, pods: { a: podOf('a'), b: undefined } }));
    expect(problem?.message).toBe('sales-statestore-a-0 did not start: exited 1: no such file');
  });
});

describe('a slice with a later term than its Lease', () => {
  test('is reported: only a member can mend it', () => {
    const pods = { a: podOf('a'), b: podOf('b') };
    const snapshot = statestoreLike({ lease: leaseOf(claimOf('a'), 5), slice: sliceOf('10.1.0.1', 9), pods });
    expect(observeProblems(snapshot)).toMatchObject([{ reason: 'EndpointSliceAhead', component: 'statestore' }]);
  });
});
