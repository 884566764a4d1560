import { describe, expect, test } from '@jest/globals';
import { overlaps, termsThatWentBack } from '../../e2e/never.ts';
import type { DaemonProcess, SliceChange } from '../../e2e/observer.ts';
import { parseStat } from '../../e2e/observer/process-sampler.ts';

const daemon = (podUid: string, started: number, lastSeen?: number): DaemonProcess => ({
  pid: started,
  daemon: 'statestored',
  podUid,
  started,
  ...(lastSeen !== undefined && { lastSeen, ended: lastSeen + 20 }),
});
const pairOf = (process: DaemonProcess): string => process.podUid.charAt(0);
const lengths = (...processes: DaemonProcess[]): number[] => overlaps(processes, pairOf).map(([, , length]) => length);

describe('two daemons overlap', () => {
  test.each([
    { when: 'both run at the end', processes: [daemon('xa', 0), daemon('xb', 100)], length: Infinity },
    {
      when: 'the old one was seen after the new one',
      processes: [daemon('xa', 0, 140), daemon('xb', 100)],
      length: 40,
    },
    { when: 'one ran within the other', processes: [daemon('xa', 0, 900), daemon('xb', 100, 300)], length: 200 },
    { when: 'both are in the same pod', processes: [daemon('xa', 0, 900), daemon('xa', 100, 300)], length: 200 },
    { when: 'both were seen in the same sample', processes: [daemon('xa', 0, 100), daemon('xb', 100)], length: 0 },
  ])('when $when', ({ processes, length }) => {
    expect(lengths(...processes)).toEqual([length]);
    expect(lengths(...processes.toReversed())).toEqual([length]);
  });
});

describe('two daemons do not overlap', () => {
  test.each([
    { when: 'the new one came after the old one had ended', processes: [daemon('xa', 0, 99), daemon('xb', 100)] },
    { when: 'they are of two pairs', processes: [daemon('xa', 0), daemon('ya', 0)] },
    { when: 'there is one', processes: [daemon('xa', 0)] },
  ])('when $when', ({ processes }) => {
    expect(lengths(...processes)).toEqual([]);
  });
});

describe('the term of an EndpointSlice', () => {
  const slice = (name: string, term: number | undefined, deleted = false): SliceChange => ({
    at: 1,
    name,
    addresses: [],
    term,
    deleted,
  });

  test('may grow, stay, and be absent', () => {
    expect(termsThatWentBack([slice('x', 1), slice('x', 1), slice('x', undefined), slice('x', 3)])).toEqual([]);
  });

  test('is counted for each slice by itself', () => {
    expect(termsThatWentBack([slice('x', 5), slice('y', 1)])).toEqual([]);
  });

  test('must not go back, not even when the slice was deleted in between', () => {
    const changes = [slice('x', 5), slice('x', 5, true), slice('x', 4)];
    expect(termsThatWentBack(changes)).toEqual([{ at: 1, what: 'the EndpointSlice x went back from term 5 to 4' }]);
  });
});

describe('a line of /proc/PID/stat', () => {
  const line = (command: string, state: string, threads: number): string =>
    `42 (${command}) ${state} 7 42 42 0 -1 4194560 4322 1837 21 0 5 12 1 0 20 0 ${threads} 0 135457 419921920\n`;

  test.each([
    { what: 'a process that runs', text: line('statestored', 'S', 43), alive: true },
    { what: 'a process that is stopped', text: line('statestored', 'T', 43), alive: true },
    { what: 'a zombie', text: line('statestored', 'Z', 1), alive: false },
    { what: 'a main thread that has ended while others run', text: line('statestored', 'Z', 2), alive: true },
    { what: 'a dead process', text: line('statestored', 'X', 1), alive: false },
  ])('tells $what', ({ text, alive }) => {
    expect(parseStat(text)).toEqual({ command: 'statestored', alive, parent: 7 });
  });

  test('may have a name with blanks and brackets in it', () => {
    expect(parseStat(line('a) S 1 (b', 'R', 1))).toEqual({ command: 'a) S 1 (b', alive: true, parent: 7 });
  });

  test('of a process that is gone is empty', () => {
    expect(parseStat('')).toBeUndefined();
  });
});
