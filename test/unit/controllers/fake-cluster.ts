import { isDeepStrictEqual } from 'node:util';
import type { ObjectCache } from '../../../src/controllers/object-cache.ts';
import { KubernetesApiError } from '../../../src/kube/kubernetes-api.ts';
import type {
  ApiErrorReason,
  ApplyOptions,
  DeleteOptions,
  KubernetesApi,
  ObjectReference,
  Selection,
  WatchEvent,
} from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import type { Resource } from '../../../src/kube/resource.ts';

export interface Write {
  readonly verb: 'create' | 'replace' | 'apply' | 'status' | 'patch' | 'delete';
  /** As in `Service impala-statestore`. */
  readonly object: string;
  readonly body: KubernetesObject;
}

/**
 * As much of an API server as the controllers see, and a cache that is never behind. Apply merges objects and replaces
 * lists; what that does not change keeps its version.
 */
export class FakeCluster implements KubernetesApi, ObjectCache {
  readonly writes: Write[] = [];
  readonly reads: string[] = [];
  readonly #objects = new Map<string, KubernetesObject>();
  /** What was applied last, by object: what a later apply no longer states is removed. */
  readonly #applied = new Map<string, object>();
  readonly #refusals = new Map<string, ApiErrorReason>();
  #version = 1000;
  #uids = 0;

  /** Every write of that object (`<kind> <name>`) fails like this; nothing heals it. */
  refuse(object: string, reason?: ApiErrorReason): void {
    if (reason === undefined) this.#refusals.delete(object);
    else this.#refusals.set(object, reason);
  }

  /** Puts an object there as somebody else would. */
  put<T extends KubernetesObject>(resource: Resource, object: T): T {
    const key = keyOf(resource, object.metadata.namespace, object.metadata.name);
    return this.#store(key, { apiVersion: resource.apiVersion, kind: resource.kind, ...clone(object) }) as T;
  }

  /** Changes an object as somebody else would. */
  edit<T extends KubernetesObject>(
    resource: Resource,
    name: string,
    change: (object: T) => void,
    namespace = 'shop',
  ): T {
    const object = clone(this.#must(keyOf(resource, namespace, name)));
    change(object as T);
    return this.#store(keyOf(resource, namespace, name), object) as T;
  }

  remove(resource: Resource, name: string, namespace = 'shop'): void {
    this.#objects.delete(keyOf(resource, namespace, name));
  }

  get<T extends KubernetesObject>(object: ObjectReference): Promise<T>;
  get<T extends KubernetesObject>(resource: Resource, namespace: string, name: string): T | undefined;
  get<T extends KubernetesObject>(
    target: ObjectReference | Resource,
    namespace?: string,
    name?: string,
  ): Promise<T> | T | undefined {
    if ('resource' in target) return this.#read(target) as Promise<T>;
    return this.#objects.get(keyOf(target, namespace, name ?? '')) as T | undefined;
  }

  list<T extends KubernetesObject>(selection: Selection): Promise<KubernetesList<T>>;
  list<T extends KubernetesObject>(resource: Resource, namespace: string): readonly T[];
  list<T extends KubernetesObject>(
    target: Selection | Resource,
    namespace?: string,
  ): Promise<KubernetesList<T>> | readonly T[] {
    if (!('resource' in target)) return this.#of<T>(target, namespace);
    this.reads.push(`list ${target.resource.kind}`);
    const wanted = (target.labelSelector ?? '').split(',').map((pair) => pair.split('='));
    const items = this.#of<T>(target.resource, target.namespace).filter(({ metadata }) =>
      wanted.every(([key = '', value]) => key === '' || metadata.labels?.[key] === value),
    );
    return Promise.resolve({ metadata: { resourceVersion: String(this.#version) }, items });
  }

  async create<T extends KubernetesObject>(object: Omit<ObjectReference, 'name'>, body: T): Promise<T> {
    const key = keyOf(object.resource, object.namespace, body.metadata.name);
    this.#write('create', body);
    if (this.#objects.has(key)) throw new KubernetesApiError('create', 'AlreadyExists', 'there is one');
    return this.#store(key, body) as T;
  }

  async replace<T extends KubernetesObject>(object: ObjectReference, body: T): Promise<T> {
    const key = keyOf(object.resource, object.namespace, object.name);
    this.#write('replace', body);
    if (this.#must(key).metadata.resourceVersion !== body.metadata.resourceVersion) {
      throw new KubernetesApiError('replace', 'Conflict', 'not the current version');
    }
    return this.#store(key, body) as T;
  }

  async apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T> {
    const key = keyOf(object.resource, object.namespace, object.name);
    const applied = clone(body) as KubernetesObject;
    this.#write(options.subresource ?? 'apply', applied);
    const live = this.#objects.get(key);
    const { uid } = applied.metadata;
    if (uid !== undefined && live?.metadata.uid !== uid)
      throw new KubernetesApiError('apply', 'Conflict', 'another uid');
    // The status has no other owner: what an apply of it leaves out is removed.
    const base = options.subresource === undefined ? live : { ...live, status: undefined };
    const dropped = options.subresource === undefined ? without(base ?? {}, this.#applied.get(key), applied) : base;
    if (options.subresource === undefined) this.#applied.set(key, applied);
    const merged = merge(dropped ?? {}, applied) as KubernetesObject;
    return (live !== undefined && isDeepStrictEqual(live, merged) ? live : this.#store(key, merged)) as T;
  }

  async mergePatch<T extends KubernetesObject>(object: ObjectReference, patch: object): Promise<T> {
    const key = keyOf(object.resource, object.namespace, object.name);
    const live = this.#must(key);
    const { uid } = (patch as Partial<KubernetesObject>).metadata ?? {};
    if (uid !== undefined && uid !== live.metadata.uid)
      throw new KubernetesApiError('patch', 'Conflict', 'another uid');
    const merged = merge(live, clone(patch)) as KubernetesObject;
    this.#write('patch', merged);
    return this.#store(key, merged) as T;
  }

  /** Takes what the object owns along, as the garbage collector does. */
  async delete({ resource, namespace, name }: ObjectReference, { uid }: DeleteOptions = {}): Promise<void> {
    const key = keyOf(resource, namespace, name);
    const live = this.#must(key);
    if (uid !== undefined && uid !== live.metadata.uid)
      throw new KubernetesApiError('delete', 'Conflict', 'another uid');
    this.#write('delete', live);
    this.#objects.delete(key);
    for (const [other, { metadata }] of this.#objects) {
      if (metadata.ownerReferences?.some((owner) => owner.uid === live.metadata.uid)) this.#objects.delete(other);
    }
  }

  async *watch<T extends KubernetesObject>(): AsyncGenerator<WatchEvent<T>, void, undefined> {
    throw new Error('not used');
  }

  async #read({ resource, namespace, name }: ObjectReference): Promise<KubernetesObject> {
    const stored = this.#objects.get(keyOf(resource, namespace, name));
    // All nodes are well, unless a test says otherwise.
    if (resource.kind === 'Node' && stored === undefined) return READY_NODE;
    this.reads.push(`get ${resource.kind} ${name}`);
    return this.#must(keyOf(resource, namespace, name));
  }

  #of<T extends KubernetesObject>({ kind }: Resource, namespace: string | undefined): T[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${kind}/${namespace ?? ''}`))
      .map(([, object]) => object as T);
  }

  #must(key: string): KubernetesObject {
    const object = this.#objects.get(key);
    if (object === undefined) throw new KubernetesApiError('get', 'NotFound', `there is no ${key}`);
    return object;
  }

  #write(verb: Write['verb'], body: KubernetesObject): void {
    const object = `${body.kind ?? ''} ${body.metadata.name}`;
    const refusal = this.#refusals.get(object);
    if (refusal !== undefined) throw new KubernetesApiError(`${verb} ${object}`, refusal, 'refused by the test');
    this.writes.push({ verb, object, body });
  }

  #store(key: string, object: KubernetesObject): KubernetesObject {
    const uid = object.metadata.uid ?? `uid-${++this.#uids}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(++this.#version) } };
    this.#objects.set(key, stored);
    return stored;
  }
}

const READY_NODE = { metadata: { name: 'node' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } };

const keyOf = ({ kind }: Resource, namespace: string | undefined, name: string): string =>
  `${kind}/${namespace ?? ''}/${name}`;

/** As it goes over the wire. (structuredClone makes objects of another realm than a test's, which are never strictly equal.) */
const clone = <T>(object: T): T => JSON.parse(JSON.stringify(object)) as T;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The live object without the fields that were applied before and are not any more. */
function without(live: object, before: object | undefined, applied: object): object {
  const kept = Object.entries(live).flatMap(([key, value]): [string, unknown][] => {
    const [old, now] = [before, applied].map((object) => (object as Record<string, unknown> | undefined)?.[key]);
    if (old === undefined) return [[key, value]];
    if (now === undefined) return [];
    return [[key, isObject(value) && isObject(old) && isObject(now) ? without(value, old, now) : value]];
  });
  return Object.fromEntries(kept);
}

function merge(live: object, applied: object): object {
  const merged: Record<string, unknown> = { ...live };
  for (const [key, value] of Object.entries(applied)) {
    const old = merged[key];
    merged[key] = isObject(value) && isObject(old) ? merge(old, value) : value;
  }
  return merged;
}
