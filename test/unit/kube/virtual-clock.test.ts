import { describe, expect, test } from '@jest/globals';
import { sleep } from '../../../src/kube/clock.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  test('fires timers in the order of their moments, and shows each its own moment', async () => {
    const clock = new VirtualClock(0);
    const fired: [string, number][] = [];
    clock.setTimer(20, () => fired.push(['b', clock.now()]));
    clock.setTimer(10, () => fired.push(['a', clock.now()]));
    clock.setTimer(20, () => fired.push(['c', clock.now()]));
    clock.setTimer(31, () => fired.push(['too late', clock.now()]));
    await clock.advance(30);
    expect(fired).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 20],
    ]);
    expect(clock.now()).toBe(30);
    expect(clock.pendingTimers).toBe(1);
  });

  test('runs what a timer leads to before the next timer, and timers that are set on the way', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const run = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await sleep(clock, 10);
        seen.push(clock.now());
      }
    };
    const running = run();
    await clock.advance(30);
    await running;
    expect(seen).toEqual([10, 20, 30]);
  });

  test('does not fire a timer that was cancelled', async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.setTimer(10, () => (fired = true)).cancel();
    await clock.advance(20);
    expect(fired).toBe(false);
  });

  test('moves the wall clock along, and alone when asked', async () => {
    const clock = new VirtualClock(5, new Date('2026-01-01T00:00:00Z'));
    await clock.advance(1500);
    expect(clock.date().toISOString()).toBe('2026-01-01T00:00:01.500Z');
    clock.stepWallClock(-3_600_000);
    expect(clock.date().toISOString()).toBe('2025-12-31T23:00:01.500Z');
    expect(clock.now()).toBe(1505);
  });

  test('moves on until a promise is settled, and says when it never will be', async () => {
    const clock = new VirtualClock(0);
    expect(await clock.settle(sleep(clock, 70).then(() => 'done'))).toBe('done');
    expect(clock.now()).toBe(70);
    await expect(clock.settle(new Promise(() => undefined))).rejects.toThrow('no timer is set');
    await expect(clock.settle(sleep(clock, 70), 50)).rejects.toThrow('not settled after 50 ms');
  });

  test('ends a loop without a wait instead of hanging', async () => {
    const clock = new VirtualClock(0);
    const again = (): void => void clock.setTimer(0, again);
    again();
    await expect(clock.advance(1)).rejects.toThrow('without a delay');
  });
});
