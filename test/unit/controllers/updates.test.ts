import { describe, expect, test } from '@jest/globals';
import type { Member } from '../../../src/api/names.ts';
import { decideUpdates } from '../../../src/controllers/updates.ts';
import type { MemberState, Turn } from '../../../src/controllers/updates.ts';

const absent: MemberState = { live: undefined, wanted: 'new', settled: false };
const old: MemberState = { live: 'old', wanted: 'new', settled: true };
const oldUnready: MemberState = { live: 'old', wanted: 'new', settled: false };
const fresh: MemberState = { live: 'new', wanted: 'new', settled: true };
const rolling: MemberState = { live: 'new', wanted: 'new', settled: false };

type Case = [string, MemberState, MemberState, Member | undefined, `${Turn} ${Turn}`];

describe('a pair of StatefulSets', () => {
  test.each<Case>([
    ['is made at once when neither exists', absent, absent, undefined, 'apply apply'],
    ['has a lost one made again at once', fresh, absent, 'a', 'apply apply'],
    ['has a lost one made again, with the new template, before the active gets it', old, absent, 'a', 'hold apply'],
    ['gets a changed template at the standby first', old, old, 'a', 'hold apply'],
    ['gets it at the standby first, whichever that is', old, old, 'b', 'apply hold'],
    ['keeps the active as it was while the standby restarts', old, rolling, 'a', 'hold apply'],
    ['keeps the active as it was when the standby never becomes ready', old, rolling, 'a', 'hold apply'],
    ['gets it at the active when the standby is ready on it', old, fresh, 'a', 'apply apply'],
    ['does not wait for a standby that is not ready to give it a changed template', old, oldUnready, 'a', 'hold apply'],
    ['gets it at both at once when none serves', old, old, undefined, 'apply apply'],
    [
      'gets it at both at once when none serves and one has a failed update',
      oldUnready,
      rolling,
      undefined,
      'apply apply',
    ],
    ['may be applied at any time when nothing of the template changes', fresh, rolling, 'a', 'apply apply'],
  ])('%s', (_, a, b, serving, turns) => {
    const decided = decideUpdates({ a, b }, serving);
    expect(`${decided.a} ${decided.b}`).toBe(turns);
  });

  test('never has both members of a serving pair updated in the same pass', () => {
    const states = [old, oldUnready];
    for (const a of states) {
      for (const b of states) {
        for (const serving of ['a', 'b'] as const) {
          const turns = decideUpdates({ a, b }, serving);
          expect([turns.a, turns.b].filter((turn) => turn === 'apply')).toHaveLength(1);
        }
      }
    }
  });
});
