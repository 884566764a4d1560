import type { DaemonProcess, SliceChange } from './observer.ts';

/**
 * Pairs of processes of one pair that were alive at the same time, with for how long at least, in milliseconds. What
 * counts is the samples: both were found in the same one.
 * @param pairOf which pair a process belongs to
 */
export function overlaps(
  processes: readonly DaemonProcess[],
  pairOf: (process: DaemonProcess) => string,
): [DaemonProcess, DaemonProcess, number][] {
  const found: [DaemonProcess, DaemonProcess, number][] = [];
  for (const [index, one] of processes.entries()) {
    for (const other of processes.slice(index + 1)) {
      if (pairOf(one) !== pairOf(other)) continue;
      const begin = Math.max(one.started, other.started);
      const end = Math.min(one.lastSeen ?? Infinity, other.lastSeen ?? Infinity);
      if (begin <= end) found.push([one, other, end - begin]);
    }
  }
  return found;
}

/** Changes of a slice that name an older term than it named before, deleted and made anew or not. */
export function termsThatWentBack(changes: readonly SliceChange[]): { at: number; what: string }[] {
  const highest = new Map<string, number>();
  const found: { at: number; what: string }[] = [];
  for (const { at, name, term, deleted } of changes) {
    // What is deleted goes as it was.
    if (term === undefined || deleted) continue;
    const before = highest.get(name) ?? 0;
    if (term < before) found.push({ at, what: `the EndpointSlice ${name} went back from term ${before} to ${term}` });
    highest.set(name, Math.max(term, before));
  }
  return found;
}
