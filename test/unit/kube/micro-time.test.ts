import { describe, expect, test } from '@jest/globals';
import { microTime, parseMicroTime } from '../../../src/kube/micro-time.ts';

describe('a MicroTime', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000000Z'],
    [1_000_001, '1970-01-01T00:00:01.000001Z'],
    [Date.parse('2026-11-22T17:00:00.123Z') * 1000 + 45, '2026-11-22T17:00:00.123045Z'],
  ])('of %d microseconds is written with six digits: %s', (microseconds, text) => {
    expect(microTime(microseconds)).toBe(text);
    expect(parseMicroTime(text)).toBe(microseconds);
  });

  test.each([
    ['2026-11-22T17:00:00Z', '2026-11-22T17:00:00.000000Z'],
    ['2026-11-22T17:00:00.5Z', '2026-11-22T17:00:00.500000Z'],
    ['2026-11-22T19:00:00.123456+02:00', '2026-11-22T17:00:00.123456Z'],
    ['2026-11-22T17:00:00.123456789Z', '2026-11-22T17:00:00.123456Z'],
  ])('is read as other writers spell it: %s', (text, same) => {
    const read = parseMicroTime(text);
    expect(read).toBeDefined();
    expect(read).toBe(parseMicroTime(same));
  });

  test.each(['', 'yesterday', '2026-11-22', '2026-13-45T99:00:00Z', '2026-11-22T17:00:00'])(
    'is not read from "%s"',
    (text) => {
      expect(parseMicroTime(text)).toBeUndefined();
    },
  );
});
