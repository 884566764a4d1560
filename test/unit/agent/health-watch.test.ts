import { expect, test } from '@jest/globals';
import { HealthWatch } from '../../../src/agent/health-watch.ts';
import { sleep } from '../../../src/kube/clock.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';

const limits = { startTimeoutSeconds: 60, failureThreshold: 3, healthPeriodSeconds: 1 };

/** A daemon whose checks can be made to hang until their timeout of one second. */
function watchOf(clock: VirtualClock) {
  const daemon = { frozen: false, checks: 0 };
  const check = async (): Promise<boolean> => {
    daemon.checks += 1;
    if (daemon.frozen) await sleep(clock, 1_000);
    return !daemon.frozen;
  };
  const phases: (string | undefined)[] = [];
  const watch: HealthWatch = new HealthWatch(check, clock, limits, () => phases.push(watch.current?.phase));
  return { daemon, watch, phases };
}

test('a daemon that freezes is found out within threshold + 1 periods, though every check takes its whole timeout', async () => {
  const clock = new VirtualClock();
  const { daemon, watch, phases } = watchOf(clock);
  watch.begin(1);
  await clock.advance(5_001);
  expect(phases).toEqual(['serving']);
  daemon.frozen = true;
  await clock.advance(2_999);
  expect(phases).toEqual(['serving']);
  await clock.advance(1_001);
  expect(phases).toEqual(['serving', 'failed']);
  expect(clock.pendingTimers).toBeLessThanOrEqual(1);
});

test('a daemon that serves is asked once a period, and not at all once it has ended', async () => {
  const clock = new VirtualClock();
  const { daemon, watch } = watchOf(clock);
  watch.begin(1);
  await clock.advance(1_000);
  const before = daemon.checks;
  await clock.advance(10_000);
  expect(daemon.checks - before).toBe(10);
  watch.end();
  await clock.advance(10_000);
  expect(daemon.checks - before).toBe(10);
  expect(clock.pendingTimers).toBe(0);
});
