import { applyCases } from './apply-cases.ts';
import type { ConformanceEnvironment } from './environment.ts';
import { garbageCases } from './garbage-cases.ts';
import { leaseCases } from './lease-cases.ts';
import { sliceCases } from './slice-cases.ts';
import { watchCases } from './watch-cases.ts';
import { writeCases } from './write-cases.ts';

/**
 * What the product relies on of an API server. Runs on the embedded one and on a real one: where they differ, the
 * embedded one is wrong.
 */
export function conformance(environment: ConformanceEnvironment): void {
  leaseCases(environment);
  writeCases(environment);
  sliceCases(environment);
  applyCases(environment);
  watchCases(environment);
  garbageCases(environment);
}
