/**
 * The small worlds that are searched: two members (and a replacement where a pod is deleted by force), one Lease, one
 * slice. Each names its budget of faults. Without being counted as one, calls take any time, and an agent looks up at any
 * time or not at all: a pause or an outage of any length. `noAnswer` is a write whose outcome its agent never learns and
 * that may land at any later time; `refused` a call that fails and has not taken place.
 */
import { FAULTS, type WorldOptions } from './world.ts';

export interface Searched {
  readonly world: WorldOptions;
  /** How many states `npm test` looks at, at most. */
  readonly states: number;
  /** Whether that is all there are. */
  readonly exhausted: boolean;
}

const searched = (world: WorldOptions, states: number, exhausted = false): Searched => ({ world, states, exhausted });

const always = Number.POSITIVE_INFINITY;
const everyFault = Object.fromEntries(FAULTS.map((fault) => [fault, 1]));

/** A pair that lives on promises: a lease of 4, a renew deadline of 3, an outage of 6 ticks at most. */
const outage: Pick<WorldOptions, 'durations' | 'maxOutage' | 'signIns'> = {
  durations: { a: [4, 3], b: [4, 3] },
  maxOutage: [6, 6, 6],
  signIns: true,
};

/** Small enough to be exhausted: whoever asks or writes is answered at once. */
const prompt: typeof outage & Pick<WorldOptions, 'promptAnswers' | 'promptRounds'> = {
  durations: { a: [3, 2], b: [3, 2] },
  maxOutage: [4, 4, 4],
  signIns: true,
  promptAnswers: true,
  promptRounds: true,
};

export const worlds: readonly Searched[] = [
  searched({ name: 'outages of any length', faults: { refused: always } }, 200_000, true),
  searched({ name: 'a daemon that crashes', faults: { crash: 1 } }, 200_000, true),
  searched({ name: 'a write that is not answered and may land late', faults: { noAnswer: 1 } }, 400_000, true),
  searched({ name: 'a clock that loses ticks again and again', faults: { lag: always } }, 50_000),
  searched({ name: 'an agent that restarts and has forgotten everything', faults: { agentRestart: 1 } }, 400_000, true),
  searched({ name: 'members configured otherwise', faults: {}, durations: { a: [5, 4], b: [3, 2] } }, 200_000, true),
  searched({ name: 'a pair that is new', faults: {}, begins: 'fresh' }, 400_000, true),
  searched({ name: 'a pod that is drained', faults: { drain: 1 } }, 200_000, true),
  searched(
    {
      name: 'FIFOs, with a start unanswered, and guards and agents that restart',
      faults: { guardRestart: 1, agentRestart: 1 },
      fifos: 'both',
      begins: 'ordered',
      watch: 'now',
    },
    20_000,
  ),
  searched(
    { name: 'FIFOs, and daemons that crash and hang', faults: { crash: 1, hang: 1, drain: 1 }, fifos: 'both' },
    20_000,
  ),
  searched({ name: 'a Lease edited by hand', faults: { edit: 1, refused: 1 }, watch: 'now' }, 20_000),
  searched({ name: 'a Lease deleted and remade', faults: { delete: 1, agentRestart: 1 }, slice: true }, 20_000),
  searched({ name: 'a pod deleted by force that runs on', faults: { forceDelete: 1, noAnswer: 1 } }, 20_000),
  searched(
    { name: 'watches and reads that lag behind', faults: { noAnswer: 1, delete: 1 }, watch: 'late', lateReads: true },
    20_000,
  ),
  searched(
    { name: 'wall clocks that stand still', faults: { agentRestart: 1, noAnswer: 1 }, stuckWallClocks: true },
    20_000,
  ),
  searched(
    {
      name: 'an earlier copy of the Lease written back, to an agent that was stopped and whose guard remembers that claim',
      faults: { copy: 1 },
      begins: 'overtaken',
    },
    20_000,
  ),
  searched(
    {
      name: 'earlier copies of the Lease, and FIFOs',
      faults: { agentRestart: 1, copy: 1, crash: 1 },
      fifos: 'reports',
      watch: 'now',
      slice: true,
    },
    20_000,
  ),
  searched(
    {
      name: 'agents that restart again and find their daemons running',
      faults: { agentRestart: 2 },
      fifos: 'reports',
      watch: 'late',
      durations: { a: [4, 3], b: [4, 3] },
    },
    20_000,
  ),
  searched(
    { name: 'containers that are told to end', faults: { terminate: 2, drain: 1 }, fifos: 'both', watch: 'now' },
    20_000,
  ),
  searched(
    {
      name: 'members that sign in beside the election',
      faults: { guardRestart: 1, agentRestart: 1, noAnswer: 1, forceDelete: 1 },
      signIns: true,
    },
    20_000,
  ),
  searched(
    {
      name: 'everything at once',
      faults: everyFault,
      fifos: 'both',
      watch: 'late',
      lateReads: true,
      slice: true,
      signIns: true,
    },
    20_000,
  ),
  searched({ ...outage, name: 'promises, and an active that is cut off', faults: { ask: 2 }, cutOff: [0] }, 20_000),
  searched(
    {
      ...outage,
      name: 'promises, and a replacement that is on no roster',
      faults: { ask: 2 },
      begins: 'signed in',
      replaces: 'b',
      watch: 'now',
      cutOff: [0, 1],
    },
    20_000,
  ),
  searched(
    { ...prompt, name: 'prompt promises, and an active that is cut off', faults: { ask: 2 }, cutOff: [0] },
    200_000,
    true,
  ),
  searched(
    {
      ...prompt,
      name: 'prompt promises, and a replacement that is on no roster',
      faults: { ask: 2 },
      begins: 'signed in',
      replaces: 'b',
      cutOff: [0, 1],
    },
    200_000,
    true,
  ),
  searched(
    {
      ...outage,
      name: 'promises while the roster changes',
      faults: { ask: 2, noAnswer: 1 },
      begins: 'changing',
      replaces: 'b',
      watch: 'now',
    },
    20_000,
  ),
  searched(
    {
      ...outage,
      name: 'promises while a Lease made anew is claimed',
      faults: { ask: 2, delete: 1 },
      begins: 'reclaiming',
      replaces: 'b',
      watch: 'now',
    },
    20_000,
  ),
  searched(
    {
      ...outage,
      name: 'promises, a lost node, and holders that are said to be gone',
      faults: { ask: 1, lost: 1 },
      begins: 'signed in',
      watch: 'now',
    },
    20_000,
  ),
  searched(
    { ...outage, name: 'promises, and agents that restart', faults: { ask: 2, agentRestart: 2 }, fifos: 'reports' },
    20_000,
  ),
  searched(
    {
      ...outage,
      name: 'promises among members configured otherwise',
      faults: { ask: 3, noAnswer: 1 },
      durations: { a: [5, 4], b: [3, 2] },
      maxOutage: [7, 5, 7],
    },
    20_000,
  ),
  searched(
    { ...outage, name: 'promises, and everything at once', faults: { ...everyFault, ask: 2 }, watch: 'late' },
    20_000,
  ),
];
