import { describe, expect, test } from '@jest/globals';
import {
  LONGEST_MESSAGE,
  parsePromiseAnswer,
  parsePromiseRequest,
  type PromiseAnswer,
  type PromiseRequest,
} from '../../../../src/agent/promise/promise-message.ts';

const request: PromiseRequest = {
  namespace: 'default',
  pair: 'impala-statestore',
  to: 'uid-b',
  from: { pod: 'impala-statestore-a-0', uid: 'uid-a' },
  round: 1,
  records: [{ leaseUid: 'l', resourceVersion: '7', holder: 'impala-statestore-a-0/uid-a/x' }],
  durationSeconds: 9,
};
const next = { leaseUid: 'm', resourceVersion: '9', holder: 'impala-statestore-a-0/uid-a/y' };

describe('a request for a promise', () => {
  test.each<[string, PromiseRequest]>([
    ['of one claim', request],
    ['of a claim and that of a Lease made anew', { ...request, records: [...request.records, next] as never }],
  ])('%s is read as it was written', (_, written) => {
    expect(parsePromiseRequest(JSON.stringify(written))).toEqual(written);
  });

  test('loses what is not known', () => {
    expect(parsePromiseRequest(JSON.stringify({ ...request, more: 1 }))).toEqual(request);
  });

  test.each<[string, unknown]>([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a list', [request]],
    ['null', null],
    ['an empty name', { ...request, to: '' }],
    ['a name that never ends', { ...request, to: 'x'.repeat(513) }],
    ['a number for a name', { ...request, pair: 4 }],
    ['no sender', { ...request, from: undefined }],
    ['no records', { ...request, records: [] }],
    ['three records', { ...request, records: [request.records[0], next, next] }],
    ['a broken second record', { ...request, records: [request.records[0], {}] }],
    ['round 0', { ...request, round: 0 }],
    ['half a round', { ...request, round: 1.5 }],
    ['a duration without end', { ...request, durationSeconds: 86_401 }],
    ['more bytes than allowed', { ...request, more: 'x'.repeat(LONGEST_MESSAGE) }],
  ])('that is %s is none', (_, written) => {
    expect(parsePromiseRequest(typeof written === 'string' ? written : JSON.stringify(written))).toBeUndefined();
  });
});

describe('an answer', () => {
  test.each<PromiseAnswer>([
    { kind: 'promised', round: 3 },
    { kind: 'refused', round: 3, because: 'unseen' },
  ])('%j is read as it was written', (answer) => {
    expect(parsePromiseAnswer(JSON.stringify(answer))).toEqual(answer);
  });

  test.each([
    ['another kind', { kind: 'granted', round: 3 }],
    ['no round', { kind: 'promised' }],
    ['an unknown reason', { kind: 'refused', round: 3, because: 'tired' }],
  ])('with %s is none', (_, written) => {
    expect(parsePromiseAnswer(JSON.stringify(written))).toBeUndefined();
  });
});
