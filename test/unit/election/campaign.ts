import type { ElectionRules } from '../../../src/kube/election/election.ts';
import type { Desire } from '../../../src/kube/election/next-action.ts';
import { Elector } from '../../../src/kube/election/elector.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';
import { leases } from '../../../src/kube/resource.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { LeaseStore } from './lease-store.ts';

export const RELEASED = 'example.dev/released';

export const rules: ElectionRules = {
  releasedAnnotation: RELEASED,
  leaseDuration: 9_000,
  longestDuration: 120_000,
  renewDeadline: 6_000,
  retryPeriod: 3_000,
  retryDelay: 500,
};

/** One process that campaigns, with everything it wants settable. */
export class Campaigner {
  readonly elector: Elector;
  desire: Desire = { claim: { after: 0 }, renew: true, release: false, annotations: {} };
  private claims = 0;
  private readonly clock: VirtualClock;
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    name: string,
    clock: VirtualClock,
    store: LeaseStore,
    own: Partial<ElectionRules> = {},
    create?: () => Lease,
  ) {
    this.clock = clock;
    this.elector = new Elector({
      api: store.api,
      clock,
      reference: { resource: leases, namespace: 'default', name: 'pair' },
      rules: { ...rules, ...own },
      callTimeout: 1_500,
      newIdentity: () => `${name}/${++this.claims}`,
      desire: () => this.desire,
      onChange: () => undefined,
      ...(create && { create }),
    });
  }

  start(): this {
    this.running = this.elector.run(this.stop.signal);
    return this;
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  want(desire: Partial<Desire>): void {
    this.desire = { ...this.desire, ...desire };
    this.elector.reconsider();
  }

  get active(): boolean {
    const until = this.elector.activeUntil;
    return until !== undefined && this.clock.now() < until;
  }
}

export const releasedLease = (store: LeaseStore, term = 0): void =>
  store.put((lease) => ({
    ...lease,
    metadata: { ...lease.metadata, annotations: { [RELEASED]: String(term) } },
    spec: { holderIdentity: '', leaseTransitions: term },
  }));
