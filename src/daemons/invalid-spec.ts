import type { Component } from '../api/names.ts';

/** Something in a spec that no daemon can be started with. The API server refuses most of it before. */
export interface InvalidSpec {
  /** The path of the field, as in spec.catalog.flags. */
  readonly field: string;
  /** Names the field and what is wrong with it, and says what to write. */
  readonly message: string;
  readonly component?: Component;
}
