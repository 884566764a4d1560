import type { Logger } from 'pino';
import { PAIR_COMPONENTS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import type { ImpalaCluster, ImpalaClusterStatus } from '../api/impala-cluster.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import type { EventDescription } from '../kube/event.ts';
import { subjectOf } from '../kube/event.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { isOlder } from '../kube/resource-version.ts';
import type { WorkResult } from '../kube/work-queue.ts';
import { ClusterBringer } from './bring-cluster.ts';
import type { Brought } from './bring-cluster.ts';
import { eventsBetween, pairsBeingUpdated } from './events.ts';
import type { ClusterEvent } from './events.ts';
import { impalaClusters } from '../api/impala-clusters.ts';
import type { LastWords } from './lost-nodes/last-words.ts';
import { NodeScout } from './lost-nodes/node-scout.ts';
import type { ObjectCache } from './object-cache.ts';
import { observeProblems } from './observe-problems.ts';
import { ClusterKeys } from './keys/cluster-keys.ts';
import type { KeysReport } from './keys/cluster-keys.ts';
import { PairCare } from './pair-care.ts';
import { LeftoverSlices, readSnapshot } from './read.ts';
import { requeueAfter } from './requeue.ts';
import type { ClusterSnapshot } from './snapshot.ts';
import { clusterStatus } from './status/cluster-status.ts';
import type { PassOutcome } from './status/findings.ts';
import { writeStatus } from './status/write-status.ts';
import { validate } from './validate.ts';
import type { Validation } from './validate.ts';

/** What is told of a controller's work, for metrics. Must not throw. */
export interface ControllerObserver {
  /** The status a cluster has now; nothing for one that has gone. */
  status(namespace: string, cluster: string, status: ImpalaClusterStatus | undefined): void;
  endpointRepaired(namespace: string, cluster: string, component: PairComponent): void;
}

export interface ControllerOptions {
  readonly api: KubernetesApi;
  readonly cache: ObjectCache;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly record: (event: EventDescription) => void;
  readonly observer: ControllerObserver;
  /** What was said of pods before they vanished. */
  readonly lastWords: LastWords;
  /** Whether the holder of a Lease has not renewed it for longer than it lasts. */
  readonly isSilent: (lease: Lease) => boolean;
  /** For how long the API server has answered without a break. */
  readonly apiUnbrokenFor: () => Milliseconds;
  /** The image that the agents of new pods get: the operator's own. */
  readonly operatorImage: string;
}

/**
 * Brings the world to what an ImpalaCluster says: read, validate, build, apply, status. It goes by what is there, never
 * by what happened, so that any pass may be the first, and one that finds all in order writes nothing.
 */
export class ImpalaClusterController {
  readonly #options: ControllerOptions;
  readonly #leftovers: LeftoverSlices;
  readonly #scout: NodeScout;
  readonly #care: PairCare;
  readonly #keys: ClusterKeys;
  readonly #bringer: ClusterBringer;
  /** The clusters whose status was written last, as the API server answered: the watch may still show an older one. */
  readonly #written = new Map<string, ImpalaCluster>();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#leftovers = new LeftoverSlices(options.api);
    this.#scout = new NodeScout(options.api, options.clock, (lease) => options.isSilent(lease));
    this.#care = new PairCare({
      ...options,
      onEndpointRepaired: (namespace, name, component) => options.observer.endpointRepaired(namespace, name, component),
    });
    this.#keys = new ClusterKeys(options.api, options.clock);
    this.#bringer = new ClusterBringer(options);
  }

  /**
   * One pass over one cluster.
   * @param key `<namespace>/<name>`
   * @throws KubernetesApiError when the API does not answer: the pass has to be repeated
   */
  async reconcile(key: string): Promise<WorkResult> {
    const cluster = this.#find(key);
    if (cluster === undefined) return this.#forget(key);
    // The garbage collector takes everything that it owns.
    if (cluster.metadata.deletionTimestamp !== undefined) return {};

    const snapshot = await readSnapshot(this.#options.api, this.#options.cache, this.#leftovers, this.#scout, cluster);
    // What cannot wait for anything else.
    const care = await this.#care.tend(snapshot);
    this.#tell(cluster, care.events);
    const validation = validate(snapshot);
    const visit = await this.#change(snapshot, validation);
    const problems = [...visit.problems, ...care.problems, ...observeProblems(snapshot)];
    const version = validation.kind === 'valid' ? validation.cluster.version : cluster.status?.version;
    await this.#report(key, snapshot, { ...visit, problems, switchovers: care.switchovers }, version);
    return requeueAfter({ ...visit, problems }, [...care.again, ...visit.again]);
  }

  #find(key: string): ImpalaCluster | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const seen = this.#options.cache.get<ImpalaCluster>(impalaClusters, namespace, name);
    const written = this.#written.get(key);
    const newer =
      written?.metadata.uid === seen?.metadata.uid &&
      isOlder(seen?.metadata.resourceVersion, written?.metadata.resourceVersion);
    return newer ? written : seen;
  }

  #forget(key: string): WorkResult {
    const [namespace = '', name = ''] = key.split('/');
    this.#leftovers.forget(namespace, name);
    this.#care.forget(namespace, name);
    this.#keys.forget(namespace, name);
    this.#written.delete(key);
    this.#options.observer.status(namespace, name, undefined);
    return {};
  }

  /** What a spec asks for that is valid, and not paused. */
  async #change(snapshot: ClusterSnapshot, validation: Validation): Promise<Brought> {
    if (snapshot.cluster.spec.paused) return { problems: [], underWay: [], awaited: [], again: [] };
    const keys = await this.#tendKeys(snapshot, validation);
    if (validation.kind === 'invalid') {
      const { underWay, again } = await this.#bringer.stop(snapshot);
      const problems = [...validation.problems, ...keys.problems];
      return { problems, underWay, awaited: keys.awaited, again: [keys.again, ...again] };
    }
    const brought = await this.#bringer.bring(snapshot, validation.cluster, keys);
    return { ...brought, again: [...brought.again, keys.again] };
  }

  /** A spec that cannot be built any more is no reason to let the keys of its running pairs expire. */
  async #tendKeys({ cluster, identity, pairs }: ClusterSnapshot, { kind }: Validation): Promise<KeysReport> {
    const withAgents = PAIR_COMPONENTS.filter(
      (component) =>
        cluster.spec[component].highAvailability.enabled && (kind === 'valid' || pairs[component].lease !== undefined),
    );
    const keys = await this.#keys.tend(identity, withAgents);
    const { namespace, name } = identity;
    if (keys.made.length > 0) this.#options.logger.info({ namespace, cluster: name, made: keys.made }, 'made keys');
    return keys;
  }

  async #report(
    key: string,
    snapshot: ClusterSnapshot,
    outcome: PassOutcome,
    version: string | undefined,
  ): Promise<void> {
    const { api, clock, observer } = this.#options;
    const { cluster, identity } = snapshot;
    const status = clusterStatus(snapshot, outcome, version, clock.date());
    observer.status(identity.namespace, identity.name, status);
    const answer = await writeStatus(api, cluster, status);
    if (answer === undefined) return;
    this.#written.set(key, answer);
    this.#tell(cluster, eventsBetween(cluster.status, status, outcome.problems, pairsBeingUpdated(snapshot)));
  }

  #tell(cluster: ImpalaCluster, events: readonly ClusterEvent[]): void {
    const { record, logger } = this.#options;
    const { namespace, name } = cluster.metadata;
    for (const { type, reason, action, message } of events) {
      logger[type === 'Warning' ? 'warn' : 'info']({ namespace, cluster: name, reason }, message);
      record({ regarding: subjectOf({ ...cluster, ...typeOfCluster }), type, reason, action, note: message });
    }
  }
}

/** Objects of a list come without their type. */
const typeOfCluster = { apiVersion: impalaClusters.apiVersion, kind: impalaClusters.kind };
