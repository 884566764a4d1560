import { describe, expect, test } from '@jest/globals';
import { claimIdentity, parseClaim, podNamedIn } from '../../../src/daemons/claim-identity.ts';

describe('a claim', () => {
  test('is read as it was written', () => {
    const identity = claimIdentity('sales-statestore-a-0', 'uid-1', 'r4nd0m');
    expect([parseClaim(identity), podNamedIn(identity)]).toEqual([
      { pod: 'sales-statestore-a-0', uid: 'uid-1' },
      'sales-statestore-a-0',
    ]);
  });

  test('names its pod by name and uid', () => {
    expect(parseClaim('sales-statestore-a-0/uid-1/r4nd0m')).toEqual({ pod: 'sales-statestore-a-0', uid: 'uid-1' });
  });

  test.each(['', 'me', 'pod/uid', 'pod/uid/', '/uid/random', 'pod//random', 'pod/uid/random/more'])(
    'is not what %j is',
    (text) => expect(parseClaim(text)).toBeUndefined(),
  );
});
