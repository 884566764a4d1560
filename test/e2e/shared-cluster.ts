import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { AGENT_CONTAINER, PAIR_COMPONENTS } from '../../src/api/names.ts';
import type { PairComponent } from '../../src/api/names.ts';
import { api, paths } from './api.ts';
import { LEASE_DURATION } from './bounds.ts';
import { now, seconds } from './clock.ts';
import type { Instant } from './clock.ts';
import { Missing, missing, until } from './conditions.ts';
import { CLUSTER, NAMESPACE, OPERATOR_NAMESPACE, OPERATOR_RELEASE } from './environment.ts';
import { undoFaults } from './faults/undo.ts';
import { impalaCluster } from './manifests.ts';
import { recordGap, recordLoad } from './measurements.ts';
import { Observer } from './observer.ts';
import { isReady, pairOf } from './pair.ts';
import type { Pair } from './pair.ts';
import { impaladPods, incomplete, leaseAge, unregistered } from './registration.ts';

const IMPALADS = 4;

interface Node {
  metadata: { name: string };
  status: { conditions: { type: string; status: string }[] };
}

/** Everything that the cluster lacks for being whole: two whole pairs, four impalads that all follow them. */
export async function shortcomings(observer: Observer): Promise<string[]> {
  const found: string[] = [];
  for (const { metadata, status } of await api.list<Node>(paths.nodes)) {
    const ready = status.conditions.find(({ type }) => type === 'Ready')?.status;
    if (ready !== 'True') found.push(`${metadata.name} is not Ready`);
  }
  const [statestore, catalog] = PAIR_COMPONENTS.map((component) => pairOf(observer, component));
  for (const pair of [statestore, catalog]) if (pair instanceof Missing) found.push(pair.what);
  const impalads = impaladPods(observer, CLUSTER);
  if (impalads.length !== IMPALADS) found.push(`there are ${impalads.length} impalads`);
  found.push(...impalads.filter((pod) => !isReady(pod)).map(({ metadata }) => `${metadata.name} is not Ready`));
  for (const pair of [statestore, catalog]) {
    if (pair === undefined || pair instanceof Missing || found.length > 0) continue;
    const follows = (await leaseAge(pair.standby)) * 1000 < LEASE_DURATION[pair.component] / 2;
    if (!follows) found.push(`${pair.standby.metadata.name} does not follow the Lease`);
  }
  if (found.length > 0 || statestore === undefined || statestore instanceof Missing) return found;
  found.push(...(await unregistered(observer, impalads, statestore.active)), ...incomplete(observer, impalads));
  return found;
}

/** The shared cluster's pods whose agents are not of the operator that runs. */
async function outdatedAgents(observer: Observer): Promise<string[]> {
  const { spec } = await api.get<Deployment>(paths.deployments(OPERATOR_NAMESPACE, OPERATOR_RELEASE));
  const image = spec.template.spec.containers[0]?.image;
  return [...observer.livePods.values()].flatMap(({ metadata, spec: { initContainers = [] } }) => {
    const agent = initContainers.find(({ name }) => name === AGENT_CONTAINER);
    const outdated = metadata.name.startsWith(`${CLUSTER}-`) && agent !== undefined && agent.image !== image;
    return outdated ? [metadata.name] : [];
  });
}

interface Deployment {
  spec: { template: { spec: { containers: { image: string }[] } } };
}

/** The cluster that the cases of a file share, watched from the file's first to its last moment. */
export class SharedCluster {
  #observer: Observer | undefined;
  #caseStarted: Instant = 0;
  #judgedUntil: Instant = 0;

  get observer(): Observer {
    if (this.#observer === undefined) throw new Error('the observer has not been started');
    return this.#observer;
  }

  /** @throws ConditionNotMet naming all that is missing */
  async waitUntilWhole(deadline = seconds(120)): Promise<void> {
    await until(
      'a whole cluster',
      async () => {
        const found = await shortcomings(this.observer);
        return found.length === 0 ? true : missing(found.join('; '));
      },
      deadline,
      100,
    );
  }

  /** The pair as it is, which must be whole. */
  pair(component: PairComponent): Pair {
    const pair = pairOf(this.observer, component);
    if (pair instanceof Missing) throw new Error(pair.what);
    return pair;
  }

  async setUp(): Promise<void> {
    this.#observer = await Observer.start();
    // An upgraded operator leaves the agents that run alone: those of an earlier source would be tested here.
    if ((await outdatedAgents(this.#observer)).length > 0) await this.replace();
    else await api.apply(paths.clusters(NAMESPACE, CLUSTER), impalaCluster());
  }

  /** Before each case. A cluster that does not get whole by itself is replaced, so that one failure is not all. */
  async prepareCase(): Promise<void> {
    try {
      await this.waitUntilWhole();
    } catch (error) {
      await this.replace();
      throw error;
    } finally {
      this.#caseStarted = now();
    }
  }

  /**
   * After each case: undoes its faults and fails it when the observer saw what must never be, in it or since the last one
   * (who was lost comes back in between).
   */
  async concludeCase(): Promise<void> {
    await undoFaults();
    recordGap(this.observer.largestGap(this.#caseStarted));
    await this.#judge();
  }

  async tearDown(): Promise<void> {
    if (this.#observer === undefined) return;
    recordLoad(this.#observer.load);
    try {
      await this.#judge();
    } finally {
      this.#observer.stop();
    }
  }

  async #judge(): Promise<void> {
    const judged = now();
    const violations = await this.observer.violations(this.#judgedUntil, this.#caseStarted);
    this.#judgedUntil = judged;
    if (violations.length > 0) throw new Error(violations.join('\n'));
  }

  /** Deletes the cluster and makes it anew. */
  async replace(): Promise<void> {
    await api.delete(paths.clusters(NAMESPACE, CLUSTER));
    await until(
      'the end of the old cluster',
      () => {
        const left = [...this.observer.livePods.keys()].filter((name) => name.startsWith(`${CLUSTER}-`));
        return left.length === 0 ? true : missing(left.join());
      },
      seconds(90),
    );
    this.observer.begunAnew();
    await api.apply(paths.clusters(NAMESPACE, CLUSTER), impalaCluster());
  }
}

/** Gives a file of cases the shared cluster: whole before each case, watched during it. */
export function useSharedCluster(): SharedCluster {
  const cluster = new SharedCluster();
  beforeAll(() => cluster.setUp());
  beforeEach(() => cluster.prepareCase());
  afterEach(() => cluster.concludeCase());
  afterAll(() => cluster.tearDown());
  return cluster;
}
