import { KubernetesApiError, type ApiErrorReason, type KubernetesApi } from '../../../src/kube/kubernetes-api.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';

type Call = 'get' | 'create' | 'replace';

/** How one call goes wrong: refused before it does anything, or its answer lost after it took place. */
export interface Fault {
  readonly reason: ApiErrorReason;
  readonly landed: boolean;
}

/** One Lease with the API server's compare-and-swap, and with answers that can be made to fail or get lost. */
export class LeaseStore {
  lease: Lease | undefined;
  readonly calls: Call[] = [];
  readonly written: Lease[] = [];
  private version = 100;
  private uids = 0;
  private readonly faults: (Fault | undefined)[] = [];
  private readonly watchers = new Set<(lease: Lease | undefined) => void>();
  /** While set, every call of this client fails like this. */
  outage: Fault | undefined;

  /** Lets the next calls fail, one fault each; `undefined` lets one pass. */
  failNext(...faults: (Fault | undefined)[]): void {
    this.faults.push(...faults);
  }

  watch(watcher: (lease: Lease | undefined) => void): void {
    this.watchers.add(watcher);
  }

  /** Makes or changes the Lease as somebody else would. */
  put(change: (lease: Lease) => Lease): void {
    const base: Lease = this.lease ?? { metadata: { name: 'pair', namespace: 'default', uid: `uid-${++this.uids}` } };
    this.store(change(base));
  }

  /** Deletes it, as a hand would. */
  remove(): void {
    this.lease = undefined;
    for (const watcher of this.watchers) watcher(undefined);
  }

  readonly api = {
    get: () => this.call('get', () => this.current()),
    create: (_reference: unknown, lease: Lease) =>
      this.call('create', () => {
        if (this.lease) throw new KubernetesApiError('create', 'AlreadyExists', 'there is one');
        return this.store({ ...lease, metadata: { ...lease.metadata, uid: `uid-${++this.uids}` } });
      }),
    replace: (_reference: unknown, lease: Lease) =>
      this.call('replace', () => {
        const { uid, resourceVersion } = this.lease?.metadata ?? {};
        if (uid !== lease.metadata.uid || resourceVersion !== lease.metadata.resourceVersion) {
          throw new KubernetesApiError('replace', 'Conflict', 'not the current version');
        }
        this.written.push(lease);
        return this.store(lease);
      }),
  } as unknown as KubernetesApi;

  private current(): Lease {
    if (!this.lease) throw new KubernetesApiError('get', 'NotFound', 'there is none');
    return this.lease;
  }

  private store(lease: Lease): Lease {
    this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++this.version) } };
    for (const watcher of this.watchers) watcher(this.lease);
    return this.lease;
  }

  private async call(kind: Call, action: () => Lease): Promise<Lease> {
    this.calls.push(kind);
    const fault = this.outage ?? this.faults.shift();
    if (fault && !fault.landed) throw new KubernetesApiError(kind, fault.reason, 'injected');
    const answer = action();
    if (fault) throw new KubernetesApiError(kind, fault.reason, 'injected, after it took place');
    return answer;
  }
}
