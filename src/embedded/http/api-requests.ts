import { parse as parseYaml } from 'yaml';
import type { Clock } from '../../kube/clock.ts';
import type { DeleteOptions, ObjectReference, Selection } from '../../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import { events } from '../../kube/resource.ts';
import type { EmbeddedApiServer } from '../embedded-api-server.ts';
import { evict } from '../eviction.ts';
import { ApiCall, type Verb } from '../interceptor.ts';
import { isFields, mergeJson } from '../json.ts';
import { coreEvents } from '../kinds/builtin-kinds.ts';
import type { ServedKind } from '../kinds/served-kind.ts';
import { badRequest, StatusError } from '../status-error.ts';
import { toCoreEvent, toEventFields } from './core-events.ts';
import { jsonPatch } from './json-patch.ts';
import { readPath, type RequestTarget } from './request-path.ts';
import { readScale, writeScale } from './scale.ts';
import { strategicMerge } from './strategic-merge.ts';
import { tableOf, wantsTable } from './table.ts';

/** An HTTP request, read to its end. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: object;
}

const header = (request: ApiRequest, name: string): string => String(request.headers[name] ?? '');

/** Who writes: as an API server names the manager of a client that does not say. */
export const userOf = (request: ApiRequest): string =>
  request.query.get('fieldManager') ?? (header(request, 'user-agent').split('/')[0] || 'unknown');

/** Requests for objects: everything but discovery and watches. */
export class ApiRequests {
  readonly #server: EmbeddedApiServer;
  readonly #clock: Clock;

  constructor(server: EmbeddedApiServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  /** @throws StatusError */
  answer(request: ApiRequest): ApiAnswer {
    const target = readPath(request.path, this.#server.kinds);
    const dryRun = dryRunOf(request, target);
    if (dryRun.length === 0) return this.#answer(request, target);
    if (dryRun.some((value) => value !== 'All')) throw badRequest(`dryRun: ${dryRun.join()} is not supported, but All`);
    return this.#server.dryRun(() => this.#answer(request, target));
  }

  #answer(request: ApiRequest, target: RequestTarget): ApiAnswer {
    if (target.subresource === 'scale') return this.#scale(request, target);
    if (target.subresource === 'eviction') return this.#evict(request, target);
    if (target.subresource !== undefined && target.subresource !== 'status') {
      throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
    }
    switch (request.method) {
      case 'GET':
        return {
          status: 200,
          body: target.name === undefined ? this.#list(request, target) : this.#get(request, target),
        };
      case 'POST':
        return { status: 201, body: this.#create(request, target) };
      case 'PUT':
        return { status: 200, body: this.#replace(request, target) };
      case 'PATCH':
        return this.#patch(request, target);
      case 'DELETE':
        return { status: 200, body: this.#delete(request, target) };
      default:
        throw new StatusError(405, 'MethodNotAllowed', `${request.method} is not supported`);
    }
  }

  /** What a list or a watch asks for, and in which words its objects are given. */
  selection({ query }: ApiRequest, { kind, namespace, name }: RequestTarget): Selection {
    const isCoreEvent = kind.resource === coreEvents;
    const fieldSelector = [query.get('fieldSelector') ?? '', ...(name === undefined ? [] : [`metadata.name=${name}`])]
      .filter((part) => part !== '')
      .join(',');
    return {
      resource: isCoreEvent ? events : kind.resource,
      ...(namespace === undefined ? {} : { namespace }),
      labelSelector: query.get('labelSelector') ?? '',
      fieldSelector: isCoreEvent ? toEventFields(fieldSelector) : fieldSelector,
    };
  }

  /** An object, or the table row of it, as the client wants it. */
  shown(request: ApiRequest, kind: ServedKind, object: KubernetesObject): object {
    const named = kind.resource === coreEvents ? toCoreEvent(object) : object;
    if (!wantsTable(header(request, 'accept'))) return named;
    const { resourceVersion } = object.metadata;
    return this.#table(request, kind, [named], { resourceVersion });
  }

  #table(request: ApiRequest, kind: ServedKind, objects: readonly KubernetesObject[], metadata: object): object {
    const whole = request.query.get('includeObject') === 'Object';
    return tableOf(kind, objects, { metadata, now: this.#clock.date(), whole });
  }

  #get(request: ApiRequest, target: RequestTarget): object {
    return this.shown(request, target.kind, this.#server.requests.get(this.#call(request, target, 'get')));
  }

  #list(request: ApiRequest, target: RequestTarget): object {
    const { kind } = target;
    const call = this.#call(request, target, 'list');
    const { items, metadata } = this.#server.requests.list(call, this.selection(request, target));
    const named = kind.resource === coreEvents ? items.map(toCoreEvent) : items;
    if (wantsTable(header(request, 'accept'))) return this.#table(request, kind, named, metadata);
    const { apiVersion, kind: name } = kind.resource;
    return { kind: `${name}List`, apiVersion, metadata, items: named };
  }

  #create(request: ApiRequest, target: RequestTarget): object {
    const body = this.#body(request, target.kind);
    const { name, generateName } = body.metadata as { name?: string; generateName?: string };
    const named =
      (name ?? '') === '' && generateName !== undefined
        ? { ...body, metadata: { ...body.metadata, name: generateName + this.#suffix() } }
        : body;
    const call = this.#call(request, { ...target, name: named.metadata.name }, 'create', named);
    return this.shown(request, target.kind, this.#server.requests.create(call, named));
  }

  #replace(request: ApiRequest, target: RequestTarget): object {
    const body = this.#body(request, target.kind);
    const call = this.#call(request, target, 'replace', body);
    return this.shown(request, target.kind, this.#server.requests.replace(call, body));
  }

  #patch(request: ApiRequest, target: RequestTarget): ApiAnswer {
    const { kind } = target;
    const type = header(request, 'content-type').split(';')[0]?.trim();
    if (type === 'application/apply-patch+yaml' || type === 'application/apply-patch+json') {
      return this.#apply(request, target);
    }
    const patch = parseBody(request);
    const change = (object: KubernetesObject): unknown => {
      if (type === 'application/json-patch+json') return jsonPatch(object, patch);
      if (type === 'application/strategic-merge-patch+json' && kind.schema === undefined) {
        return strategicMerge(kind.resource.kind, object, patch);
      }
      if (type === 'application/merge-patch+json') return mergeJson(object, patch);
      throw new StatusError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format: ${type}`);
    };
    const call = this.#call(request, target, 'patch', isFields(patch) ? patch : {});
    const changed = (object: KubernetesObject): unknown => {
      const result = change(object);
      this.#checkFields(request, kind, result as KubernetesObject);
      return result;
    };
    return { status: 200, body: this.shown(request, kind, this.#server.requests.patch(call, changed)) };
  }

  #apply(request: ApiRequest, target: RequestTarget): ApiAnswer {
    const body = parseBody(request);
    if (!isFields(body)) throw badRequest('the body is no object');
    const { query } = request;
    const fieldManager = query.get('fieldManager');
    if (fieldManager === null) throw badRequest('fieldManager is required for apply patch');
    const call = this.#call(request, target, 'apply', body);
    const existed = this.#server.peek(referenceOf(target)) !== undefined;
    const object = this.#server.requests.apply(call, body, {
      fieldManager,
      force: query.get('force') === 'true',
      ...(target.subresource === 'status' ? { subresource: 'status' } : {}),
    });
    return { status: existed ? 200 : 201, body: this.shown(request, target.kind, object) };
  }

  #delete(request: ApiRequest, target: RequestTarget): object {
    const options = deleteOptions(request);
    if (target.name !== undefined) return this.#deleteOne(request, target, options);
    const { items } = this.#server.requests.list(this.#call(request, target, 'list'), this.selection(request, target));
    for (const { metadata } of items) {
      const { name, namespace } = metadata;
      this.#deleteOne(request, { ...target, name, ...(namespace === undefined ? {} : { namespace }) }, options);
    }
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  }

  #deleteOne(request: ApiRequest, target: RequestTarget, options: DeleteOptions): object {
    const call = this.#call(request, target, 'delete');
    const { uid } = this.#server.requests.get(this.#call(request, target, 'get')).metadata;
    this.#server.requests.delete(call, options);
    const left = this.#server.peek(referenceOf(target));
    if (left !== undefined) return left;
    const { name, kind } = target;
    const details = { name, kind: kind.resource.plural, uid };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }

  #evict(request: ApiRequest, target: RequestTarget): ApiAnswer {
    const body = parseBody(request);
    const options = isFields(body) && isFields(body.deleteOptions) ? optionsOf(body.deleteOptions) : {};
    evict(this.#server, referenceOf(target), userOf(request), options);
    return { status: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
  }

  #scale(request: ApiRequest, target: RequestTarget): ApiAnswer {
    const { subresource: _scale, ...whole } = target;
    const call = this.#call(request, whole, 'get');
    const present = readScale(target.kind, this.#server.requests.get(call));
    if (request.method === 'GET') return { status: 200, body: present };
    const body = parseBody(request);
    const wanted =
      request.method === 'PUT' ? body : Array.isArray(body) ? jsonPatch(present, body) : mergeJson(present, body);
    const change = writeScale(target.kind, wanted);
    const object = this.#server.requests.patch(this.#call(request, whole, 'patch', change), (old) =>
      mergeJson(old, change),
    );
    return { status: 200, body: readScale(target.kind, object) };
  }

  #call(request: ApiRequest, target: RequestTarget, verb: Verb, body?: object): ApiCall {
    const { kind, namespace, name, subresource } = target;
    return new ApiCall({
      user: userOf(request),
      verb,
      resource: kind.resource === coreEvents ? events : kind.resource,
      namespace,
      name,
      subresource: subresource === 'status' ? 'status' : undefined,
      body,
    });
  }

  #body(request: ApiRequest, kind: ServedKind): KubernetesObject {
    const body = parseBody(request);
    if (!isFields(body) || !isFields(body.metadata)) throw badRequest('the body is no object with metadata');
    const object = body as unknown as KubernetesObject;
    this.#checkFields(request, kind, object);
    return object;
  }

  /** What `fieldValidation=Strict` refuses: fields that would be dropped. */
  #checkFields({ query }: ApiRequest, { rules, schema }: ServedKind, object: KubernetesObject): void {
    if (schema === undefined || query.get('fieldValidation') !== 'Strict') return;
    const unknown = rules.undeclaredField?.(object);
    if (unknown !== undefined) throw badRequest(`strict decoding error: unknown field "${unknown.slice(1)}"`);
  }

  #suffix(): string {
    return Math.floor(Math.random() * 36 ** 5)
      .toString(36)
      .padStart(5, '0');
  }
}

function referenceOf({ kind, namespace, name = '' }: RequestTarget): ObjectReference {
  return { resource: kind.resource, name, ...(namespace === undefined ? {} : { namespace }) };
}

function parseBody(request: ApiRequest): unknown {
  const { body } = request;
  if (body === '') return {};
  const type = header(request, 'content-type');
  if (type.includes('protobuf')) {
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      'the embedded API server takes JSON and YAML alone, not what `kubectl create KIND` sends: use kubectl apply -f',
    );
  }
  try {
    return type.includes('yaml') && !body.trimStart().startsWith('{') ? parseYaml(body) : (JSON.parse(body) as unknown);
  } catch (error) {
    throw badRequest(`the body cannot be read: ${(error as Error).message}`);
  }
}

/** kubectl asks for it in the query, or, of deletions and evictions, in their options. */
function dryRunOf(request: ApiRequest, { subresource }: RequestTarget): unknown[] {
  const inQuery = request.query.getAll('dryRun');
  if (inQuery.length > 0 || (request.method !== 'DELETE' && subresource !== 'eviction')) return inQuery;
  const body = parseBody(request);
  const options = subresource === 'eviction' && isFields(body) ? body.deleteOptions : body;
  return isFields(options) && Array.isArray(options.dryRun) ? (options.dryRun as unknown[]) : [];
}

function deleteOptions(request: ApiRequest): DeleteOptions {
  const body = parseBody(request);
  const grace = request.query.get('gracePeriodSeconds');
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(isFields(body) ? optionsOf(body) : {}),
  };
}

function optionsOf(body: Readonly<Record<string, unknown>>): DeleteOptions {
  const { gracePeriodSeconds, preconditions } = body;
  const uid = isFields(preconditions) ? preconditions.uid : undefined;
  return {
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    ...(typeof uid === 'string' ? { uid } : {}),
  };
}
