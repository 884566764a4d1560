import type { Milliseconds } from '../kube/clock.ts';

/**
 * A daemon that runs is `starting` until its first healthy answer and `serving` from then on: one that loads for minutes
 * is not hung, one that has served and falls silent is.
 */
export type Health =
  | { readonly phase: 'starting'; readonly since: Milliseconds }
  | { readonly phase: 'serving'; readonly since: Milliseconds; readonly failures: number }
  | { readonly phase: 'failed'; readonly reason: 'StartTimeout' | 'DaemonUnresponsive' };

export interface HealthLimits {
  readonly startTimeout: Milliseconds;
  /** How many checks in a row a serving daemon may fail to pass before it counts as hung. */
  readonly failureThreshold: number;
}

export const started = (now: Milliseconds): Health => ({ phase: 'starting', since: now });

/** Takes in the outcome of one check. A verdict of `failed` is final for this process of the daemon. */
export function checked(health: Health, healthy: boolean, limits: HealthLimits, now: Milliseconds): Health {
  switch (health.phase) {
    case 'failed':
      return health;
    case 'starting':
      if (healthy) return { phase: 'serving', since: now, failures: 0 };
      return now - health.since >= limits.startTimeout ? { phase: 'failed', reason: 'StartTimeout' } : health;
    case 'serving': {
      if (healthy) return health.failures === 0 ? health : { ...health, failures: 0 };
      const failures = health.failures + 1;
      return failures >= limits.failureThreshold
        ? { phase: 'failed', reason: 'DaemonUnresponsive' }
        : { ...health, failures };
    }
  }
}
