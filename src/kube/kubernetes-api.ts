import type { Milliseconds } from './clock.ts';
import type { KubernetesList, KubernetesObject } from './kubernetes-object.ts';
import type { Resource } from './resource.ts';

/** What bounds one call. There is no call without a deadline. */
export interface CallOptions {
  /** The whole call, from the first byte sent to the last byte read; default 10 s. */
  timeout?: Milliseconds;
  signal?: AbortSignal;
}

/** Which object a call is about; `namespace` is absent only for kinds that have none. */
export interface ObjectReference {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
}

/** Which objects a list or a watch is about; without a namespace, those of all. */
export interface Selection {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ApplyOptions extends CallOptions {
  fieldManager: string;
  /** Takes fields over from other managers; otherwise a conflict is an error of reason `Conflict`. */
  force?: boolean;
  subresource?: 'status';
}

export interface DeleteOptions extends CallOptions {
  /** Deletes only the object with this uid; another one of the name is a `Conflict`. */
  uid?: string;
  gracePeriodSeconds?: number;
}

export interface WatchOptions {
  /**
   * Only what came after this version. Empty: first everything that there is, as ADDED, at a state that may be somewhat
   * old, then what comes after it.
   */
  resourceVersion: string;
  /** Ends the stream, without an error. */
  signal: AbortSignal;
  /** After how long without a byte the stream counts as dead (bookmarks come about once a minute); default 90 s. */
  silence?: Milliseconds;
}

export type WatchEvent<T extends KubernetesObject> =
  { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T } | { type: 'BOOKMARK'; resourceVersion: string };

/**
 * The Kubernetes API, as much of it as the product uses. All methods throw {@link KubernetesApiError} and nothing else.
 * No write is sent twice by itself: who must know whether one took place (the lease election) decides that alone,
 * everybody else wraps the API in {@link RetryingKubernetesApi}. (A read that meets a dead idle connection may be.)
 */
export interface KubernetesApi {
  /** A quorum read (no resourceVersion is sent): it sees every write that was answered before it was sent. */
  get<T extends KubernetesObject>(object: ObjectReference, options?: CallOptions): Promise<T>;
  /** Lists everything, page by page. */
  list<T extends KubernetesObject>(selection: Selection, options?: CallOptions): Promise<KubernetesList<T>>;
  create<T extends KubernetesObject>(object: Omit<ObjectReference, 'name'>, body: T, options?: CallOptions): Promise<T>;
  /** PUT of the whole object. With the uid and resourceVersion of a read it is a compare-and-swap. */
  replace<T extends KubernetesObject>(object: ObjectReference, body: T, options?: CallOptions): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubernetesObject>(object: ObjectReference, body: object, options: ApplyOptions): Promise<T>;
  /** JSON merge patch. */
  mergePatch<T extends KubernetesObject>(object: ObjectReference, patch: object, options?: CallOptions): Promise<T>;
  delete(object: ObjectReference, options?: DeleteOptions): Promise<void>;
  /**
   * A watch from a resourceVersion on. The iteration ends when the server closes the stream or the signal is aborted;
   * a version that is too old throws reason `Expired`, a stream that fell silent throws `Timeout`.
   */
  watch<T extends KubernetesObject>(selection: Selection, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}

/** Why a call failed: also the label of the metric that counts it. */
export type ApiErrorReason =
  | 'NotFound'
  | 'AlreadyExists'
  /** 409: the resourceVersion or uid is not the current one, or, at an apply, somebody else owns a field. */
  | 'Conflict'
  /** 400, 422, 413, 415, other 4xx, and a 500 for a body that does not fit the schema: the request will stay wrong. */
  | 'Invalid'
  | 'Unauthorized'
  | 'Forbidden'
  /** 410: the resourceVersion is no longer kept. */
  | 'Expired'
  | 'TooManyRequests'
  /** 5xx. */
  | 'ServerError'
  /** No whole answer within the call's deadline, or a watch that fell silent. */
  | 'Timeout'
  /** No connection, or one that broke. */
  | 'Disconnected'
  /** The caller's signal. */
  | 'Aborted';

export class KubernetesApiError extends Error {
  override readonly name = 'KubernetesApiError';
  readonly reason: ApiErrorReason;
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** How long the server asks to wait before the next try (Retry-After). */
  readonly retryAfter: Milliseconds | undefined;
  /** The field paths and messages of a 422, for people. */
  readonly causes: readonly { field?: string; message?: string }[];

  /** @param doing what was being done, as in "get Lease default/impala-statestore" */
  constructor(
    doing: string,
    reason: ApiErrorReason,
    message: string,
    details: {
      status?: number;
      retryAfter?: Milliseconds;
      causes?: { field?: string; message?: string }[];
      cause?: unknown;
    } = {},
  ) {
    super(`${doing}: ${message}`, { cause: details.cause });
    this.reason = reason;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
    this.causes = details.causes ?? [];
  }

  /** Whether the very object that a write was bound to, by uid or resourceVersion, is not there any more as it was. */
  get boundObjectChanged(): boolean {
    return this.reason === 'NotFound' || this.reason === 'Conflict';
  }

  /**
   * Whether a write that failed like this may have taken place all the same, now or later: no answer proves nothing, and
   * a 5xx may come from a proxy or from an API server that lost its etcd in mid-write.
   */
  get outcomeUnknown(): boolean {
    return (
      this.reason === 'Timeout' ||
      this.reason === 'Disconnected' ||
      this.reason === 'ServerError' ||
      this.reason === 'Aborted'
    );
  }
}
