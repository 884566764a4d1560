import { describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/names.ts';
import type { Component, Member } from '../../../src/api/names.ts';
import { decideRoute, decideSizes, mayEnd, startOf } from '../../../src/controllers/forms.ts';
import type { Form, Parts, Presence, Sizes } from '../../../src/controllers/forms.ts';
import { clearanceOf, LeaseClearance } from '../../../src/controllers/lease-clearance.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { claimOf, leaseOf } from './fixtures.ts';

const unmade: Presence = { replicas: undefined, gone: true };
const runs: Presence = { replicas: 1, gone: false };
const ends: Presence = { replicas: 0, gone: false };
const ended: Presence = { replicas: 0, gone: true };
/** Its pod is between two: the StatefulSet makes another. */
const restarts: Presence = { replicas: 1, gone: false };

const sets = (a: Presence, b: Presence, plain: Presence): Parts<Presence> => ({ a, b, plain });
const sizes = (a?: number, b?: number, plain?: number): Sizes => ({ a, b, plain });

describe('a pair', () => {
  interface Case {
    when: string;
    wanted: Form;
    there: Parts<Presence>;
    holder?: Member;
    clear?: boolean;
    early?: boolean;
    then: Sizes;
  }
  test.each<Case>([
    { when: 'nothing is there', wanted: 'pair', there: sets(unmade, unmade, unmade), then: sizes(1, 1, 0) },
    { when: 'it runs', wanted: 'pair', there: sets(runs, restarts, unmade), holder: 'a', then: sizes(1, 1, 0) },
    {
      when: 'the plain pod runs',
      wanted: 'pair',
      there: sets(ended, ended, runs),
      then: sizes(undefined, undefined, 0),
    },
    {
      when: 'the plain pod ends',
      wanted: 'pair',
      there: sets(ended, ended, ends),
      then: sizes(undefined, undefined, 0),
    },
    { when: 'the plain pod has gone', wanted: 'pair', there: sets(ended, ended, ended), then: sizes(1, 1, 0) },

    { when: 'nothing is there', wanted: 'plain', there: sets(unmade, unmade, unmade), then: sizes(0, 0, 1) },
    {
      when: 'the members run',
      wanted: 'plain',
      there: sets(runs, runs, unmade),
      holder: 'a',
      then: { ...sizes(), b: 0 },
    },
    {
      when: 'the other one is active',
      wanted: 'plain',
      there: sets(runs, runs, unmade),
      holder: 'b',
      then: { ...sizes(), a: 0 },
    },
    {
      when: 'the standby ends',
      wanted: 'plain',
      there: sets(runs, ends, unmade),
      holder: 'a',
      then: { ...sizes(), b: 0 },
    },
    { when: 'the standby has gone', wanted: 'plain', there: sets(runs, ended, unmade), holder: 'a', then: sizes(0, 0) },
    { when: 'both have gone', wanted: 'plain', there: sets(ended, ended, unmade), then: sizes(0, 0, 1) },
    {
      when: 'both have gone, and somebody may be left',
      wanted: 'plain',
      there: sets(ended, ended, unmade),
      clear: false,
      then: sizes(0, 0),
    },
    { when: 'it runs', wanted: 'plain', there: sets(ended, ended, runs), then: sizes(0, 0, 1) },
    {
      when: 'it runs, whatever the Lease says',
      wanted: 'plain',
      there: sets(ended, ended, restarts),
      clear: false,
      then: sizes(0, 0, 1),
    },

    {
      when: 'its clients still run',
      wanted: 'none',
      there: sets(runs, runs, unmade),
      holder: 'a',
      early: true,
      then: sizes(),
    },
    {
      when: 'its clients have ended',
      wanted: 'none',
      there: sets(runs, runs, unmade),
      holder: 'b',
      then: sizes(0, undefined, 0),
    },
    {
      when: 'the standby has ended',
      wanted: 'none',
      there: sets(ended, runs, unmade),
      holder: 'b',
      then: sizes(0, 0, 0),
    },
    { when: 'it is the plain pod that runs', wanted: 'none', there: sets(ended, ended, runs), then: sizes(0, 0, 0) },
  ])('that shall be $wanted, when $when', ({ wanted, there, holder, clear = true, early = false, then }) => {
    const decided = decideSizes({ wanted, sets: there, holder, leaseClear: clear, mayEnd: !early });
    expect(decided).toEqual(then);
  });

  test('never starts one form while anything of the other is left', () => {
    const every = [unmade, runs, ends, ended];
    const worlds = every.flatMap((a) => every.flatMap((b) => every.map((plain) => sets(a, b, plain))));
    const starts = (['pair', 'plain', 'none'] as const).flatMap((wanted) =>
      (['a', 'b', undefined] as const).flatMap((holder) =>
        worlds.flatMap((there) => {
          const decided = decideSizes({ wanted, sets: there, holder, leaseClear: true, mayEnd: true });
          const start = startOf(decided, there);
          return start === undefined ? [] : [{ wanted, start, there }];
        }),
      ),
    );
    expect(starts.length).toBeGreaterThan(50);
    for (const { wanted, start, there } of starts) {
      expect(start).toBe(wanted);
      const others = start === 'plain' ? [there.a, there.b] : [there.plain];
      expect(others.every(({ gone }) => gone)).toBe(true);
    }
  });
});

describe('a cluster that is stopped', () => {
  test.each<[Component, Component[], boolean]>([
    ['coordinator', [], true],
    ['executor', [], false],
    ['executor', ['coordinator'], true],
    ['catalog', ['executor'], false],
    ['catalog', ['coordinator', 'executor'], true],
    ['statestore', ['coordinator', 'executor'], false],
    ['statestore', ['coordinator', 'executor', 'catalog'], true],
  ])('ends its %s when %j have ended: %s', (component, ended, may) => {
    const gone = (candidate: Component): boolean => ended.includes(candidate);
    const all = {
      statestore: false,
      catalog: gone('catalog'),
      coordinator: gone('coordinator'),
      executor: gone('executor'),
    };
    expect(mayEnd(component, all)).toBe(may);
  });
});

describe('the Service of a pair', () => {
  const routing = { selects: false, sizes: sizes(1, 1, 0), plainGone: true, leftRoutes: false };
  test.each([
    ['holder', 'there are members', { ...routing, wanted: 'pair' }],
    ['holder', 'the members still end', { ...routing, wanted: 'plain', sizes: sizes(0, 0) }],
    ['plain', 'the plain pod may start', { ...routing, wanted: 'plain', sizes: sizes(0, 0, 1) }],
    [
      'plain',
      'the plain pod runs',
      { ...routing, wanted: 'plain', selects: true, sizes: sizes(0, 0, 1), plainGone: false },
    ],
    ['plain', 'the plain pod ends', { ...routing, wanted: 'pair', selects: true, sizes: sizes(), plainGone: false }],
    [
      'plain',
      "the plain pod's address is still in a slice",
      { ...routing, wanted: 'pair', selects: true, leftRoutes: true },
    ],
    ['holder', 'nothing of the plain pod is left', { ...routing, wanted: 'pair', selects: true }],
    ['plain', 'all has ended', { ...routing, wanted: 'none', selects: true, sizes: sizes(0, 0, 0) }],
    ['holder', 'all members have ended', { ...routing, wanted: 'none', sizes: sizes(0, 0, 0) }],
  ] as const)('leads to the %s when %s', (route, _, state) => {
    expect(decideRoute(state)).toBe(route);
  });
});

describe('a Lease whose pods have gone', () => {
  const claim = claimOf('a');
  test.each([
    ['clear', 'there is none', undefined],
    ['clear', 'its holder has released it', leaseOf('', 5, { [annotations.released]: '5' })],
    ['clear', 'nobody ever held it', leaseOf('', 0, { [annotations.released]: '0' })],
    ['clear', 'its holder is known to be dead', leaseOf(claim, 5, { [annotations.gone]: JSON.stringify({ claim }) })],
    ['clear', 'it is closed', leaseOf('', 5, { [annotations.closed]: '5' })],
    ['doubtful', 'it was closed in an earlier term', leaseOf('', 5, { [annotations.closed]: '4' })],
    ['doubtful', 'somebody has claimed it since it was closed', leaseOf(claim, 5, { [annotations.closed]: '5' })],
    ['doubtful', 'it has a holder', leaseOf(claim, 5)],
    ['doubtful', 'another claim is known to be dead', leaseOf(claim, 5, { [annotations.gone]: '{"claim":"x/y/z"}' })],
    ['doubtful', 'the note of a death cannot be read', leaseOf(claim, 5, { [annotations.gone]: 'x' })],
    ['doubtful', 'it is empty without a release', leaseOf('', 5, { [annotations.released]: '4' })],
  ])('is %s when %s', (kind, _, lease) => {
    expect(clearanceOf(lease, lease?.spec?.leaseTransitions, 900).kind).toBe(kind);
  });

  test.each(['released', 'closed'] as const)('is doubtful when it is %s in a term that was overtaken', (note) => {
    const copy = leaseOf('', 3, { [annotations[note]]: '3' });
    expect(clearanceOf(copy, 4, 900).kind).toBe('doubtful');
    expect(clearanceOf(copy, 3, 900).kind).toBe('clear');
  });

  test('is doubtful when it is missing and there were terms', () => {
    expect(clearanceOf(undefined, 5, 900).kind).toBe('doubtful');
  });

  test('is waited out for as long as its holder may live on promises, from its last change on', async () => {
    const clock = new VirtualClock();
    const clearance = new LeaseClearance(clock);
    const lease = leaseOf(claim, 5, { [annotations.maxOutageSeconds]: '1000' });
    const whole = clearance.remaining('k', lease, 5, 60);
    expect(whole).toBeGreaterThanOrEqual(1_000_000);
    await clock.advance(400_000);
    expect(clearance.remaining('k', lease, 5, 60)).toBe(whole - 400_000);
    const renewed = { ...lease, spec: { ...lease.spec, renewTime: '2026-01-01T00:00:09.000000Z' } };
    expect(clearance.remaining('k', renewed, 5, 60)).toBe(whole);
    await clock.advance(whole);
    expect(clearance.remaining('k', renewed, 5, 60)).toBe(0);
  });
});
