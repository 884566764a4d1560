import { describe, expect, test } from '@jest/globals';
import type { Component } from '../../../src/api/names.ts';
import { decideUpdates, unfinishedComponents, waitsFor } from '../../../src/controllers/updates.ts';
import type { MemberState, TemplateState, Tenancy, Turn } from '../../../src/controllers/updates.ts';

const old: MemberState = {
  live: 'old',
  wanted: 'new',
  settled: true,
  failing: false,
  placed: true,
  unschedulable: false,
};
const oldUnready: MemberState = { ...old, settled: false };
const oldFailing: MemberState = { ...oldUnready, failing: true };
const servesFailing: MemberState = { ...old, failing: true };
const oldPending: MemberState = { ...oldUnready, placed: false, unschedulable: true };
const absent: MemberState = { ...oldUnready, live: undefined, placed: false };
const fresh: MemberState = { ...old, live: 'new' };
const rolling: MemberState = { ...fresh, settled: false };
const pending: MemberState = { ...rolling, placed: false, unschedulable: true };

const nobody: Tenancy = { holder: undefined, serves: false };
const a: Tenancy = { holder: 'a', serves: true };
const b: Tenancy = { holder: 'b', serves: true };
const aStarts: Tenancy = { holder: 'a', serves: false };

type Case = [string, MemberState, MemberState, Tenancy, `${Turn} ${Turn}`];

describe('a pair of StatefulSets', () => {
  test.each<Case>([
    ['is made at once when neither exists', absent, absent, nobody, 'apply apply'],
    ['has a lost one made again at once', fresh, absent, a, 'apply apply'],
    ['has a lost one made again, with the new template, before the active gets it', old, absent, a, 'hold apply'],
    ['gets a changed template at the standby first', old, old, a, 'hold apply'],
    ['gets it at the standby first, whichever that is', old, old, b, 'apply hold'],
    ['keeps the active as it was while the standby restarts', old, rolling, a, 'hold apply'],
    ['gets it at the active when the standby is ready on it', old, fresh, a, 'apply apply'],
    ['does not wait for a standby that is not ready to give it a changed template', old, oldUnready, a, 'hold apply'],
    ['keeps an active that is lost during a failed update as it was', oldUnready, rolling, nobody, 'hold apply'],
    ['keeps it so while it comes back', oldUnready, rolling, aStarts, 'hold apply'],
    ['keeps a standby as it was that took over during an update of the other', rolling, old, b, 'apply hold'],
    ['gets it at one of two that do not serve', oldUnready, oldUnready, nobody, 'hold apply'],
    ['gets it at who does not hold the Lease', oldUnready, oldUnready, { holder: 'b', serves: false }, 'apply hold'],
    ['gets it at who has a node, when only one has', oldUnready, oldPending, nobody, 'apply hold'],
    ['gets it at the one that has none once the other is ready on it', fresh, oldPending, a, 'apply apply'],
    ['gets it at once at a member that cannot run as it is', oldFailing, rolling, nobody, 'apply apply'],
    ['gets it at both of which neither can run as it is', oldFailing, oldFailing, nobody, 'apply apply'],
    [
      'gets it at the standby first when the active serves though its pre-flight failed',
      servesFailing,
      old,
      a,
      'hold apply',
    ],
    ['gets it at the standby first when the pre-flights of both failed', servesFailing, oldFailing, a, 'hold apply'],
    ['may be applied at any time when nothing of the template changes', fresh, rolling, a, 'apply apply'],
  ])('%s', (_, first, second, tenancy, turns) => {
    const decided = decideUpdates({ a: first, b: second }, tenancy);
    expect(`${decided.a} ${decided.b}`).toBe(turns);
  });

  test('never has both members changed in the same pass, unless neither can run', () => {
    for (const first of [old, oldUnready, oldPending]) {
      for (const second of [old, oldUnready, oldPending]) {
        for (const tenancy of [a, b, aStarts, nobody]) {
          const turns = decideUpdates({ a: first, b: second }, tenancy);
          expect([turns.a, turns.b].filter((turn) => turn === 'apply')).toHaveLength(1);
        }
      }
    }
  });
});

describe('the order of components', () => {
  const all = (change: Partial<Record<Component, TemplateState[]>> = {}): ReadonlySet<Component> =>
    unfinishedComponents({
      statestore: [fresh, fresh],
      catalog: [fresh, fresh],
      executor: [fresh],
      coordinator: [fresh],
      ...change,
    });

  test.each<[Component, Component | undefined, string, ReadonlySet<Component>]>([
    ['statestore', undefined, 'everything is to change', all({ statestore: [old, old], executor: [old] })],
    ['catalog', 'statestore', 'the statestore is to change', all({ statestore: [old, old] })],
    ['catalog', 'statestore', 'one of the statestores is not ready', all({ statestore: [fresh, rolling] })],
    ['executor', 'catalog', 'the catalog is being updated', all({ catalog: [old, fresh] })],
    ['coordinator', 'executor', 'executors are not ready', all({ executor: [rolling] })],
    ['coordinator', 'statestore', 'more than one comes before', all({ statestore: [rolling, old], executor: [old] })],
    ['executor', undefined, 'only coordinators are to change', all({ coordinator: [old] })],
    ['coordinator', undefined, 'all is done', all()],
    ['coordinator', undefined, 'a standby has no node to run on', all({ catalog: [fresh, pending] })],
    ['coordinator', 'catalog', 'one without a node has not got its template', all({ catalog: [fresh, oldPending] })],
    ['catalog', 'statestore', 'a StatefulSet is missing', all({ statestore: [fresh, absent] })],
  ])('has the %s wait for the %s when %s', (component, earlier, _, unfinished) => {
    expect(waitsFor(component, unfinished)).toBe(earlier);
  });
});
