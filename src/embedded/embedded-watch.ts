import type { Clock, Milliseconds, Timer } from '../kube/clock.ts';
import { KubernetesApiError, type WatchEvent } from '../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { ApiCall, Interceptor, WatchStream } from './interceptor.ts';

interface Limits {
  /** How long the reader waits for the next event. */
  readonly silence: Milliseconds;
  readonly signal: AbortSignal;
}

type Event = WatchEvent<KubernetesObject>;

/** One watch: what the server sends on one side, what the client's iteration reads on the other. */
export class EmbeddedWatch implements WatchStream {
  readonly call: ApiCall;
  readonly #clock: Clock;
  readonly #interceptor: Interceptor;
  readonly #limits: Limits;
  readonly #queue: Event[] = [];
  readonly #onEnd: (() => void)[] = [];
  #open = true;
  #error: KubernetesApiError | undefined;
  /** Wakes the reader. */
  #wake: (() => void) | undefined;

  constructor(clock: Clock, call: ApiCall, interceptor: Interceptor, limits: Limits) {
    this.#clock = clock;
    this.call = call;
    this.#interceptor = interceptor;
    this.#limits = limits;
  }

  get open(): boolean {
    return this.#open;
  }

  /** The server has accepted it. @param onEnd called once, when nothing has to be sent any more */
  opened(onEnd: () => void): void {
    if (!this.#open) {
      onEnd();
      return;
    }
    this.#onEnd.push(onEnd);
    this.#interceptor.onWatch?.(this);
  }

  /** The server sends an event. */
  send(event: Event): void {
    if (!this.#open) return;
    const forward = (): void => {
      if (!this.#open) return;
      this.#queue.push(event);
      this.#wake?.();
    };
    if (this.#interceptor.deliver === undefined) forward();
    else this.#interceptor.deliver(this, forward);
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const onEnd of this.#onEnd) onEnd();
    this.#wake?.();
  }

  fail(error: KubernetesApiError): void {
    if (this.#open) this.#error = error;
    this.end();
  }

  /** @throws KubernetesApiError when it was broken, or nothing came for too long while the reader waited */
  async *events(): AsyncGenerator<Event, void, undefined> {
    const { signal } = this.#limits;
    while (!signal.aborted) {
      const event = this.#queue.shift();
      if (event !== undefined) {
        yield event;
        continue;
      }
      if (this.#error !== undefined) throw this.#error;
      if (!this.#open) return;
      await this.#somethingHappens();
    }
  }

  #somethingHappens(): Promise<void> {
    const { signal, silence } = this.#limits;
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      const timer: Timer = this.#clock.setTimer(silence, () => {
        this.fail(new KubernetesApiError(this.call.doing, 'Timeout', 'no further byte within the deadline'));
        wake();
      });
      signal.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }
}
