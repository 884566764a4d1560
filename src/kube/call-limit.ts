import type { Clock, Milliseconds, Timer } from './clock.ts';

/**
 * Ends a call at its deadline or when its caller aborts it, whichever comes first, and remembers which it was. Must be
 * disposed of, or it stays attached to the caller's signal, which may outlive thousands of calls.
 */
export class CallLimit {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#end('Aborted');
  #timer: Timer | undefined;
  #reason: 'Timeout' | 'Aborted' | undefined;

  constructor(clock: Clock, timeout: Milliseconds, caller?: AbortSignal) {
    this.#clock = clock;
    this.#caller = caller;
    if (caller?.aborted) {
      this.#end('Aborted');
      return;
    }
    caller?.addEventListener('abort', this.#onAbort);
    this.restart(timeout);
  }

  /** Aborted as soon as the call has to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the call had to end; nothing while it may go on. */
  get reason(): 'Timeout' | 'Aborted' | undefined {
    return this.#reason;
  }

  /** Puts the deadline to that long from now. */
  restart(timeout: Milliseconds): void {
    this.pause();
    if (this.#reason === undefined) this.#timer = this.#clock.setTimer(timeout, () => this.#end('Timeout'));
  }

  /** Takes the deadline away until the next `restart`. */
  pause(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The promise's result, or an error as soon as the call has to end: for work that no signal can stop. */
  async bound<T>(work: Promise<T> | T): Promise<T> {
    let onEnd: (() => void) | undefined;
    const end = new Promise<never>((_, reject) => {
      onEnd = () => reject(new Error('the call had to end'));
      if (this.signal.aborted) onEnd();
      else this.signal.addEventListener('abort', onEnd);
    });
    try {
      return await Promise.race([work, end]);
    } finally {
      if (onEnd) this.signal.removeEventListener('abort', onEnd);
    }
  }

  dispose(): void {
    this.pause();
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  #end(reason: 'Timeout' | 'Aborted'): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.dispose();
    this.#controller.abort();
  }
}
