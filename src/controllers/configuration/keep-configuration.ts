import { OPERATOR_FIELD_MANAGER } from '../../api/names.ts';
import type { Clock, Milliseconds } from '../../kube/clock.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import { configMaps } from '../../kube/resource.ts';
import { REFUSALS } from '../apply/apply-objects.ts';
import { lookUp } from '../apply/look-up.ts';
import { getIfExists } from '../../kube/get-if-exists.ts';
import { copiedObject } from '../build/configuration.ts';
import type { MountedConfiguration } from '../build/configuration.ts';
import type { ClusterIdentity } from '../build/metadata.ts';
import type { ConfigMap } from '../kubernetes-types.ts';
import type { ObjectCache } from '../object-cache.ts';
import { objectForeign, ownershipOf } from '../ownership.ts';
import type { Problem } from '../problem.ts';

/** How long a configuration that was seen complete is taken to be: nobody deletes its objects but by hand. */
const LOOK: Milliseconds = 60_000;

/** Makes the objects that a cluster's configuration is mounted from, before anything mounts them. */
export class ConfigurationKeeper {
  readonly #api: KubernetesApi;
  readonly #cache: ObjectCache;
  readonly #clock: Clock;
  /** When a configuration was last seen complete, by the uid of its root. */
  readonly #complete = new Map<string, Milliseconds>();

  constructor(api: KubernetesApi, cache: ObjectCache, clock: Clock) {
    this.#api = api;
    this.#cache = cache;
    this.#clock = clock;
  }

  /**
   * @returns what keeps it from being complete, if anything does
   * @throws KubernetesApiError
   */
  async keep(cluster: ClusterIdentity, configuration: MountedConfiguration | undefined): Promise<Problem | undefined> {
    if (configuration === undefined) return undefined;
    try {
      return await this.#make(cluster, configuration);
    } catch (error) {
      const reason = error instanceof KubernetesApiError ? REFUSALS[error.reason] : undefined;
      if (reason === undefined) throw error;
      return { reason, message: (error as Error).message };
    }
  }

  async #make(cluster: ClusterIdentity, configuration: MountedConfiguration): Promise<Problem | undefined> {
    const { root, copies } = configuration;
    const { name } = root.body.metadata;
    const live = await this.#makeRoot(cluster, configuration);
    if (ownershipOf(live, cluster) !== 'ours') return objectForeign(`ConfigMap ${name}`);
    const uid = live.metadata.uid ?? '';
    const now = this.#clock.now();
    if (now - (this.#complete.get(uid) ?? -Infinity) < LOOK) return undefined;
    for (const copy of copies) {
      const problem = await this.#makeCopy(cluster, copiedObject(cluster, copy, { name, uid }));
      if (problem !== undefined) return problem;
    }
    this.#complete.set(uid, now);
    return undefined;
  }

  /** Deletes a former configuration: its copies go with it. @throws KubernetesApiError */
  async drop({ metadata: { name, namespace = '', uid = '' } }: ConfigMap): Promise<void> {
    this.#complete.delete(uid);
    try {
      await this.#api.delete({ resource: configMaps, namespace, name }, { uid });
    } catch (error) {
      if (!(error instanceof KubernetesApiError && error.boundObjectChanged)) throw error;
    }
  }

  async #makeRoot(cluster: ClusterIdentity, { root }: MountedConfiguration): Promise<ConfigMap> {
    const reference = { resource: configMaps, namespace: cluster.namespace, name: root.body.metadata.name };
    const live = await lookUp<ConfigMap>(this.#api, this.#cache, reference);
    const options = { fieldManager: OPERATOR_FIELD_MANAGER, force: true };
    return live ?? (await this.#api.apply<ConfigMap>(reference, root.body, options));
  }

  async #makeCopy(
    { namespace }: ClusterIdentity,
    { resource, body }: ReturnType<typeof copiedObject>,
  ): Promise<Problem | undefined> {
    const { name } = body.metadata;
    const live = await getIfExists(this.#api, { resource, namespace, name });
    const [owner] = body.metadata.ownerReferences ?? [];
    if (live !== undefined) {
      const ours = live.metadata.ownerReferences?.some(({ uid }) => uid === owner?.uid) ?? false;
      return ours ? undefined : objectForeign(`${body.kind ?? ''} ${name}`);
    }
    try {
      await this.#api.create({ resource, namespace }, body);
    } catch (error) {
      // An earlier try whose answer was lost; a stranger's shows at the next look.
      if (!(error instanceof KubernetesApiError) || error.reason !== 'AlreadyExists') throw error;
    }
    return undefined;
  }
}
