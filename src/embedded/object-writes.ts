import type { Clock } from '../kube/clock.ts';
import type { ApplyOptions, DeleteOptions, ObjectReference } from '../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Random } from '../kube/random.ts';
import { applyFields } from './apply-fields.ts';
import { ownersAfterUpdate, sameOwners, type FieldManager, type FieldOwner } from './field-owner.ts';
import { changesBetween } from './field-set.ts';
import { decoded } from './immutable.ts';
import type { ApiCall } from './interceptor.ts';
import { isFields, sameJson } from './json.ts';
import type { KindRules } from './kind-rules.ts';
import { namespaces } from './kinds/builtin-kinds.ts';
import type { KindCatalog } from './kinds/kind-catalog.ts';
import { mergeSchemaOf, type MergeSchema } from './merge-schema.ts';
import { decodeMetadata, SERVER_OWNED, type StoredMeta } from './metadata-rules.ts';
import { alreadyExists, badRequest, internalError, invalid, notFound } from './status-error.ts';
import { randomUid } from './uid.ts';
import type { StoredObject, VersionedStore } from './versioned-store.ts';
import {
  checkAddress,
  checkNotMarked,
  checkSameUid,
  checkUid,
  checkValid,
  checkVersion,
  type Target,
} from './write-checks.ts';

const DEFAULT_GRACE_PERIOD_SECONDS = 30;

export interface ObjectWritesOptions {
  readonly store: VersionedStore;
  readonly kinds: KindCatalog;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether a namespace must exist as an object before anything is created in it. */
  readonly namespacesMustExist: boolean;
}

/**
 * The writes of an API server. Each decides on the present state and takes effect at once.
 * All throw StatusError.
 */
export class ObjectWrites {
  readonly #store: VersionedStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #kinds: KindCatalog;
  readonly #namespacesMustExist: boolean;

  constructor({ store, kinds, clock, random, namespacesMustExist }: ObjectWritesOptions) {
    this.#store = store;
    this.#kinds = kinds;
    this.#clock = clock;
    this.#random = random;
    this.#namespacesMustExist = namespacesMustExist;
  }

  create(call: ApiCall, sent: KubernetesObject): KubernetesObject {
    const body = decoded(sent);
    const { name = '', resourceVersion = '' } = body.metadata;
    const target: Target = { resource: call.resource, name, ...namespaceOf(call) };
    checkAddress(target, body);
    if (name === '') throw invalid(target, [{ field: 'metadata.name', message: 'Required value' }]);
    if (resourceVersion !== '') throw internalError('resourceVersion should not be set on objects to be created');
    if (this.#find(target) !== undefined) throw alreadyExists(target);
    return this.#insert(target, body, this.#ownersOfNew(target, { manager: call.user, ...UPDATE }));
  }

  replace(target: Target, sent: KubernetesObject, manager: string): KubernetesObject {
    const body = decoded(sent);
    checkAddress(target, body);
    const stored = this.#find(target);
    const rules = this.#kinds.rulesOf(target.resource);
    const { uid = '', resourceVersion = '' } = body.metadata;
    if (stored === undefined && rules.createsOnReplace !== true) throw notFound(target);
    checkUid(target, uid, stored);
    const by: FieldManager = { manager, operation: 'Update', subresource: target.subresource };
    if (stored === undefined) {
      // Whatever resourceVersion it was read with: only a uid keeps a deleted object from coming back.
      return this.#insert(target, body, this.#ownersOfNew(target, by));
    }
    if (resourceVersion === '' && rules.replacesUnconditionally !== true) {
      const message = 'Invalid value: 0: must be specified for an update';
      throw invalid(target, [{ field: 'metadata.resourceVersion', message }]);
    }
    checkVersion(target, resourceVersion, stored);
    return this.#update(target, stored, body, by);
  }

  /** @param change what the patch makes of the present object */
  patch(target: Target, change: (object: KubernetesObject) => unknown, manager: string): KubernetesObject {
    const stored = this.#existing(target);
    const body = decoded(change(stored.object) as KubernetesObject);
    checkAddress(target, body);
    checkSameUid(target, body.metadata.uid, stored);
    checkVersion(target, body.metadata.resourceVersion ?? '', stored);
    return this.#update(target, stored, body, { manager, operation: 'Update', subresource: target.subresource });
  }

  apply(target: Target, sent: object, { fieldManager, force = false }: ApplyOptions): KubernetesObject {
    const applied = decoded(sent) as KubernetesObject;
    if (!isFields(applied.metadata)) throw badRequest('the object has no metadata');
    checkAddress(target, applied);
    const { uid = '', resourceVersion = '' } = applied.metadata;
    const stored = this.#find(target);
    if (stored === undefined) checkUid(target, uid, stored);
    else checkSameUid(target, uid, stored);
    const manager: FieldManager = { manager: fieldManager, operation: 'Apply', subresource: target.subresource };
    const rules = this.#kinds.rulesOf(target.resource);
    if (stored === undefined) {
      if (target.subresource !== undefined) throw notFound(target);
      const { object, owners } = applyFields(target, undefined, applied, { rules, manager, force });
      return this.#insert(target, object, () => owners);
    }
    checkVersion(target, resourceVersion, stored);
    const { object, owners } = applyFields(target, stored, applied, { rules, manager, force });
    return this.#commit(target, stored, this.#successor(target, stored, object), () => owners);
  }

  /** Writes the status and nothing else. */
  replaceStatus(target: ObjectReference, status: object, manager: string): KubernetesObject {
    const stored = this.#existing(target);
    const body = { ...stored.object, status: decoded(status) } as KubernetesObject;
    return this.#update({ ...target, subresource: 'status' }, stored, body, {
      manager,
      operation: 'Update',
      subresource: 'status',
    });
  }

  delete(target: ObjectReference, { uid, gracePeriodSeconds }: DeleteOptions = {}): void {
    const stored = this.#existing(target);
    if (uid !== undefined) checkUid(target, uid, stored);
    const { object, owners } = stored;
    const metadata = object.metadata as StoredMeta;
    const rules = this.#kinds.rulesOf(target.resource);
    const grace = gracePeriodOf(rules, object, gracePeriodSeconds);
    const held = (metadata.finalizers?.length ?? 0) > 0;
    if (grace === 0 && !held) {
      this.#store.remove(target.resource, object);
      return;
    }
    if (metadata.deletionTimestamp !== undefined && grace >= (metadata.deletionGracePeriodSeconds ?? 0)) return;
    const deletionTimestamp = time(this.#clock.date().getTime() + grace * 1000);
    const { generation } = metadata;
    const deleting = {
      ...metadata,
      deletionTimestamp,
      deletionGracePeriodSeconds: grace,
      ...(generation === undefined ? {} : { generation: generation + 1 }),
    };
    this.#store.put(target.resource, { ...object, metadata: deleting }, owners);
  }

  #mergeSchemaOf({ resource }: Target): MergeSchema {
    return this.#kinds.rulesOf(resource).mergeSchema ?? mergeSchemaOf(resource.kind);
  }

  #ownersOfNew(target: Target, manager: FieldManager): (object: KubernetesObject) => readonly FieldOwner[] {
    return (object) => ownersAfterUpdate([], manager, changesBetween({}, object, this.#mergeSchemaOf(target)));
  }

  #find({ resource, namespace, name }: ObjectReference): StoredObject | undefined {
    return this.#store.get(resource, namespace, name);
  }

  #existing(target: ObjectReference): StoredObject {
    const stored = this.#find(target);
    if (stored === undefined) throw notFound(target);
    return stored;
  }

  #insert(
    target: Target,
    body: KubernetesObject,
    ownersOf: (object: KubernetesObject) => readonly FieldOwner[],
  ): KubernetesObject {
    const { resource, namespace, name } = target;
    this.#checkNamespace(namespace);
    const rules = this.#kinds.rulesOf(resource);
    const metadata: StoredMeta = {
      ...decodeMetadata(body),
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid: randomUid(this.#random),
      creationTimestamp: time(this.#clock.date().getTime()),
      ...(rules.hasGeneration === true ? { generation: 1 } : {}),
    };
    const { status: _status, ...rest } = body as KubernetesObject & { status?: unknown };
    const { initialStatus } = rules;
    const content = {
      ...(rules.hasStatus === true ? rest : body),
      ...typeOf(target),
      metadata,
      ...(initialStatus && { status: initialStatus }),
    };
    const object = rules.decode?.(content) ?? content;
    checkValid(rules, target, object, undefined);
    return this.#store.put(resource, object, ownersOf(object));
  }

  #checkNamespace(name: string | undefined): void {
    if (name === undefined || !this.#namespacesMustExist) return;
    const namespace: ObjectReference = { resource: namespaces, name };
    if (this.#find(namespace) === undefined) throw notFound(namespace);
  }

  #update(target: Target, stored: StoredObject, body: KubernetesObject, manager: FieldManager): KubernetesObject {
    const successor = this.#successor(target, stored, body);
    return this.#commit(target, stored, successor, (owners) => {
      const changes = changesBetween(stored.object, successor, this.#mergeSchemaOf(target));
      return ownersAfterUpdate(owners, manager, changes);
    });
  }

  /** What a body makes of an object: nothing of what only the server or the other subresource writes. */
  #successor(target: Target, { object: old }: StoredObject, body: KubernetesObject): KubernetesObject {
    const rules = this.#kinds.rulesOf(target.resource);
    type WithStatus = KubernetesObject & { status?: unknown };
    if (target.subresource === 'status') {
      const { status: _old, ...rest } = old as WithStatus;
      const { status } = body as WithStatus;
      return status === undefined ? rest : ({ ...rest, status } as WithStatus);
    }
    const oldMetadata = old.metadata as StoredMeta;
    checkNotMarked(target, body, oldMetadata);
    const metadata: StoredMeta = { ...decodeMetadata(body), name: target.name, ...namespaceOf(target) };
    for (const field of SERVER_OWNED) {
      if (oldMetadata[field] !== undefined) Object.assign(metadata, { [field]: oldMetadata[field] });
    }
    let content: WithStatus = { ...body, ...typeOf(target), metadata };
    if (rules.hasStatus === true) {
      const { status: _new, ...rest } = content;
      const { status } = old as WithStatus;
      content = status === undefined ? rest : { ...rest, status };
    }
    return rules.decode?.(content) ?? content;
  }

  /** Writes, unless nothing would change. */
  #commit(
    target: Target,
    stored: StoredObject,
    successor: KubernetesObject,
    ownersOf: (owners: readonly FieldOwner[]) => readonly FieldOwner[],
  ): KubernetesObject {
    const old = stored.object;
    const rules = this.#kinds.rulesOf(target.resource);
    checkValid(rules, target, successor, old);
    const same = sameJson(old, successor);
    const owners = ownersOf(stored.owners);
    if (same && sameOwners(stored.owners, owners)) return old;
    const { deletionTimestamp, finalizers, generation, deletionGracePeriodSeconds } = successor.metadata as StoredMeta;
    const changed =
      generation !== undefined && wants(old, successor, rules.generationCountsLabels)
        ? { ...successor, metadata: { ...successor.metadata, generation: generation + 1 } }
        : successor;
    const released = deletionTimestamp !== undefined && finalizers === undefined && deletionGracePeriodSeconds === 0;
    if (released) return this.#store.remove(target.resource, { ...changed, metadata: { ...changed.metadata } });
    return this.#store.put(target.resource, changed, owners);
  }
}

const UPDATE = { operation: 'Update', subresource: undefined } as const;

const typeOf = ({ resource }: Target): { apiVersion: string; kind: string } => ({
  apiVersion: resource.apiVersion,
  kind: resource.kind,
});

const namespaceOf = ({ namespace }: { namespace?: string | undefined }): { namespace?: string } =>
  namespace === undefined ? {} : { namespace };

/** metadata.creationTimestamp and the like have whole seconds. */
const time = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Whether what the user wants has changed: anything but metadata and status. */
function wants(old: KubernetesObject, now: KubernetesObject, andLabels = false): boolean {
  if (andLabels && !sameJson(old.metadata.labels, now.metadata.labels)) return true;
  const fields = new Set([...Object.keys(old), ...Object.keys(now)]);
  fields.delete('metadata');
  fields.delete('status');
  return [...fields].some((field) => !sameJson((old as never)[field], (now as never)[field]));
}

/** How long kubelet has to stop the containers; nothing for what has none, never ran, or has ended. */
function gracePeriodOf(rules: KindRules, object: KubernetesObject, asked: number | undefined): number {
  if (rules.deletesGracefully !== true) return 0;
  const { spec, status } = object as {
    spec?: { nodeName?: string; terminationGracePeriodSeconds?: number };
    status?: { phase?: string };
  };
  if (spec?.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return 0;
  return asked ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_PERIOD_SECONDS;
}
