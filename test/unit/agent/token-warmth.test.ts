import { expect, test } from '@jest/globals';
import { TokenWarmth } from '../../../src/agent/token-warmth.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';

/** The API server's side: when it would have refused the token of a pod that was deleted at that moment. */
async function forgottenShare(active: boolean): Promise<{ share: number; reads: number }> {
  const clock = new VirtualClock();
  let believedUntil = Number.NEGATIVE_INFINITY;
  let reads = 0;
  const call = (): void => {
    if (clock.now() >= believedUntil) believedUntil = clock.now() + 10_000;
    warmth.called();
  };
  const warmth: TokenWarmth = new TokenWarmth(
    clock,
    () => active,
    () => {
      reads += 1;
      call();
    },
  );
  let forgotten = 0;
  for (let at = 0; at < 600_000; at += 10) {
    if (at % 3_010 === 0) call();
    await clock.advance(10);
    if (clock.now() >= believedUntil) forgotten += 10;
  }
  warmth.end();
  expect(clock.pendingTimers).toBe(0);
  return { share: forgotten / 600_000, reads };
}

test('renewals alone leave the token unknown for a good part of the time', async () => {
  expect((await forgottenShare(false)).share).toBeGreaterThan(0.1);
});

test('an active’s token is known nearly always, for one read in ten seconds', async () => {
  const { share, reads } = await forgottenShare(true);
  expect(share).toBeLessThan(0.01);
  expect(reads).toBeLessThanOrEqual(60);
});

test('a standby makes no call for it', async () => {
  expect((await forgottenShare(false)).reads).toBe(0);
});
