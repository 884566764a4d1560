import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ProtocolState } from './coverage.ts';
import { mutations } from './mutations.ts';
import { outageMutations, outageRedundant } from './outage-mutations.ts';
import { Searcher } from './searcher.ts';
import { Visited } from './visited.ts';
import { FAULTS, type WorldOptions } from './world.ts';
import { worlds } from './worlds.ts';

jest.setTimeout(180_000);

let searcher: Searcher;
beforeAll(() => {
  searcher = new Searcher();
});
afterAll(() => searcher.end());

const everything = Object.fromEntries(FAULTS.map((fault) => [fault, 1]));

const met = new Map<string, number>();
/** All but those that cannot be (only a daemon that runs is taken up), or that an agent leaves in the same turn. */
const states: ProtocolState[] = [
  'unread, daemon unknown',
  'unread, daemon none',
  'unread, daemon running',
  'none, daemon unknown',
  'none, daemon none',
  'none, daemon stopping',
  'adopting, daemon running',
  'active, daemon none',
  'active, daemon starting',
  'active, daemon running',
  'active, daemon stopping',
  'lapsed, daemon none',
  'lapsed, daemon starting',
  'lapsed, daemon running',
  'lapsed, daemon stopping',
  'releasing, daemon none',
];

describe('two daemons never live at once, and the slice never goes back, in a world with', () => {
  test.each(worlds)('$world.name', async ({ world, states, exhausted }) => {
    const outcome = await searcher.explore(world, states);
    expect(outcome.broken?.text).toBeUndefined();
    expect(outcome.exhausted).toBe(exhausted);
    if (!exhausted) expect(outcome.states).toBeGreaterThanOrEqual(states);
    for (const [state, times] of Object.entries(outcome.met)) met.set(state, (met.get(state) ?? 0) + times);
  });
  // A world in which nothing happens would be safe, too.
  test('every state of the protocol that can be, often', () => {
    for (const state of states) expect({ state, often: (met.get(state) ?? 0) >= 100 }).toEqual({ state, often: true });
  });
});

/** How many events a shortest trace takes: found by breadth, so these are exact. */
const shortest: Record<string, number> = {
  'the deadline is counted from the answer instead of the send': 17,
  'the Lease is released before the daemon is proven dead': 14,
  'the daemon is started again on the old deadline after a release was sent': 10,
  'an agent takes a Lease with the name of its pod for its own': 5,
  'after a lost answer the agent looks at the holder only': 13,
  'a guard obeys an order of an earlier incarnation': 11,
  'an order that extends starts a daemon that has died': 13,
  'the identity is the name of the pod': 18,
  'the identity is the name and uid of the pod, the same for each claim': 18,
  'an empty holder counts as released': 10,
  'a challenger uses its own duration instead of the one in the record': 7,
  'a restarted agent goes on without a renewal, counting from when it read the Lease': 12,
  'a restarted agent renews although the deadline of the daemon that its guard remembers has passed': 6,
  'a restarted agent renews although the deadline of the daemon that it has found running has passed': 12,
  'a write whose answer is lost is taken to have succeeded': 13,
  'a Lease made anew counts as released': 11,
  'a holder whose deadline has passed claims a Lease made anew at once': 14,
  'one promise suffices': 10,
  'while a write is unconfirmed, the promises of its roster suffice': 10,
  'while a write is unconfirmed, the promises of the roster before it suffice': 13,
  'while the claim of a Lease made anew is unconfirmed, the promises of the roster before it suffice': 13,
  'a Lease made anew has a roster of those who have signed in': 11,
  'a promise lasts as long as the one who makes it is configured': 12,
  'promises are not kept': 11,
  'a replacement claims after one lease duration': 11,
  'a replacement claims after the longest outage of its own configuration': 15,
  'a holder is said to be gone when another member is dead': 12,
  'a holder is said to be gone when its pod object has vanished': 11,
  'an outage is counted from the answer instead of the send': 14,
  'while the claim of a Lease made anew is unconfirmed, the promises of its roster suffice, and others wait for one lease': 12,
  'promises revive a holder, and one promises although its claim is under way': 12,
  'promises revive a holder, and one promises for a record that it has not seen': 8,
};

describe('the search finds what comes of it when', () => {
  test.each([...mutations, ...outageMutations])('$name', async ({ name, world }) => {
    const { broken } = await searcher.explore({ name, ...world }, 500_000, name);
    expect(broken?.broken).toBe(world.tenures ? 'two members count as active' : 'two daemons of the pair are alive');
    expect(broken?.text.split('\n')).toHaveLength((broken?.length ?? 0) + 2);
    expect(broken).toMatchObject({ length: shortest[name] });
  });
});

test.each(outageRedundant)('nothing comes of it alone when $name', async ({ name, world }) => {
  const { broken } = await searcher.explore({ name, ...world }, 20_000, name);
  expect(broken?.text).toBeUndefined();
});

describe('worlds that the normal form takes for one have the same futures', () => {
  const compared: WorldOptions[] = [
    {
      name: 'everything',
      faults: everything,
      watch: 'late',
      slice: true,
      lateReads: true,
      fifos: 'both',
      signIns: true,
    },
    { name: 'calls and clocks', faults: { noAnswer: 2, lag: 2, refused: 1 }, slice: true },
    { name: 'FIFOs', faults: { crash: 1, agentRestart: 1, guardRestart: 1 }, fifos: 'both', begins: 'ordered' },
    { name: 'edits', faults: { edit: 2, delete: 1, forceDelete: 1 }, watch: 'now' },
    { name: 'durations', faults: { noAnswer: 1, agentRestart: 1 }, durations: { a: [5, 4], b: [3, 2] } },
    { name: 'promises', faults: { ask: 2, delete: 1, noAnswer: 1 }, maxOutage: [6, 6, 4], signIns: true, watch: 'now' },
    {
      name: 'rosters',
      faults: { ask: 2, lost: 1, agentRestart: 1 },
      maxOutage: [6, 6, 6],
      signIns: true,
      begins: 'changing',
    },
    { name: 'new', faults: { delete: 1, agentRestart: 1 }, begins: 'fresh', slice: true },
    { name: 'copies', faults: { copy: 1, agentRestart: 1, terminate: 1 }, begins: 'overtaken', fifos: 'reports' },
    { name: 'sign-ins', faults: { guardRestart: 1, forceDelete: 1, agentRestart: 1 }, signIns: true },
  ];
  test.each(compared)('$name', async (world) => {
    const { difference, compared } = await searcher.compareFutures(world, 5_000, 3);
    expect(difference).toBeUndefined();
    expect(compared).toBeGreaterThan(1_000);
  });
});

test('the set of states tells hashes apart while it grows', () => {
  const visited = new Visited(4);
  const bytes = new Uint8Array(4);
  const add = (number: number): boolean => {
    new DataView(bytes.buffer).setUint32(0, number);
    return visited.add(bytes, 4);
  };
  for (let number = 0; number < 20_000; number++) if (!add(number)) throw new Error(`${number} is taken for another`);
  for (let number = 0; number < 20_000; number++) if (add(number)) throw new Error(`${number} was forgotten`);
  expect(visited.size).toBe(20_000);
});
