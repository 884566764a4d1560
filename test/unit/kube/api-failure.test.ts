import { describe, expect, test } from '@jest/globals';
import { failureOfAnswer } from '../../../src/kube/api-failure.ts';

const date = new Date('2026-01-01T00:00:00Z');
const status = (message: string, more = {}): string => JSON.stringify({ kind: 'Status', message, ...more });

describe('an answer that is not 2xx', () => {
  test.each([
    [400, {}, 'Invalid'],
    [401, {}, 'Unauthorized'],
    [403, {}, 'Forbidden'],
    [404, {}, 'NotFound'],
    [408, {}, 'Timeout'],
    [409, { reason: 'AlreadyExists' }, 'AlreadyExists'],
    [409, { reason: 'Conflict' }, 'Conflict'],
    [409, {}, 'Conflict'],
    [410, { reason: 'Gone' }, 'Expired'],
    [413, {}, 'Invalid'],
    [415, {}, 'Invalid'],
    [422, { reason: 'Invalid' }, 'Invalid'],
    [422, { details: { causes: [{ field: 'spec.replicas' }] } }, 'Invalid'],
    [422, { details: { causes: [{ field: 'metadata.uid' }] } }, 'Conflict'],
    [429, {}, 'TooManyRequests'],
    [500, {}, 'ServerError'],
    [503, {}, 'ServerError'],
    [504, { reason: 'Timeout' }, 'ServerError'],
  ])('with status %d and %j is %s', (code, more, reason) => {
    const failure = failureOfAnswer('get Lease a/b', code, status('because', more), undefined, date);
    expect(failure.reason).toBe(reason);
    expect(failure.status).toBe(code);
    expect(failure.message).toBe('get Lease a/b: because');
  });

  test.each([
    'failed to create typed patch object (default/x; apps/v1, Kind=StatefulSet): .spec.nonsense: field not declared in schema',
    'failed to create typed patch object (default/x; apps/v1, Kind=StatefulSet): errors:\n .spec.env: duplicate entries for key [name="A"]',
  ])('with status 500 is permanent, and had no effect, when the body does not fit the schema: %s', (message) => {
    const failure = failureOfAnswer('apply', 500, status(message), undefined, date);
    expect(failure.reason).toBe('Invalid');
    expect(failure.outcomeUnknown).toBe(false);
  });

  test('names the fields that are wrong', () => {
    const causes = [{ reason: 'FieldValueInvalid', field: 'spec.a', message: 'too large' }, { message: 'no field' }];
    const failure = failureOfAnswer('create', 422, status('invalid', { details: { causes } }), undefined, date);
    expect(failure.causes).toEqual([{ field: 'spec.a', message: 'too large' }, { message: 'no field' }]);
  });

  test.each([
    ['7', {}, 7000],
    [' 0', {}, 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', {}, 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', {}, 0],
    ['soon', {}, undefined],
    [undefined, { details: { retryAfterSeconds: 3 } }, 3000],
    ['2', { details: { retryAfterSeconds: 3 } }, 2000],
    [undefined, {}, undefined],
  ])('with Retry-After %j and %j asks to wait %j ms', (header, more, wait) => {
    expect(failureOfAnswer('get', 429, status('slow down', more), header, date).retryAfter).toBe(wait);
  });

  test('from a proxy shows the text it has', () => {
    expect(failureOfAnswer('get', 502, '<h1>Bad gateway</h1>', undefined, date).message).toBe(
      'get: <h1>Bad gateway</h1>',
    );
    expect(failureOfAnswer('get', 502, '', undefined, date).message).toBe('get: HTTP 502');
  });
});
