import type { Milliseconds } from '../../src/kube/clock.ts';
import {
  KubernetesApiError,
  type DeleteOptions,
  type KubernetesApi,
  type ObjectReference,
} from '../../src/kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../src/kube/kubernetes-object.ts';
import type { Resource } from '../../src/kube/resource.ts';

/** An API server to hold against the cases, and the time that it lives in. */
export interface ConformanceEnvironment {
  /** Where the cases make their objects; nobody else makes any there. */
  readonly namespace: string;
  /** A client of its own: the user is the field manager of what it creates and replaces. */
  client(user: string): KubernetesApi;
  /** Waits for a promise, letting time pass. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Lets time pass. */
  pause(duration: Milliseconds): Promise<void>;
}

/** The objects of one kind, in the namespace of the cases. */
export class Objects<T extends KubernetesObject> {
  readonly resource: Resource;
  readonly #environment: ConformanceEnvironment;
  readonly #prefix: string;

  /** @param prefix what all names begin with, to keep those of one file from those of another */
  constructor(environment: ConformanceEnvironment, resource: Resource, prefix = '') {
    this.resource = resource;
    this.#environment = environment;
    this.#prefix = prefix;
  }

  reference(name: string): ObjectReference & { namespace: string } {
    return { resource: this.resource, namespace: this.#environment.namespace, name: this.#prefix + name };
  }

  /** With the metadata that a body needs. */
  body(name: string, content: object = {}, metadata: object = {}): T {
    const { apiVersion, kind } = this.resource;
    return {
      apiVersion,
      kind,
      metadata: { name: name && this.#prefix + name, ...metadata },
      ...content,
    } as unknown as T;
  }

  get(name: string): Promise<T> {
    return this.#api('reader').get<T>(this.reference(name));
  }

  create(name: string, content: object = {}, metadata: object = {}, user = 'creator'): Promise<T> {
    return this.#api(user).create(this.reference(name), this.body(name, content, metadata));
  }

  replace(name: string, body: T, user = 'writer'): Promise<T> {
    return this.#api(user).replace(this.reference(name), body);
  }

  patch(name: string, patch: object, user = 'patcher'): Promise<T> {
    return this.#api(user).mergePatch<T>(this.reference(name), patch);
  }

  apply(name: string, content: object, options: { manager: string; force?: boolean; metadata?: object }): Promise<T> {
    const { manager, force = false, metadata = {} } = options;
    const body = this.body(name, content, metadata);
    return this.#api(manager).apply<T>(this.reference(name), body, { fieldManager: manager, force });
  }

  delete(name: string, options: DeleteOptions = {}): Promise<void> {
    return this.#api('deleter').delete(this.reference(name), options);
  }

  #api(user: string): KubernetesApi {
    return this.#environment.client(user);
  }
}

/** Why a call was refused. @throws Error when it was not */
export async function refusal(call: Promise<unknown>): Promise<Pick<KubernetesApiError, 'reason' | 'status'>> {
  const outcome: unknown = await call.then(
    (answer) => ({ answer }),
    (error: unknown) => error,
  );
  if (outcome instanceof KubernetesApiError) return { reason: outcome.reason, status: outcome.status };
  throw new Error(`not refused: ${JSON.stringify(outcome)}`);
}

/** The fields that a refusal names (some it names twice). */
export async function refusedFields(call: Promise<unknown>): Promise<(string | undefined)[]> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof KubernetesApiError) return [...new Set(error.causes.map(({ field }) => field))];
  throw new Error('not refused');
}
