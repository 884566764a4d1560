import { equalJitter, type Backoff } from './backoff.ts';
import { sleep, type Clock, type Milliseconds } from './clock.ts';
import { buildEvent, eventName, eventNamespace, type EventDescription, type EventSubject } from './event.ts';
import { KubernetesApiError, type KubernetesApi } from './kubernetes-api.ts';
import { formatMicroTime } from './micro-time.ts';
import type { Random } from './random.ts';
import { events } from './resource.ts';
import { TokenBucket } from './token-bucket.ts';

/** Equal events that are no further apart are one with a series, as in client-go. */
const SERIES_GAP: Milliseconds = 6 * 60_000;
/** client-go's spam filter: that many events of an object at once, then one per period. */
const BURST = 25;
const PERIOD: Milliseconds = 5 * 60_000;
/** The objects and series remembered; of more, the oldest are forgotten. */
const MEMORY = 1_000;
const QUEUE = 200;
const SEND_TIMEOUT: Milliseconds = 5_000;
const ATTEMPTS = 5;
const BACKOFF: Backoff = { initial: 500, maximum: 10_000 };

export interface EventRecorderOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: Random;
  /** Who reports, as in `impala-operator.dev/agent`. */
  readonly controller: string;
  /** Which instance of it: the pod's name. */
  readonly instance: string;
  /** An event was given up: it could not be sent, or too many wait. */
  readonly onLost?: (event: EventDescription, why: unknown) => void;
}

/** One event of the API and what is known of it. */
interface Series {
  readonly description: EventDescription;
  name: string;
  readonly firstSeen: Date;
  lastSeen: Date;
  lastSeenAt: Milliseconds;
  count: number;
  /** The count that the API server has; 0 before the event was created. */
  sentCount: number;
}

/**
 * Reports events (events.k8s.io/v1), for people. It never throws and never keeps anybody waiting: events are queued, sent
 * one after the other, and given up when the API does not take them. It needs the rights `create` and `patch`.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  /** By what makes events equal; those seen last are at the end. */
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #queue = new Set<Series>();
  readonly #closing = new AbortController();
  #closed = false;
  #sending: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Reports an event, soon. After `close` it does nothing. */
  record(description: EventDescription): void {
    if (this.#closed) return;
    const key = JSON.stringify(Object.entries(description).sort());
    const known = this.#series.get(key);
    this.#series.delete(key);
    if (known !== undefined && this.#clock.now() - known.lastSeenAt <= SERIES_GAP) {
      known.count++;
      known.lastSeen = this.#clock.date();
      known.lastSeenAt = this.#clock.now();
      this.#remember(this.#series, key, known);
      // A count that is not sent now goes with the next one.
      if (this.#bucket(description.regarding).take()) this.#enqueue(known);
      return;
    }
    if (!this.#bucket(description.regarding).take()) {
      this.#lose(description, new Error('too many events of this object'));
      return;
    }
    const series = this.#begin(description);
    this.#remember(this.#series, key, series);
    this.#enqueue(series);
  }

  /** Sends what waits, until the deadline; what is left then is lost. No more events are taken. */
  async close(timeout: Milliseconds): Promise<void> {
    this.#closed = true;
    for (const series of this.#series.values()) {
      if (series.sentCount > 0 && series.sentCount < series.count) this.#enqueue(series);
    }
    const timer = this.#clock.setTimer(timeout, () => this.#closing.abort());
    await this.#sending;
    timer.cancel();
  }

  #begin(description: EventDescription): Series {
    const now = this.#clock.date();
    return {
      description,
      name: this.#newName(description.regarding),
      firstSeen: now,
      lastSeen: now,
      lastSeenAt: this.#clock.now(),
      count: 1,
      sentCount: 0,
    };
  }

  #newName(regarding: EventSubject): string {
    const unique = Math.floor(this.#options.random() * 2 ** 32);
    return eventName(regarding, this.#clock.date().getTime().toString(16) + unique.toString(16).padStart(8, '0'));
  }

  #bucket(regarding: EventSubject): TokenBucket {
    const key = JSON.stringify([regarding.kind, regarding.namespace, regarding.name, regarding.uid]);
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#clock, BURST, PERIOD);
    this.#buckets.delete(key);
    this.#remember(this.#buckets, key, bucket);
    return bucket;
  }

  #remember<V>(memory: Map<string, V>, key: string, value: V): void {
    memory.set(key, value);
    if (memory.size <= MEMORY) return;
    const [oldest] = memory.keys();
    if (oldest !== undefined) memory.delete(oldest);
  }

  #enqueue(series: Series): void {
    if (this.#queue.size >= QUEUE && !this.#queue.has(series)) {
      this.#lose(series.description, new Error('too many events wait to be sent'));
      return;
    }
    this.#queue.add(series);
    this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      const [series] = this.#queue;
      if (series === undefined) {
        this.#sending = undefined;
        return;
      }
      this.#queue.delete(series);
      await this.#sendPatiently(series);
    }
  }

  async #sendPatiently(series: Series): Promise<void> {
    const signal = this.#closing.signal;
    for (let failures = 1; ; failures++) {
      try {
        if (signal.aborted) throw new Error('there was no time left to send it');
        await this.#send(series);
        return;
      } catch (error) {
        if (failures >= ATTEMPTS || signal.aborted || !isWorthRetrying(error)) {
          this.#lose(series.description, error);
          return;
        }
        const retryAfter = error instanceof KubernetesApiError ? (error.retryAfter ?? 0) : 0;
        const delay = Math.max(retryAfter, equalJitter(BACKOFF, failures, this.#options.random));
        await sleep(this.#clock, delay, signal);
      }
    }
  }

  async #send(series: Series): Promise<void> {
    const { count } = series;
    if (series.sentCount === 0) {
      await this.#create(series);
    } else if (series.sentCount < count && !(await this.#patch(series))) {
      series.name = this.#newName(series.description.regarding);
      await this.#create(series);
    }
    series.sentCount = count;
  }

  /** The names are our own and unique: one that exists already was made by a try whose answer was lost. */
  async #create(series: Series): Promise<void> {
    const { api, controller, instance } = this.#options;
    const { description, name, firstSeen } = series;
    const event = buildEvent(description, name, { controller, instance }, formatMicroTime(firstSeen));
    if (series.count > 1) event.series = this.#seriesField(series);
    const where = { resource: events, namespace: eventNamespace(description.regarding) };
    try {
      await api.create(where, event, { timeout: SEND_TIMEOUT, signal: this.#closing.signal });
    } catch (error) {
      if (!(error instanceof KubernetesApiError) || error.reason !== 'AlreadyExists') throw error;
    }
  }

  /** @returns false when the API server has forgotten the event, as it does after an hour */
  async #patch(series: Series): Promise<boolean> {
    const { regarding } = series.description;
    const reference = { resource: events, namespace: eventNamespace(regarding), name: series.name };
    const options = { timeout: SEND_TIMEOUT, signal: this.#closing.signal };
    try {
      await this.#options.api.mergePatch(reference, { series: this.#seriesField(series) }, options);
      return true;
    } catch (error) {
      if (error instanceof KubernetesApiError && error.reason === 'NotFound') return false;
      throw error;
    }
  }

  #seriesField({ count, lastSeen }: Series): { count: number; lastObservedTime: string } {
    return { count, lastObservedTime: formatMicroTime(lastSeen) };
  }

  #lose(description: EventDescription, why: unknown): void {
    try {
      this.#options.onLost?.(description, why);
    } catch {
      // Who cannot be told of a lost event cannot be told of this either.
    }
  }
}

function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof KubernetesApiError)) return false;
  switch (error.reason) {
    case 'TooManyRequests':
    case 'ServerError':
    case 'Disconnected':
    case 'Timeout':
    case 'Unauthorized':
      return true;
    case 'NotFound':
    case 'AlreadyExists':
    case 'Conflict':
    case 'Invalid':
    case 'Forbidden':
    case 'Expired':
    case 'Aborted':
      return false;
  }
}
