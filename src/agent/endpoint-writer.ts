import { sleep, type Clock, type Milliseconds } from '../kube/clock.ts';
import { KubernetesApiError, type KubernetesApi, type ObjectReference } from '../kube/kubernetes-api.ts';
import type { EndpointSlice } from '../kube/kubernetes-object.ts';
import { nextEndpoint, type ActiveEndpoint } from './endpoint.ts';

const RETRY_DELAY: Milliseconds = 250;
/** How soon the slice is read again while the renewal that raises the Lease's term is under way. */
const RAISING_DELAY: Milliseconds = 25;
/** How often a slice that was found right is looked at again: somebody may have edited it since. */
const REVIEW_PERIOD: Milliseconds = 30_000;

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
 * Moves the endpoint to the active member: once a claim, at the claim, and again only when that failed or somebody else
 * has written over it. (A term that a person has raised can be overtaken by nobody else: only a holder raises the
 * Lease's.) It runs beside the start of the daemon, which does not wait for it.
 */
export class EndpointWriter {
  private readonly options: EndpointWriterOptions;
  private written: string | undefined;
  private writtenAt: Milliseconds = Number.NEGATIVE_INFINITY;
  private busy = false;

  constructor(options: EndpointWriterOptions) {
    this.options = options;
  }

  /** Makes the slice name whoever is active, and returns at once. To be called now and then. */
  update(signal: AbortSignal): void {
    const active = this.options.active();
    if (this.busy || active === undefined || this.isRight(active)) return;
    this.busy = true;
    void this.writeUntilDone(signal).finally(() => {
      this.busy = false;
    });
  }

  private async writeUntilDone(signal: AbortSignal): Promise<void> {
    const { clock, onCallFailed } = this.options;
    while (!signal.aborted) {
      const active = this.options.active();
      if (active === undefined || this.isRight(active)) return;
      try {
        const done = await this.writeOnce(active, signal);
        if (done) return;
        await sleep(clock, RAISING_DELAY, signal);
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
    const known = this.written === key(active);
    this.written = key(active);
    this.writtenAt = this.options.clock.now();
    if (next.kind === 'write' || !known) onWritten(active);
    return true;
  }

  private isRight(active: ActiveEndpoint): boolean {
    return this.written === key(active) && this.options.clock.now() < this.writtenAt + REVIEW_PERIOD;
  }
}

const key = (active: ActiveEndpoint): string => `${active.term} ${active.claim}`;
