import { failureOfStatus } from '../kube/api-failure.ts';
import type { Milliseconds } from '../kube/clock.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { Resource } from '../kube/resource.ts';
import { describeLocation } from '../kube/resource-path.ts';

export type Verb = 'get' | 'list' | 'create' | 'replace' | 'apply' | 'patch' | 'delete' | 'watch';

interface ApiCallFields {
  readonly user: string;
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  /** Absent for lists and watches; of a create, the name in the body. */
  readonly name?: string | undefined;
  readonly subresource?: 'status' | undefined;
  /** What is to be written. */
  readonly body?: object | undefined;
}

/** One call of one client, as the wire and the server's authorization see it. */
export class ApiCall implements ApiCallFields {
  readonly user: string;
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: 'status' | undefined;
  readonly body: object | undefined;

  constructor(fields: ApiCallFields) {
    this.user = fields.user;
    this.verb = fields.verb;
    this.resource = fields.resource;
    this.namespace = fields.namespace;
    this.name = fields.name;
    this.subresource = fields.subresource;
    this.body = fields.body;
  }

  /** For people, as in "get Lease default/impala-statestore". */
  get doing(): string {
    return `${this.verb} ${describeLocation(this)}`;
  }
}

/** An open watch, as what stands between server and client can disturb it. */
export interface WatchStream {
  readonly call: ApiCall;
  /** False once it has ended, on whichever side. */
  readonly open: boolean;
  /** Ends it as a server does that closes its streams: the client's iteration ends after what was delivered. */
  end(): void;
  /** Breaks it: the client's iteration throws after what was delivered. */
  fail(error: KubernetesApiError): void;
}

/**
 * What stands between one client and the server: the network, proxies, the server's own moods. A simulation injects its
 * faults here; the store itself knows none. The client's deadline and abort signal count outside of it: whatever the
 * interceptor does with a call, its client hears `Timeout` or `Aborted` when it is over, and a write may still land.
 */
export interface Interceptor {
  /**
   * One request and its answer (of a watch, its opening). Calling `handle` is the moment at which the request reaches
   * the server and takes effect, at once and as a whole; it returns the answer or throws the server's refusal. So:
   * wait before it (latency; longer than the client's deadline, and the write lands late) or after it, throw instead of
   * it (refused, nothing written) or after it (the answer is lost), never call it, never settle.
   */
  exchange?<T>(call: ApiCall, handle: () => T): Promise<T>;
  /** A watch was opened. */
  onWatch?(stream: WatchStream): void;
  /**
   * An event or bookmark is on its way. `forward` hands it to the client: now, later, or never (the stream stalls).
   * Whoever delays must keep the order, as a connection does.
   */
  deliver?(stream: WatchStream, forward: () => void): void;
}

/** The error that the REST client makes of an answer that refuses a call: 401, 409, 429, 500, whatever else. */
export function refusal(
  call: ApiCall,
  status: number,
  message: string = `HTTP ${status}`,
  retryAfter?: Milliseconds,
): KubernetesApiError {
  return failureOfStatus(call.doing, status, { message }, retryAfter);
}

/** The error that the REST client makes of a connection that broke: whether the call took effect cannot be seen. */
export function brokenConnection(call: ApiCall, message = 'socket hang up'): KubernetesApiError {
  return new KubernetesApiError(call.doing, 'Disconnected', message);
}
