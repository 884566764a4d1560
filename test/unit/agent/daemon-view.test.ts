import { describe, expect, test } from '@jest/globals';
import {
  DEADLINE_MARGIN,
  initialGuardState,
  lifelineEnded,
  overdue,
  reported,
  reportsClosed,
  startOrdered,
  stopOrdered,
  type GuardState,
} from '../../../src/agent/guard/daemon-view.ts';
import type { Report } from '../../../src/agent/guard/message.ts';

const NOW = 5_000;
const ASKED = 40;
const present = reported(initialGuardState, { verb: 'hello', guard: 'g1' }, false, ASKED, NOW);
const starting = startOrdered(present, { sequence: 7, claim: 'c', deadline: 11_000 }, NOW);
const running = reported(starting, { verb: 'running', guard: 'g1', sequence: 7 }, true, ASKED, NOW);
const stopping = stopOrdered(running, 9, NOW);
const stoppingUnstarted = stopOrdered(starting, 9, NOW);

const after = (state: GuardState, report: Report, held = false): GuardState['daemon']['kind'] =>
  reported(state, report, held, ASKED, NOW).daemon.kind;
const exited = (startedBy: number): Report => ({ verb: 'exited', guard: 'g1', startedBy, code: 137 });
const stopped = (sequence: number): Report => ({ verb: 'stopped', guard: 'g1', sequence, reason: 'ordered' });

test('a first hello proves that there is no daemon, unless something holds the lifeline', () => {
  expect(present.daemon).toEqual({ kind: 'none', death: undefined });
  expect(after(initialGuardState, { verb: 'hello', guard: 'g1' }, true)).toBe('unknown');
});

describe('while a start is unanswered', () => {
  test.each<[string, () => string]>([
    ['the end of the lifeline', () => lifelineEnded(starting, NOW).daemon.kind],
    ['a closed report FIFO', () => reportsClosed(starting).daemon.kind],
    ['the end of a daemon started by an earlier order', () => after(starting, exited(6))],
    ['an answer to an earlier order', () => after(starting, stopped(6))],
    ['a report of another run of the guard', () => after(starting, { ...exited(7), guard: 'g0' })],
    ['the end of the lifeline after a stop was ordered', () => lifelineEnded(stoppingUnstarted, NOW).daemon.kind],
  ])('%s proves nothing', (_what, kind) => {
    expect(kind()).not.toBe('none');
  });

  test('its refusal, its answer, or a new guard settles it', () => {
    expect(after(starting, stopped(7))).toBe('none');
    expect(after(starting, { verb: 'running', guard: 'g1', sequence: 7 }, true)).toBe('running');
    expect(after(starting, { verb: 'running', guard: 'g1', sequence: 7 }, false)).toBe('none');
    expect(after(starting, { verb: 'hello', guard: 'g2' })).toBe('none');
    expect(after(stoppingUnstarted, stopped(9))).toBe('none');
    expect(after(stoppingUnstarted, stopped(8))).toBe('stopping');
  });

  test('it is void when its deadline is over by a margin and nobody holds the lifeline', () => {
    expect(overdue(starting, false, 11_000 + DEADLINE_MARGIN).daemon.kind).toBe('starting');
    expect(overdue(starting, true, 20_000).daemon.kind).toBe('starting');
    expect(overdue(starting, false, 11_001 + DEADLINE_MARGIN).daemon.kind).toBe('none');
  });
});

describe('a running daemon', () => {
  test('is proven dead by the lifeline or by the guard, and by nothing else', () => {
    expect(lifelineEnded(running, NOW).daemon).toEqual({ kind: 'none', death: { at: NOW, code: undefined } });
    expect(after(running, exited(7))).toBe('none');
    expect(reportsClosed(running).daemon.kind).toBe('running');
    expect(after(running, exited(6))).toBe('running');
  });

  test('that has died keeps the time of the first proof and learns its code from a later one', () => {
    const dead = lifelineEnded(running, NOW);
    const { daemon } = reported(dead, exited(7), false, ASKED, NOW + 90);
    expect(daemon).toEqual({ kind: 'none', death: { at: NOW, code: 137 } });
  });

  test('that is being stopped is dead when that is answered, or shown', () => {
    expect(after(stopping, stopped(9))).toBe('none');
    expect(after(stopping, exited(7))).toBe('none');
    expect(lifelineEnded(stopping, NOW).daemon.kind).toBe('none');
  });
});

describe('an agent that asks after a restart', () => {
  const state = (sequence: number, runs: boolean): Report => ({
    verb: 'state',
    guard: 'g1',
    sequence,
    running: runs,
    startedBy: 3,
    claim: 'c',
    deadline: 900,
    preflight: 'passed',
  });

  test('believes the answer to its own question alone', () => {
    expect(after(initialGuardState, state(ASKED - 1, false))).toBe('unknown');
    expect(after(initialGuardState, state(ASKED, false))).toBe('none');
  });

  test('takes up what runs, when the lifeline agrees', () => {
    const { daemon } = reported(initialGuardState, state(ASKED, true), true, ASKED, NOW);
    expect(daemon).toEqual({ kind: 'running', startedBy: 3, claim: 'c', deadline: 9_000 });
    expect(after(initialGuardState, state(ASKED, true), false)).toBe('none');
    expect(after(initialGuardState, state(ASKED, false), true)).toBe('unknown');
  });
});
