import { expect, test } from '@jest/globals';
import { ANSWER_LIMIT, decide, type Decision, type Situation, type Tenure } from '../../../src/agent/decision.ts';
import type { DaemonView, GuardView } from '../../../src/agent/guard/daemon-view.ts';

const NOW = 100_000;
const guard: GuardView = {
  kind: 'present',
  id: 'g',
  preflight: 'passed',
  preflightText: '',
  since: 0,
  terminating: false,
};
const absent: GuardView = { kind: 'absent' };

const active: Tenure = { kind: 'active', claim: 'c', term: 3, until: NOW + 5_000 };
const none: Tenure = { kind: 'none' };
const lapsed: Tenure = { kind: 'lapsed', claim: 'c' };

const noDaemon: DaemonView = { kind: 'none', death: undefined };
const running: DaemonView = { kind: 'running', startedBy: 1, claim: 'c', deadline: NOW + 5_000 };
const behind: DaemonView = { ...running, deadline: NOW + 2_000 };
const otherClaim: DaemonView = { ...running, claim: 'before' };
const starting = (since: number): DaemonView => ({
  kind: 'starting',
  sequence: 1,
  claim: 'c',
  deadline: NOW + 5_000,
  since,
});
const stopping = (since: number): DaemonView => ({
  kind: 'stopping',
  sequence: 2,
  deadline: NOW + 5_000,
  startAnswered: true,
  since,
});

interface Case {
  tenure: Tenure;
  daemon: DaemonView;
  guard?: GuardView;
  terminating?: boolean;
  startedUnder?: string;
  unhealthy?: boolean;
  expected: Partial<Decision>;
}

test.each<[string, Case]>([
  [
    'a holder without a daemon starts one',
    { tenure: active, daemon: noDaemon, expected: { order: 'start', release: false } },
  ],
  [
    'a holder waits for the pre-flight of a guard that is new',
    {
      tenure: active,
      daemon: noDaemon,
      guard: { ...guard, preflight: 'pending', since: NOW - 1_000 },
      expected: { order: undefined, renew: true, release: false },
    },
  ],
  [
    'a holder waits no longer than half a minute for it',
    {
      tenure: active,
      daemon: noDaemon,
      guard: { ...guard, preflight: 'pending', since: NOW - 30_000 },
      expected: { order: 'start' },
    },
  ],
  [
    'a holder whose daemon has died gives the Lease back',
    { tenure: active, daemon: noDaemon, startedUnder: 'c', expected: { order: undefined, release: true } },
  ],
  [
    'a holder without a guard gives the Lease back',
    { tenure: active, daemon: noDaemon, guard: absent, expected: { order: undefined, release: true } },
  ],
  [
    'a holder whose guard is told to end gives the Lease back',
    {
      tenure: active,
      daemon: noDaemon,
      guard: { ...guard, terminating: true },
      expected: { order: undefined, release: true },
    },
  ],
  [
    'a holder that is told to end starts nothing',
    { tenure: active, daemon: noDaemon, terminating: true, expected: { order: undefined, release: true } },
  ],
  [
    'a renewal is passed on',
    { tenure: active, daemon: behind, startedUnder: 'c', expected: { order: 'extend', renew: true, release: false } },
  ],
  [
    'a renewal that was passed on is not passed on again',
    { tenure: active, daemon: running, startedUnder: 'c', expected: { order: undefined, renew: true } },
  ],
  [
    'a new claim is passed on to the daemon that runs',
    { tenure: active, daemon: otherClaim, startedUnder: 'before', expected: { order: 'extend' } },
  ],
  [
    'an unhealthy daemon is stopped before anything is released',
    { tenure: active, daemon: running, unhealthy: true, expected: { order: 'stop', release: false } },
  ],
  [
    'a holder that is told to end stops its daemon first',
    { tenure: active, daemon: running, terminating: true, expected: { order: 'stop', release: false } },
  ],
  [
    'a holder waits for the proof',
    {
      tenure: active,
      daemon: stopping(NOW - 100),
      startedUnder: 'c',
      expected: { order: undefined, renew: true, release: false },
    },
  ],
  [
    'a guard that does not answer a stop lets the Lease run out',
    { tenure: active, daemon: stopping(NOW - ANSWER_LIMIT), expected: { renew: false, release: false } },
  ],
  [
    'a guard that does not answer a start lets the Lease run out',
    {
      tenure: active,
      daemon: starting(NOW - ANSWER_LIMIT),
      expected: { order: undefined, renew: false, release: false },
    },
  ],
  ['who holds nothing stops what runs', { tenure: none, daemon: running, expected: { order: 'stop' } }],
  [
    'who holds nothing stops what may be about to run',
    { tenure: none, daemon: starting(NOW), expected: { order: 'stop' } },
  ],
  [
    'who holds nothing and runs nothing does nothing',
    { tenure: none, daemon: noDaemon, expected: { order: undefined, release: false } },
  ],
  [
    'past its deadline a holder stops what runs',
    { tenure: lapsed, daemon: running, expected: { order: 'stop', release: false } },
  ],
  [
    'past its deadline a holder starts nothing, and gives the Lease back',
    { tenure: lapsed, daemon: noDaemon, expected: { order: undefined, release: true } },
  ],
  [
    'while a release is under way nothing runs',
    { tenure: { kind: 'releasing' }, daemon: running, expected: { order: 'stop' } },
  ],
  [
    'a daemon found running is asked about first',
    { tenure: none, daemon: { kind: 'unknown' }, expected: { order: 'ask', release: false } },
  ],
  [
    'a daemon found running is left alone until the Lease was read',
    { tenure: { kind: 'unread' }, daemon: running, expected: { order: undefined } },
  ],
  [
    'a daemon whose claim is being taken up is left alone',
    { tenure: { kind: 'adopting', claim: 'c' }, daemon: running, expected: { order: undefined } },
  ],
  [
    'but not past its guard’s deadline',
    { tenure: { kind: 'adopting', claim: 'c' }, daemon: { ...running, deadline: NOW }, expected: { order: 'stop' } },
  ],
  [
    'nor when it runs under another claim',
    { tenure: { kind: 'adopting', claim: 'x' }, daemon: running, expected: { order: 'stop' } },
  ],
])('%s', (_what, { tenure, daemon, guard: seen = guard, terminating = false, startedUnder, unhealthy, expected }) => {
  const situation: Situation = {
    tenure,
    guardState: { guard: seen, daemon },
    health: unhealthy ? { phase: 'failed', reason: 'DaemonUnresponsive' } : { phase: 'serving', since: 0, failures: 0 },
    terminating,
    startedUnder,
  };
  expect(decide(situation, NOW)).toMatchObject(expected);
});

test('nothing is ever released while a daemon may live', () => {
  const daemons: DaemonView[] = [
    { kind: 'unknown' },
    running,
    behind,
    otherClaim,
    starting(0),
    starting(NOW),
    stopping(0),
    stopping(NOW),
  ];
  const tenures: Tenure[] = [
    active,
    none,
    lapsed,
    { kind: 'releasing' },
    { kind: 'unread' },
    { kind: 'adopting', claim: 'c' },
  ];
  const releases = daemons.flatMap((daemon) =>
    tenures.flatMap((tenure) =>
      [true, false].map((terminating) => {
        const guardState = { guard, daemon };
        return decide({ tenure, guardState, health: undefined, terminating, startedUnder: 'c' }, NOW).release;
      }),
    ),
  );
  expect(releases).toHaveLength(96);
  expect(releases).not.toContain(true);
});
