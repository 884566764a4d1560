import type { Milliseconds } from '../../kube/clock.ts';
import { StatusError } from '../status-error.ts';
import type { ControlPlane } from './control-plane.ts';

/** From a change to what a controller makes of it. */
const DELAY: Milliseconds = 10;
const RETRY: Milliseconds = 250;

/** Keys that something has to be looked at for, each once however often it was added; held back while the API is away. */
export class ControlLoop {
  readonly #plane: ControlPlane;
  readonly #reconcile: (key: string) => void;
  readonly #keys = new Set<string>();
  #scheduled = false;

  /** @param reconcile may throw StatusError: the key is looked at again; anything else is noted, and the key dropped */
  constructor(plane: ControlPlane, reconcile: (key: string) => void) {
    this.#plane = plane;
    this.#reconcile = reconcile;
    plane.onServing(() => this.#schedule(DELAY));
  }

  add(key: string): void {
    this.#keys.add(key);
    this.#schedule(DELAY);
  }

  #schedule(delay: Milliseconds): void {
    if (this.#scheduled || this.#keys.size === 0 || !this.#plane.serving) return;
    this.#scheduled = true;
    this.#plane.clock.setTimer(delay, () => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    if (!this.#plane.serving) return;
    const keys = [...this.#keys];
    this.#keys.clear();
    const failed = keys.filter((key) => !this.#succeeds(key));
    for (const key of failed) this.#keys.add(key);
    this.#schedule(failed.length > 0 ? RETRY : DELAY);
  }

  #succeeds(key: string): boolean {
    try {
      this.#reconcile(key);
      return true;
    } catch (error) {
      if (error instanceof StatusError) return false;
      // It would fail again: the next change of the object is its next chance.
      this.#plane.defect(error);
      return true;
    }
  }
}
