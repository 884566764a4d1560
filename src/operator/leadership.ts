import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { annotations, labels } from '../api/names.ts';
import { sleep } from '../kube/clock.ts';
import type { Clock, Milliseconds, Timer } from '../kube/clock.ts';
import type { ElectionRules } from '../kube/election/election.ts';
import type { Desire } from '../kube/election/next-action.ts';
import { Elector } from '../kube/election/elector.ts';
import type { KubernetesApi, KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { watchObject } from '../kube/object-watch.ts';
import type { Random } from '../kube/random.ts';
import { leases } from '../kube/resource.ts';

export const LEADER_LEASE = 'impala-operator-leader';

/** client-go's durations. No cluster waits for the operator to fail over, so nothing is gained by shorter ones. */
const RULES: ElectionRules = {
  releasedAnnotation: annotations.released,
  leaseDuration: 15_000,
  longestDuration: 60_000,
  renewDeadline: 10_000,
  retryPeriod: 2_000,
  retryDelay: 500,
};
const CALL_TIMEOUT: Milliseconds = 3_000;
/** How long the release may take when the process ends: whoever follows waits for the lease otherwise. */
const RELEASE_TIMEOUT: Milliseconds = 3_000;

export interface LeadershipOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where the Lease is. */
  readonly namespace: string;
  /** Who campaigns. */
  readonly podName: string;
  /**
   * What the leader does, until it is aborted; it has to be back before the lease of who has just lost it could be
   * another's for long. It must not throw.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/**
 * Sees to it that one replica leads at a time. Who loses the Lease stops leading at once, and campaigns again when
 * what it did as the leader has ended.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #elector: Elector;
  #term: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #deadline: Timer | undefined;
  #closing = false;
  #releasing = false;

  constructor(options: LeadershipOptions) {
    const { api, clock, namespace, podName } = options;
    this.#options = options;
    this.#elector = new Elector({
      api,
      clock,
      reference: { resource: leases, namespace, name: LEADER_LEASE },
      rules: RULES,
      callTimeout: CALL_TIMEOUT,
      newIdentity: () => `${podName}_${randomBytes(6).toString('hex')}`,
      desire: () => this.#desire(),
      create: () => newLeaderLease(namespace),
      onChange: () => this.#look(),
      onCallFailed: (error, action) => this.#callFailed(error, action),
    });
  }

  get leading(): boolean {
    return this.#term !== undefined && !this.#term.stop.signal.aborted;
  }

  /**
   * Campaigns until aborted; then stops leading, waits for that, and gives the Lease back, so that another replica need
   * not wait. Never throws. Must not be called twice.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { api, clock, random, namespace } = this.#options;
    const campaign = new AbortController();
    const reference = { resource: leases, namespace, name: LEADER_LEASE };
    const running = Promise.all([
      this.#elector.run(campaign.signal),
      watchObject<Lease>(
        { api, clock, random },
        reference,
        { onState: (state) => this.#elector.heard(state.kind === 'present' ? state.object : undefined) },
        campaign.signal,
      ),
    ]);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await this.#close();
    campaign.abort();
    await running;
  }

  /** Losing a race is the ordinary case; anything else keeps this replica from leading, and somebody has to know. */
  #callFailed(error: KubernetesApiError, action: string): void {
    const level = error.reason === 'Conflict' || error.reason === 'AlreadyExists' ? 'debug' : 'warn';
    this.#options.logger[level]({ error: error.message, action }, 'a call for leadership failed');
  }

  /** Never claims or renews for a term whose work is still being ended. */
  #desire(): Desire {
    const ending = this.#term?.stop.signal.aborted ?? false;
    const claim = this.#closing || ending ? 'never' : { after: 0 };
    return { claim, renew: !this.#releasing && (this.#closing || !ending), release: this.#releasing, annotations: {} };
  }

  /** Begins or ends a term, by what the election says now. */
  #look(): void {
    const { clock, logger } = this.#options;
    this.#deadline?.cancel();
    const until = this.#elector.activeUntil;
    const holds = until !== undefined && clock.now() < until;
    if (holds) this.#deadline = clock.setTimer(until - clock.now(), () => this.#look());
    if (holds && this.#term === undefined && !this.#closing) this.#begin();
    if (!holds && this.#term !== undefined && !this.#term.stop.signal.aborted) {
      logger.warn('no longer the leader');
      this.#term.stop.abort();
    }
  }

  #begin(): void {
    const { lead, logger } = this.#options;
    logger.info('now the leader');
    const stop = new AbortController();
    const ended = lead(stop.signal)
      .catch((error: unknown) => logger.error({ error }, 'a defect: leading failed'))
      .then(() => {
        this.#term = undefined;
        this.#elector.reconsider();
        this.#look();
      });
    this.#term = { stop, ended };
  }

  /** First the work ends, then the Lease is released: the order that keeps two from working at a time. */
  async #close(): Promise<void> {
    const { clock } = this.#options;
    this.#closing = true;
    const term = this.#term;
    term?.stop.abort();
    await term?.ended;
    this.#releasing = true;
    this.#elector.reconsider();
    const end = clock.now() + RELEASE_TIMEOUT;
    while (this.#holdsLease() && clock.now() < end) await sleep(clock, 50);
    this.#deadline?.cancel();
  }

  #holdsLease(): boolean {
    const { kind } = this.#elector.state.standing;
    return kind === 'holder' || kind === 'reclaiming' || kind === 'releasing';
  }
}

/** Nobody has led yet: whoever comes first may claim it at once. */
const newLeaderLease = (namespace: string): Lease => ({
  apiVersion: leases.apiVersion,
  kind: leases.kind,
  metadata: {
    name: LEADER_LEASE,
    namespace,
    labels: { [labels.name]: 'impala-operator' },
    annotations: { [annotations.released]: '0' },
  },
  spec: { holderIdentity: '', leaseDurationSeconds: RULES.leaseDuration / 1000, leaseTransitions: 0 },
});
