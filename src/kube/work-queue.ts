import { equalJitter, type Backoff } from './backoff.ts';
import { sleep, type Clock, type Milliseconds, type Timer } from './clock.ts';
import type { Random } from './random.ts';

/** client-go's per-item backoff, with jitter, and a maximum that does not add minutes to an outage of the API. */
const BACKOFF: Backoff = { initial: 5, maximum: 30_000 };
const DRAIN: Milliseconds = 10_000;

/** What a handler that succeeded wants next. */
export interface WorkResult {
  /** Handle the key again after that long, whatever happens meanwhile. */
  readonly requeueAfter?: Milliseconds;
}

/**
 * What the metrics of a queue are made of; each method stands for the metric of its name that dashboards know. They must
 * not throw.
 */
export interface WorkQueueObserver {
  /** workqueue_depth: how many keys wait. */
  depth(keys: number): void;
  /** workqueue_adds_total, by one. */
  added(): void;
  /** workqueue_queue_duration_seconds: how long a key has waited. */
  started(waitedSeconds: number): void;
  /** workqueue_work_duration_seconds: how long its handling took. */
  finished(workedSeconds: number, outcome: 'success' | 'error'): void;
  /** workqueue_retries_total, by one. */
  retried(): void;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Handles a key; its errors put the key back with a backoff.
   * @param signal aborted when the queue no longer waits for it
   */
  readonly handle: (key: string, signal: AbortSignal) => Promise<WorkResult | void>;
  /** Told of each failed handling, and with an empty key when the keys of a resync could not be had. */
  readonly onError?: (key: string, error: unknown, failures: number) => void;
  /** How many keys are handled at once; default 1. */
  readonly concurrency?: number;
  readonly backoff?: Backoff;
  readonly observer?: WorkQueueObserver;
  /** Adds all these keys every period, spread out by up to a tenth of it: a lost event then costs time, not correctness. */
  readonly resync?: { readonly period: Milliseconds; readonly keys: () => Iterable<string> };
  /** How long handlers under way may take to end after the abort; default 10 s. */
  readonly drain?: Milliseconds;
}

/**
 * Keys to handle, each at most once in the queue and never handled twice at the same time: one that is added while it is
 * handled is handled again afterwards. Keys are taken in the order in which they were added, and one that is put back
 * goes to the end; so none starves.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #clock: Clock;
  /** The keys that wait, in order, with the time they were added. */
  readonly #queue = new Map<string, Milliseconds>();
  /** The keys being handled, with the time that began. */
  readonly #active = new Map<string, Milliseconds>();
  /** The keys added while being handled, with the time of it. */
  readonly #again = new Map<string, Milliseconds>();
  readonly #delayed = new Map<string, { due: Milliseconds; timer: Timer }>();
  readonly #failures = new Map<string, number>();
  readonly #abandoned = new AbortController();
  #state: 'new' | 'running' | 'stopped' = 'new';
  #onIdle: (() => void) | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Has the key handled as soon as its turn comes. Does nothing once the queue is stopped. */
  add(key: string): void {
    if (this.#state === 'stopped' || this.#queue.has(key) || this.#again.has(key)) return;
    this.#options.observer?.added();
    (this.#active.has(key) ? this.#again : this.#queue).set(key, this.#clock.now());
    this.#work();
  }

  /** Adds the key after a delay. Of several delays for a key the one that ends first counts. */
  addAfter(key: string, delay: Milliseconds): void {
    if (this.#state === 'stopped') return;
    if (delay <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.now() + delay;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.due <= due) return;
    known?.timer.cancel();
    const timer = this.#clock.setTimer(delay, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, timer });
  }

  /** How many keys wait for their turn; those with a delay do not count yet. */
  get depth(): number {
    return this.#queue.size;
  }

  /** workqueue_unfinished_work_seconds: how long all handlers under way have taken so far, together. */
  get unfinishedWorkSeconds(): number {
    let sum = 0;
    for (const since of this.#active.values()) sum += this.#clock.now() - since;
    return sum / 1000;
  }

  /** workqueue_longest_running_processor_seconds: how long the slowest handler under way has taken so far. */
  get longestRunningSeconds(): number {
    return Math.max(0, ...[...this.#active.values()].map((since) => this.#clock.now() - since)) / 1000;
  }

  /**
   * Handles keys until aborted; then takes none any more, and waits for the handlers under way until the deadline, after
   * which their signal is aborted. What still waits is dropped: the next process begins with a list of everything.
   * @throws Error when it has been called before
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'new') throw new Error('a work queue runs only once');
    if (!signal.aborted) {
      this.#state = 'running';
      this.#work();
      await this.#untilAborted(signal);
    }
    this.#stop();
    await this.#drain();
  }

  #work(): void {
    while (this.#state === 'running' && this.#active.size < (this.#options.concurrency ?? 1)) {
      const [next] = this.#queue;
      if (next === undefined) break;
      const [key, addedAt] = next;
      this.#queue.delete(key);
      this.#active.set(key, this.#clock.now());
      this.#options.observer?.started((this.#clock.now() - addedAt) / 1000);
      void this.#handle(key);
    }
    this.#options.observer?.depth(this.#queue.size);
  }

  async #handle(key: string): Promise<void> {
    const startedAt = this.#clock.now();
    let outcome: 'success' | 'error' = 'success';
    try {
      const result = await this.#options.handle(key, this.#abandoned.signal);
      this.#failures.delete(key);
      if (result?.requeueAfter !== undefined) this.addAfter(key, result.requeueAfter);
    } catch (error) {
      outcome = 'error';
      this.#failed(key, error);
    }
    this.#active.delete(key);
    this.#options.observer?.finished((this.#clock.now() - startedAt) / 1000, outcome);
    const addedAt = this.#again.get(key);
    this.#again.delete(key);
    if (addedAt !== undefined && this.#state === 'running') this.#queue.set(key, addedAt);
    if (this.#active.size === 0) this.#onIdle?.();
    this.#work();
  }

  #failed(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#tell(key, error, failures);
    if (this.#state !== 'running') return;
    this.#options.observer?.retried();
    this.addAfter(key, equalJitter(this.#options.backoff ?? BACKOFF, failures, this.#options.random));
  }

  #tell(key: string, error: unknown, failures: number): void {
    try {
      this.#options.onError?.(key, error, failures);
    } catch {
      // Who cannot be told of errors cannot be told of this one either.
    }
  }

  async #untilAborted(signal: AbortSignal): Promise<void> {
    const { resync, random } = this.#options;
    if (resync === undefined) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return;
    }
    while (!signal.aborted) {
      await sleep(this.#clock, resync.period, signal);
      if (signal.aborted) return;
      try {
        for (const key of resync.keys()) this.addAfter(key, (random() * resync.period) / 10);
      } catch (error) {
        this.#tell('', error, 0);
      }
    }
  }

  #stop(): void {
    this.#state = 'stopped';
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#queue.clear();
    this.#again.clear();
    this.#options.observer?.depth(0);
  }

  async #drain(): Promise<void> {
    if (this.#active.size > 0) {
      const idle = new AbortController();
      this.#onIdle = () => idle.abort();
      await sleep(this.#clock, this.#options.drain ?? DRAIN, idle.signal);
    }
    this.#abandoned.abort();
  }
}
