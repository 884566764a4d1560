import type { Logger } from 'pino';
import { labels, MEMBERS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import { configMaps, statefulSets } from '../kube/resource.ts';
import { applyObjects } from './apply/apply-objects.ts';
import { createLease } from './apply/create-lease.ts';
import { buildCluster } from './build/build-cluster.ts';
import type { DesiredObject } from './build/metadata.ts';
import { ConfigurationKeeper } from './configuration/keep-configuration.ts';
import { unusedConfigurations } from './configuration/unused-configurations.ts';
import type { KeysReport } from './keys/cluster-keys.ts';
import type { ConfigMap } from './kubernetes-types.ts';
import type { ObjectCache } from './object-cache.ts';
import { PairFormKeeper } from './pair-forms.ts';
import { planRollout } from './rollout.ts';
import type { Resize } from './rollout.ts';
import { planStop } from './stop.ts';
import { pairsOf } from './snapshot.ts';
import type { ClusterSnapshot } from './snapshot.ts';
import type { Visit } from './requeue.ts';
import type { ValidCluster } from './validate.ts';

export interface ClusterBringerOptions {
  readonly api: KubernetesApi;
  readonly cache: ObjectCache;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly operatorImage: string;
}

/** What came of it, and when to look again where no watch tells. */
export interface Brought extends Omit<Visit, 'switchovers'> {
  readonly again: readonly Milliseconds[];
}

/** Nothing tells when a ConfigMap or Secret of the user's changes: kubelet takes as long to bring it into a pod. */
const SOURCES: Milliseconds = 30_000;

/** Brings the objects of a valid cluster to what its spec says, each when its turn has come. */
export class ClusterBringer {
  readonly #options: ClusterBringerOptions;
  readonly #configurations: ConfigurationKeeper;
  readonly #forms: PairFormKeeper;

  constructor(options: ClusterBringerOptions) {
    this.#options = options;
    this.#configurations = new ConfigurationKeeper(options.api, options.cache, options.clock);
    this.#forms = new PairFormKeeper(options.api, options.clock);
  }

  /** @throws KubernetesApiError when the API does not answer */
  async bring(snapshot: ClusterSnapshot, cluster: ValidCluster, keys: KeysReport): Promise<Brought> {
    const { api, cache, operatorImage, logger } = this.#options;
    const { identity, configuration } = cluster;
    const again = snapshot.sources.length > 0 ? [SOURCES] : [];
    const obstacle = await this.#configurations.keep(identity, configuration);
    if (obstacle !== undefined) {
      const stopping = await this.stop(snapshot);
      const problems = [...keys.problems, obstacle];
      return { ...stopping, problems, awaited: keys.awaited, again: [...again, ...stopping.again] };
    }
    const forms = await this.#forms.decide(snapshot);
    const built = buildCluster(cluster, operatorImage, snapshot, forms.routes);
    const rollout = snapshot.cluster.spec.stopped ? planStop(snapshot, forms) : planRollout(snapshot, built, forms);
    const create = (desired: DesiredObject): Promise<void> => this.#createLease(cluster, desired.body.metadata.labels);
    const report = await applyObjects({ api, cache, cluster: identity, blocked: keys.blocked, create }, [
      ...built.objects,
      ...rollout.objects,
    ]);
    const written = [...report.written, ...(await this.#resize(rollout.resizes))];
    if (written.length > 0) logger.info({ namespace: identity.namespace, cluster: identity.name, written }, 'applied');
    await this.#dropConfigurations(snapshot, cluster);
    const awaited = [...keys.awaited, ...report.awaited];
    const waiting = awaited.map((object) => `${object} of the deleted cluster must be gone first`);
    return {
      problems: [...keys.problems, ...report.problems],
      awaited,
      underWay: [...waiting, ...rollout.underWay],
      again: [...again, ...forms.again],
    };
  }

  /**
   * Of a cluster that cannot be brought to what its spec says: only that it shall stop.
   * @throws KubernetesApiError when the API does not answer
   */
  async stop(snapshot: ClusterSnapshot): Promise<Pick<Brought, 'underWay' | 'again'>> {
    if (!snapshot.cluster.spec.stopped)
      return { underWay: ['nothing changes until the spec can be applied'], again: [] };
    const forms = await this.#forms.decide(snapshot);
    const { resizes, underWay } = planStop(snapshot, forms);
    const written = await this.#resize(resizes);
    const { namespace, name } = snapshot.identity;
    if (written.length > 0) this.#options.logger.info({ namespace, cluster: name, written }, 'applied');
    return { underWay, again: forms.again };
  }

  /** Only the size: what else was applied once must stay as it was applied. */
  async #resize(resizes: readonly Resize[]): Promise<string[]> {
    const { api } = this.#options;
    const written: string[] = [];
    for (const { statefulSet, replicas } of resizes) {
      const { name, namespace = '', uid = '' } = statefulSet.metadata;
      try {
        await api.mergePatch({ resource: statefulSets, namespace, name }, { metadata: { uid }, spec: { replicas } });
        written.push(`StatefulSet ${name}`);
      } catch (error) {
        // It has gone: the watch brings the news.
        if (!(error instanceof KubernetesApiError) || error.reason !== 'NotFound') throw error;
      }
    }
    return written;
  }

  async #dropConfigurations(snapshot: ClusterSnapshot, { identity, configuration }: ValidCluster): Promise<void> {
    const { cache, logger } = this.#options;
    const sets = [
      ...pairsOf(snapshot).flatMap(({ statefulSets: members, plain }) => [
        ...MEMBERS.map((member) => members[member]),
        plain.statefulSet,
      ]),
      snapshot.coordinators,
      snapshot.executors,
    ].filter((statefulSet) => statefulSet !== undefined);
    const unused = unusedConfigurations(identity, cache.list<ConfigMap>(configMaps, identity.namespace), {
      statefulSets: sets,
      pods: snapshot.pods,
      wanted: configuration?.root.body.metadata.name,
    });
    for (const configMap of unused) {
      await this.#configurations.drop(configMap);
      const { namespace, name } = identity;
      logger.info({ namespace, cluster: name, configMap: configMap.metadata.name }, 'dropped a former configuration');
    }
  }

  async #createLease({ identity, spec }: ValidCluster, leaseLabels: Record<string, string> = {}): Promise<void> {
    const component: PairComponent = leaseLabels[labels.impalaComponent] === 'catalog' ? 'catalog' : 'statestore';
    const { leaseDurationSeconds } = spec[component].highAvailability;
    const history = await createLease(this.#options.api, identity, component, leaseDurationSeconds);
    const { namespace, name } = identity;
    this.#options.logger.info({ namespace, cluster: name, component, history }, 'created the Lease');
  }
}
