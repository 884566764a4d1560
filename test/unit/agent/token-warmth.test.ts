import { describe, expect, test } from '@jest/globals';
import { TokenWarmth } from '../../../src/agent/token-warmth.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';

/** The API server's side: when it would have refused the token of a pod that was deleted at that moment. */
async function forgottenShare(active: boolean, renewEvery: number): Promise<{ share: number; reads: number }> {
  const clock = new VirtualClock();
  let believedUntil = Number.NEGATIVE_INFINITY;
  let reads = 0;
  const call = (): void => {
    // The check ends some milliseconds after the call was sent, and the ten seconds begin then.
    if (clock.now() >= believedUntil) believedUntil = clock.now() + 10_006;
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
  for (let at = 0; at < 600_000; at += 2) {
    if (at % renewEvery === 0) call();
    await clock.advance(2);
    if (clock.now() >= believedUntil) forgotten += 2;
  }
  warmth.end();
  expect(clock.pendingTimers).toBe(0);
  return { share: forgotten / 600_000, reads };
}

describe.each([3_010, 5_002])('an agent that renews every %i ms', (renewEvery) => {
  test('has a token that is unknown for a good part of the time, by its renewals alone', async () => {
    expect((await forgottenShare(false, renewEvery)).share).toBeGreaterThan(0.1);
  });

  test('has one that is known nearly always while it is active, for one read in ten seconds', async () => {
    const { share, reads } = await forgottenShare(true, renewEvery);
    expect(share).toBeLessThan(0.01);
    expect(reads).toBeLessThanOrEqual(60);
  });

  test('makes no call for it as a standby', async () => {
    expect((await forgottenShare(false, renewEvery)).reads).toBe(0);
  });
});
