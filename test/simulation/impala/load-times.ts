import type { PairComponent } from '../../../src/api/names.ts';

/** From exec to the first healthy answer, in milliseconds: on one node alone, and on one that is busy. */
export const LOAD_TIMES: Record<PairComponent, { readonly least: number; readonly most: number }> = {
  statestore: { least: 30, most: 300 },
  catalog: { least: 2_200, most: 6_000 },
};
