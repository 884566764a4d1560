import type { Clock, Milliseconds } from '../kube/clock.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Resource } from '../kube/resource.ts';
import type { ObjectWrites } from './object-writes.ts';
import { keyOf, type Change, type VersionedStore } from './versioned-store.ts';

interface Dependent {
  readonly resource: Resource;
  readonly object: KubernetesObject;
}

/**
 * Deletes objects, some time later, all of whose owners have gone or never were (by uid). Deleting in the background is
 * all it knows: neither foreground deletion nor orphaning.
 */
export class GarbageCollector {
  readonly #store: VersionedStore;
  readonly #writes: ObjectWrites;
  readonly #clock: Clock;
  readonly #delay: Milliseconds;
  readonly #uids = new Set<string>();
  readonly #dependents = new Map<string, Dependent>();

  constructor(store: VersionedStore, writes: ObjectWrites, clock: Clock, delay: Milliseconds) {
    this.#store = store;
    this.#writes = writes;
    this.#clock = clock;
    this.#delay = delay;
  }

  start(): void {
    this.#store.listen((change) => this.#onChange(change));
  }

  #onChange({ type, resource, object }: Change): void {
    const { uid = '', namespace, name, ownerReferences = [] } = object.metadata;
    const key = `${resource.apiVersion}/${resource.plural}/${keyOf(namespace, name)}`;
    if (type === 'DELETED') {
      this.#uids.delete(uid);
      this.#dependents.delete(key);
      const orphaned = [...this.#dependents.values()].some((dependent) => isOwnedBy(dependent.object, uid));
      if (orphaned) this.#collectLater();
      return;
    }
    this.#uids.add(uid);
    if (ownerReferences.length === 0) {
      this.#dependents.delete(key);
      return;
    }
    this.#dependents.set(key, { resource, object });
    if (this.#isGarbage(object)) this.#collectLater();
  }

  #collectLater(): void {
    this.#clock.setTimer(this.#delay, () => this.#collect());
  }

  #collect(): void {
    for (const { resource, object } of [...this.#dependents.values()]) {
      const { name, namespace, uid = '', deletionTimestamp } = object.metadata;
      if (!this.#isGarbage(object) || deletionTimestamp !== undefined || !this.#uids.has(uid)) continue;
      this.#writes.delete({ resource, name, ...(namespace === undefined ? {} : { namespace }) }, { uid });
    }
  }

  #isGarbage({ metadata }: KubernetesObject): boolean {
    const { ownerReferences = [] } = metadata;
    return ownerReferences.length > 0 && ownerReferences.every(({ uid }) => !this.#uids.has(uid));
  }
}

const isOwnedBy = ({ metadata }: KubernetesObject, uid: string): boolean =>
  metadata.ownerReferences?.some((reference) => reference.uid === uid) ?? false;
