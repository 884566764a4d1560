import { openSync, readSync } from 'node:fs';
import { systemClock, type Clock, type Milliseconds } from '../kube/clock.ts';

/**
 * The clock that agent and guard share: /proc/uptime, which is the same in all containers of a node, advances while the
 * process is stopped, and cannot be set. It comes in steps of 10 ms, always the earlier one, so a deadline counted from a
 * reading is never too late.
 */
export function bootClock(path = '/proc/uptime'): Clock {
  const descriptor = openSync(path, 'r');
  const buffer = Buffer.alloc(64);
  const now = (): Milliseconds => {
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    return Math.round(Number.parseFloat(buffer.toString('latin1', 0, length)) * 1000);
  };
  return { ...systemClock, now };
}
