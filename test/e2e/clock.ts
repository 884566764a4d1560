/** Milliseconds on the machine's monotonic clock, which all of its processes share. */
export type Instant = number;

/** Now, comparable between the suite's processes (`performance.now()` is not: each process has its own origin). */
export const now = (): Instant => Number(process.hrtime.bigint() / 1000n) / 1000;

export const seconds = (count: number): number => count * 1000;
