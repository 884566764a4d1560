import { describe, expect, test } from '@jest/globals';
import { requestName } from '../../../../src/controllers/switchover/request.ts';
import type { PreferredActive } from '../../../../src/controllers/switchover/request.ts';

const field: PreferredActive = { member: 'b', time: undefined, generation: 7, previous: undefined, served: undefined };
const plugin: PreferredActive = { ...field, time: 'T1' };
const AGAIN = 'b in generation 7 since T1';

describe('the request for a member', () => {
  test.each<[string, PreferredActive, string]>([
    ['is that of its generation when the field asks', field, 'b in generation 7'],
    [
      'stays the same while the field does',
      { ...field, generation: 9, previous: { member: 'b', request: 'b in generation 7' } },
      'b in generation 7',
    ],
    [
      'is another for another member',
      { ...field, generation: 9, previous: { member: 'a', request: 'a in generation 7' } },
      'b in generation 9',
    ],
    ['is that of its time when the plugin asks', plugin, 'b at T1'],
    [
      'stays so once it was served',
      { ...plugin, previous: { member: 'b', request: 'b at T1' }, served: 'b at T1' },
      'b at T1',
    ],
    [
      'is another when the plugin asks again',
      { ...plugin, time: 'T2', previous: { member: 'b', request: 'b at T1' }, served: 'b at T1' },
      'b at T2',
    ],
    ['is a new one when the plugin had asked before the field was emptied', { ...plugin, served: 'b at T1' }, AGAIN],
    [
      'stays that one while it is in hand',
      { ...plugin, generation: 8, previous: { member: 'b', request: AGAIN }, served: 'b at T1' },
      AGAIN,
    ],
    [
      'and once it was served',
      { ...plugin, generation: 8, previous: { member: 'b', request: AGAIN }, served: AGAIN },
      AGAIN,
    ],
    [
      'until the plugin asks again',
      { ...plugin, time: 'T2', previous: { member: 'b', request: AGAIN }, served: AGAIN },
      'b at T2',
    ],
  ])('%s', (_, preferred, name) => {
    expect(requestName(preferred)).toBe(name);
  });
});
