/** What npm run bench measures of one operator with many ImpalaClusters. */
export interface BenchFigures {
  readonly clusters: number;
  readonly available: number;
  /** From the first apply until the last cluster was available. */
  readonly seconds: number;
  /** The most that the operator's process ever had; nothing where nobody tells. */
  readonly mebibytes: number | undefined;
  /** What the operator asked for while nothing changed, but for its own Lease. */
  readonly idleReads: number;
  readonly idleWrites: number;
}

/** With 200 clusters on 2 cores. */
export const BENCH_BOUNDS = {
  seconds: 60,
  /** The chart gives the operator 512 MiB. */
  mebibytes: 512,
  idleReads: 0,
  idleWrites: 0,
} as const;

/** @returns what is not as it should be, in a sentence each; nothing when all is */
export function shortcomings({ clusters, available, ...figures }: BenchFigures): string[] {
  const { seconds, mebibytes = 0, idleReads, idleWrites } = figures;
  return [
    available < clusters ? `${available} of ${clusters} clusters are available` : undefined,
    seconds > BENCH_BOUNDS.seconds ? `it took ${seconds.toFixed(1)} s, more than ${BENCH_BOUNDS.seconds}` : undefined,
    mebibytes > BENCH_BOUNDS.mebibytes
      ? `the operator had ${mebibytes} MiB, more than ${BENCH_BOUNDS.mebibytes}`
      : undefined,
    idleReads > BENCH_BOUNDS.idleReads ? `the operator read ${idleReads} times while nothing changed` : undefined,
    idleWrites > BENCH_BOUNDS.idleWrites ? `the operator wrote ${idleWrites} times while nothing changed` : undefined,
  ].filter((problem) => problem !== undefined);
}
