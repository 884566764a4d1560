import { setTimeout as pause } from 'node:timers/promises';
import { now } from './clock.ts';

/** A condition that did not come true before its deadline. The message tells what was missing to the end. */
export class ConditionNotMet extends Error {
  override readonly name = 'ConditionNotMet';
}

/** What {@link until} is told of a condition that does not hold yet. */
export class Missing {
  readonly what: string;
  constructor(what: string) {
    this.what = what;
  }
}
export const missing = (what: string): Missing => new Missing(what);

/**
 * Asks again and again until the condition holds.
 * @param condition answers with its result or with what is {@link missing}; an error counts as missing, too
 * @param deadline in milliseconds from now
 * @returns the result
 * @throws ConditionNotMet with what was missing last
 */
export async function until<T>(
  what: string,
  condition: () => T | Missing | Promise<T | Missing>,
  deadline: number,
  period = 50,
): Promise<T> {
  const end = now() + deadline;
  let last = '';
  for (;;) {
    try {
      const result = await condition();
      if (!(result instanceof Missing)) return result;
      last = result.what;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (now() >= end) throw new ConditionNotMet(`${what}: not within ${Math.round(deadline) / 1000} s: ${last}`);
    await pause(period);
  }
}
