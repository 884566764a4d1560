import type { Logger } from 'pino';
import { PAIR_COMPONENTS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import type { SwitchoverStatus } from '../api/status.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import type { ClusterEvent } from './events.ts';
import { labelRoles } from './label-roles.ts';
import type { LastWords } from './lost-nodes/last-words.ts';
import { StuckPods } from './lost-nodes/stuck-pods.ts';
import { tendLostNodes } from './lost-nodes/tend-lost-nodes.ts';
import type { LossReport } from './lost-nodes/tend-lost-nodes.ts';
import type { Problem } from './problem.ts';
import { EndpointRepair } from './repair-endpoint.ts';
import { podsOf } from './snapshot.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';
import { tendSwitchover } from './switchover/tend-switchover.ts';

/** What came of looking after a cluster's pairs. */
export interface PairCareReport {
  /** When to look again, where nothing will tell. */
  readonly again: readonly Milliseconds[];
  /** What happened, in the order in which it did. */
  readonly events: readonly ClusterEvent[];
  readonly problems: readonly Problem[];
  readonly switchovers: Partial<Record<PairComponent, SwitchoverStatus>>;
}

export interface PairCareOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lastWords: LastWords;
  /** For how long the API server has answered without a break. */
  readonly apiUnbrokenFor: () => Milliseconds;
  readonly onEndpointRepaired: (namespace: string, cluster: string, component: PairComponent) => void;
}

/**
 * What the operator does for pairs that run, whatever their spec says now: clients are led to the holder, who is dead is
 * said to be, pods on lost nodes are replaced, and who was asked for becomes active.
 */
export class PairCare {
  readonly #options: PairCareOptions;
  readonly #endpoints: EndpointRepair;
  readonly #stuckPods: StuckPods;

  constructor(options: PairCareOptions) {
    this.#options = options;
    this.#endpoints = new EndpointRepair(options.api, options.clock);
    this.#stuckPods = new StuckPods(options.clock);
  }

  /** @throws KubernetesApiError */
  async tend(snapshot: ClusterSnapshot): Promise<PairCareReport> {
    const again: Milliseconds[] = [];
    const events: ClusterEvent[] = [];
    const problems: Problem[] = [];
    const switchovers: Partial<Record<PairComponent, SwitchoverStatus>> = {};
    for (const component of PAIR_COMPONENTS) {
      const pair = snapshot.pairs[component];
      const { paused } = snapshot.cluster.spec;
      const { enabled } = snapshot.cluster.spec[component].highAvailability;
      if (paused) {
        const before = snapshot.cluster.status?.[component]?.switchover;
        if (before !== undefined) switchovers[component] = before;
        continue;
      }
      if (enabled) {
        again.push(...(await this.#repairEndpoint(snapshot, pair)));
        await labelRoles(this.#options.api, snapshot, pair);
      }
      // Members that end because high availability was turned off would keep the plain pod waiting on a lost node for ever.
      if (enabled || podsOf(pair).length > 0) {
        const loss = await this.#tendLostNodes(snapshot, pair);
        again.push(...(loss.again === undefined ? [] : [loss.again]));
        events.push(...loss.events);
        problems.push(...loss.problems);
      }
      if (enabled) {
        const switchover = await tendSwitchover(this.#options.api, snapshot, pair, this.#options.clock.date());
        again.push(...(switchover.again === undefined ? [] : [switchover.again]));
        problems.push(...switchover.problems);
        if (switchover.status !== undefined) switchovers[component] = switchover.status;
      }
    }
    return { again, events, problems, switchovers };
  }

  #tendLostNodes(snapshot: ClusterSnapshot, pair: PairSnapshot): Promise<LossReport> {
    const { api, lastWords, apiUnbrokenFor } = this.#options;
    const records = { lastWords, stuckPods: this.#stuckPods, apiUnbrokenFor: apiUnbrokenFor() };
    return tendLostNodes(api, snapshot, pair, records);
  }

  /** Forgets a cluster that has gone. */
  forget(namespace: string, cluster: string): void {
    this.#endpoints.forget(namespace, cluster);
  }

  async #repairEndpoint({ identity }: ClusterSnapshot, pair: PairSnapshot): Promise<Milliseconds[]> {
    const { logger, onEndpointRepaired } = this.#options;
    const { namespace, name } = identity;
    const repair = await this.#endpoints.repair(identity, pair);
    if (repair.kind === 'repaired') {
      onEndpointRepaired(namespace, name, pair.component);
      const { difference } = repair;
      logger.warn({ namespace, cluster: name, component: pair.component, difference }, 'repaired the EndpointSlice');
    }
    return repair.kind === 'waiting' ? [repair.again] : [];
  }
}
