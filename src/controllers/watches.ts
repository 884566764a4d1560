import { isDeepStrictEqual } from 'node:util';
import { labels, OPERATOR_FIELD_MANAGER, PAIR_COMPONENTS } from '../api/names.ts';
import type { KubernetesObject, Lease } from '../kube/kubernetes-object.ts';
import type { Selection } from '../kube/kubernetes-api.ts';
import { ListWatch } from '../kube/list-watch.ts';
import type { WatchEnvironment } from '../kube/object-watch.ts';
import {
  configMaps,
  endpointSlices,
  leases,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  services,
  statefulSets,
} from '../kube/resource.ts';
import type { Resource } from '../kube/resource.ts';
import { SERVICE_NAME_LABEL, SLICE_MANAGER_LABEL } from './build/endpoint-slice.ts';
import { impalaClusters } from '../api/impala-clusters.ts';
import type { ObjectCache } from './object-cache.ts';

const OWN = `${labels.managedBy}=${OPERATOR_FIELD_MANAGER}`;
/** All slices but those that Kubernetes makes for Services with a selector: foreign ones of our Services are among them. */
const NOT_OF_KUBERNETES = `${SLICE_MANAGER_LABEL}!=endpointslice-controller.k8s.io`;

const WATCHED: readonly { readonly resource: Resource; readonly labelSelector?: string }[] = [
  { resource: impalaClusters },
  { resource: endpointSlices, labelSelector: NOT_OF_KUBERNETES },
  ...[pods, statefulSets, services, leases, configMaps, serviceAccounts, roles, roleBindings, podDisruptionBudgets].map(
    (resource) => ({ resource, labelSelector: OWN }),
  ),
];

/** The keys of the clusters that an object may be part of. */
export function keysOf(resource: Resource, { metadata }: KubernetesObject): string[] {
  const { namespace = '', name } = metadata;
  if (resource.kind === impalaClusters.kind) return [`${namespace}/${name}`];
  const cluster = metadata.labels?.[labels.cluster];
  if (cluster !== undefined) return [`${namespace}/${cluster}`];
  // A foreign slice is known by the Service that it speaks for.
  const service = metadata.labels?.[SERVICE_NAME_LABEL] ?? '';
  return PAIR_COMPONENTS.filter((component) => service.endsWith(`-${component}`)).map(
    (component) => `${namespace}/${service.slice(0, -component.length - 1)}`,
  );
}

/**
 * Whether a change is worth a look: anything but the renewals of Leases, which come every few seconds. A cluster's status
 * is our own work, but an earlier one of ours may land late, on top of a later one.
 */
export function isNews(
  resource: Resource,
  old: KubernetesObject | undefined,
  now: KubernetesObject | undefined,
): boolean {
  if (old === undefined || now === undefined) return true;
  return resource.kind !== leases.kind || !isDeepStrictEqual(withoutRenewal(old), withoutRenewal(now));
}

const withoutVersion = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: '', managedFields: [] },
});

const withoutRenewal = (object: KubernetesObject): object => {
  const { spec, ...rest } = object as Lease;
  return { ...withoutVersion(rest), spec: { ...spec, renewTime: '' } };
};

export interface ClusterWatchesOptions {
  readonly environment: WatchEnvironment;
  /** Only this namespace; all when it is left out. */
  readonly namespace?: string;
  /** Called with the key of each cluster that should be looked at. */
  readonly onNews: (key: string) => void;
  readonly onError: (resource: Resource, error: unknown) => void;
  /** Called with every change: with the object, as it was last when it has gone, and as it is now, if it is. */
  readonly onSeen?: (resource: Resource, object: KubernetesObject, now: KubernetesObject | undefined) => void;
}

/** The watches of all kinds that clusters are made of, and what they have brought. */
export class ClusterWatches implements ObjectCache {
  readonly #watches: ReadonlyMap<string, ListWatch<KubernetesObject>>;

  constructor({ environment, namespace, onNews, onError, onSeen }: ClusterWatchesOptions) {
    this.#watches = new Map(
      WATCHED.map(({ resource, labelSelector }) => {
        const selection: Selection = {
          resource,
          ...(namespace && { namespace }),
          ...(labelSelector && { labelSelector }),
        };
        const onChange = (old: KubernetesObject | undefined, now: KubernetesObject | undefined): void => {
          const object = now ?? old;
          if (object !== undefined) onSeen?.(resource, object, now);
          if (!isNews(resource, old, now)) return;
          const keys = [old, now].flatMap((object) => (object === undefined ? [] : keysOf(resource, object)));
          for (const key of new Set(keys)) onNews(key);
        };
        const watch = new ListWatch<KubernetesObject>(environment, {
          selection,
          onChange,
          onError: (error) => onError(resource, error),
        });
        return [resource.kind, watch];
      }),
    );
  }

  /** Runs until aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.run(signal)));
  }

  hasSynced(): boolean {
    return [...this.#watches.values()].every((watch) => watch.hasSynced());
  }

  /** @returns false when it was aborted first */
  async waitForSync(signal: AbortSignal): Promise<boolean> {
    const synced = await Promise.all([...this.#watches.values()].map((watch) => watch.waitForSync(signal)));
    return synced.every(Boolean);
  }

  /** When each kind was last heard of, on the monotonic clock. */
  lastContacts(): { kind: string; at: number | undefined }[] {
    return [...this.#watches].map(([kind, watch]) => ({ kind, at: watch.lastContact }));
  }

  /** The keys of all clusters. */
  keys(): string[] {
    return this.#of(impalaClusters)
      .list()
      .map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
  }

  get<T extends KubernetesObject>(resource: Resource, namespace: string, name: string): T | undefined {
    return this.#of(resource).get(namespace, name) as T | undefined;
  }

  list<T extends KubernetesObject>(resource: Resource, namespace: string): readonly T[] {
    return this.#of(resource).list(namespace) as T[];
  }

  #of({ kind }: Resource): ListWatch<KubernetesObject> {
    const watch = this.#watches.get(kind);
    if (watch === undefined) throw new Error(`${kind} is not watched`);
    return watch;
  }
}
