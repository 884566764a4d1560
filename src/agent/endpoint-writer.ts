import { sleep, type Clock, type Milliseconds } from '../kube/clock.ts';
import { KubernetesApiError, type KubernetesApi, type ObjectReference } from '../kube/kubernetes-api.ts';
import type { EndpointSlice } from '../kube/kubernetes-object.ts';
import { nextEndpoint, type ActiveEndpoint } from './endpoint.ts';

const RETRY_DELAY: Milliseconds = 250;

export interface EndpointWriterOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly reference: ObjectReference;
  readonly callTimeout: Milliseconds;
  /** Whom the slice is to name at this moment; undefined once we are not active. Asked again before every call. */
  readonly active: () => ActiveEndpoint | undefined;
  /** Somebody else's claim has left this term in the slice: the holder's has to be raised above it. */
  readonly onOvertaken: (term: number) => void;
  readonly onWritten: (endpoint: ActiveEndpoint) => void;
  readonly onCallFailed: (error: KubernetesApiError) => void;
}

/**
 * Moves the endpoint to the active member: once a claim, at the claim, and again only when that failed. It runs beside
 * the start of the daemon, which does not wait for it.
 */
export class EndpointWriter {
  private readonly options: EndpointWriterOptions;
  private written: string | undefined;
  private busy = false;

  constructor(options: EndpointWriterOptions) {
    this.options = options;
  }

  /** Makes the slice name whoever is active, and returns at once. */
  update(signal: AbortSignal): void {
    const active = this.options.active();
    if (this.busy || active === undefined || this.written === key(active)) return;
    this.busy = true;
    void this.writeUntilDone(signal).finally(() => {
      this.busy = false;
    });
  }

  private async writeUntilDone(signal: AbortSignal): Promise<void> {
    const { clock, onCallFailed } = this.options;
    while (!signal.aborted) {
      const active = this.options.active();
      if (active === undefined || this.written === key(active)) return;
      try {
        const done = await this.writeOnce(active, signal);
        if (done) return;
        await sleep(clock, RETRY_DELAY / 10, signal);
      } catch (error) {
        if (!(error instanceof KubernetesApiError)) throw error;
        if (error.reason === 'Conflict') continue;
        onCallFailed(error);
        await sleep(clock, RETRY_DELAY, signal);
      }
    }
  }

  private async writeOnce(active: ActiveEndpoint, signal: AbortSignal): Promise<boolean> {
    const { api, reference, callTimeout: timeout, onOvertaken, onWritten } = this.options;
    const slice = await api.get<EndpointSlice>(reference, { timeout, signal });
    const next = nextEndpoint(slice, active);
    if (next.kind === 'overtaken') {
      onOvertaken(next.term);
      return false;
    }
    // Read, compared, and written with the resourceVersion of that read: a write in between makes this one fail.
    if (next.kind === 'write') await api.replace(reference, next.slice, { timeout, signal });
    this.written = key(active);
    onWritten(active);
    return true;
  }
}

const key = (active: ActiveEndpoint): string => `${active.term} ${active.claim}`;
