import type { Clock, Milliseconds } from '../clock.ts';

/** A wait for a moment that can be ended early. A wake-up that comes while nobody waits ends the next wait at once. */
export class Wakeup {
  private pending = false;
  private end: (() => void) | undefined;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  wake(): void {
    this.pending = true;
    this.end?.();
  }

  /** @param until on the clock; infinity waits for a wake-up or the signal alone */
  async wait(until: Milliseconds, signal: AbortSignal): Promise<void> {
    if (!this.pending && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const delay = until - this.clock.now();
        const timer = Number.isFinite(delay) ? this.clock.setTimer(Math.max(0, delay), resolve) : undefined;
        this.end = () => {
          timer?.cancel();
          resolve();
        };
        signal.addEventListener('abort', this.end);
      });
      if (this.end) signal.removeEventListener('abort', this.end);
      this.end = undefined;
    }
    this.pending = false;
  }
}
