import type { Clock, Milliseconds, Timer } from '../kube/clock.ts';

/** How long an API server believes a token that it has checked, without checking again (measured; client-go has no say). */
const BELIEVED_FOR: Milliseconds = 10_000;

/**
 * So much later the API server has surely forgotten it, by its own clock. A call that comes within the margin, as every
 * second renewal does when the retry period is 5 s, may still be believed: it does not count as a check.
 */
const MARGIN: Milliseconds = 50;

/** Timers may fire a little early. */
const TIMER_TOLERANCE: Milliseconds = 5;

/**
 * Keeps the agent's token known to the API server while its pod is active. A pod that is force-deleted is gone from the
 * API at once, and its token with it, while its daemon is still to be stopped and the Lease to be given back. That can
 * succeed only with a token which the API server has checked lately: so one that is forgotten is presented again at once,
 * not at the next renewal. It costs one read in ten seconds and turns a take-over by expiry into one by release.
 */
export class TokenWarmth {
  private readonly clock: Clock;
  private readonly needed: () => boolean;
  private readonly present: () => void;
  private checkedAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | undefined;

  /**
   * @param needed whether this pod is active
   * @param present makes a call with the token, and bounds it
   */
  constructor(clock: Clock, needed: () => boolean, present: () => void) {
    this.clock = clock;
    this.needed = needed;
    this.present = present;
  }

  /** To be told of every call that presents the token. The first one after the API server has surely forgotten it is checked. */
  called(): void {
    const now = this.clock.now();
    if (now < this.checkedAt + BELIEVED_FOR + MARGIN) return;
    this.checkedAt = now;
    this.timer?.cancel();
    this.timer = this.clock.setTimer(BELIEVED_FOR + MARGIN + TIMER_TOLERANCE, () => {
      if (this.needed()) this.present();
    });
  }

  end(): void {
    this.timer?.cancel();
  }
}
