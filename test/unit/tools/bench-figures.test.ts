import { describe, expect, test } from '@jest/globals';
import { shortcomings } from '../../../tools/bench-figures.ts';
import type { BenchFigures } from '../../../tools/bench-figures.ts';

const good: BenchFigures = {
  clusters: 200,
  available: 200,
  seconds: 60,
  mebibytes: 512,
  idleReads: 0,
  idleWrites: 0,
};

describe('the figures of many clusters', () => {
  test('are as they should be up to their bounds', () => expect(shortcomings(good)).toEqual([]));

  test('are not judged by what nobody tells', () =>
    expect(shortcomings({ ...good, mebibytes: undefined })).toEqual([]));

  test.each<[Partial<BenchFigures>, RegExp]>([
    [{ available: 199 }, /199 of 200 clusters/],
    [{ seconds: 60.1 }, /60\.1 s, more than 60/],
    [{ mebibytes: 513 }, /513 MiB, more than 512/],
    [{ idleReads: 1 }, /read 1 times/],
    [{ idleWrites: 2 }, /wrote 2 times/],
  ])('%o are not', (change, message) => {
    const problems = shortcomings({ ...good, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
  });
});
