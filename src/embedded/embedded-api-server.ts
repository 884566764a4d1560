import type { Clock, Milliseconds } from '../kube/clock.ts';
import type { KubernetesApi, ObjectReference, Selection } from '../kube/kubernetes-api.ts';
import type { KubernetesList, KubernetesObject } from '../kube/kubernetes-object.ts';
import type { Random } from '../kube/random.ts';
import { EmbeddedClient, type RequestHandler } from './embedded-client.ts';
import type { EmbeddedWatch } from './embedded-watch.ts';
import { GarbageCollector } from './garbage-collector.ts';
import type { ApiCall, Interceptor } from './interceptor.ts';
import { KindCatalog } from './kinds/kind-catalog.ts';
import { ObjectWrites } from './object-writes.ts';
import { badRequest, forbidden, internalError, notFound, StatusError } from './status-error.ts';
import { VersionedStore, type ChangeListener } from './versioned-store.ts';

/** How often an API server sends a bookmark to a watch that wants them. */
const BOOKMARK_INTERVAL: Milliseconds = 60_000;
/** After how long a server ends a watch: what the REST client asks for. */
const WATCH_TIMEOUT: WatchTimeout = { least: 240_000, most: 480_000 };
const HISTORY_LIMIT = 1000;
const GARBAGE_COLLECTION_DELAY: Milliseconds = 500;

interface WatchTimeout {
  readonly least: Milliseconds;
  readonly most: Milliseconds;
}

export interface EmbeddedApiServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How many changes of a kind a watch can go back, at least; default 1000. */
  readonly historyLimit?: number;
  /** How long after its owner a dependent is deleted; default 0.5 s. */
  readonly garbageCollectionDelay?: Milliseconds;
  /** After how long a watch ends, at random between the two; default 4 to 8 minutes. */
  readonly watchTimeout?: WatchTimeout;
  /** Whether a namespace must exist as an object before anything is created in it; default no. */
  readonly namespacesMustExist?: boolean;
  /** Whether a user may make a call; otherwise it is answered 403. Default: everybody may do everything. */
  readonly authorize?: (call: ApiCall) => boolean;
}

/**
 * An API server in memory: as much of Kubernetes' semantics as the product relies on, held against a real server by
 * test/conformance. Each request takes effect at once and as a whole; time passes only where an interceptor lets it.
 * Everything that it answers is frozen and shared. Nothing in it is random but uids and the ends of watches, and these
 * come from the random source given.
 *
 * Left out: `managedFields` in answers, paging (an answer holds everything), RBAC (a hook), admission, defaults of kinds
 * other than Lease and EndpointSlice, and everything that controllers do but garbage collection.
 */
export class EmbeddedApiServer {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #authorize: (call: ApiCall) => boolean;
  readonly #watchTimeout: WatchTimeout;
  readonly #store: VersionedStore;
  readonly #writes: ObjectWrites;
  /** All kinds that it serves. */
  readonly kinds = new KindCatalog();
  /** What it does with requests, without anything between. */
  readonly requests: RequestHandler = {
    get: (call) => this.#handle(call, () => this.#get(call)),
    list: (call, selection) => this.#handle(call, () => this.#list(selection)),
    create: (call, body) => this.#handle(call, () => this.#writes.create(call, body)),
    replace: (call, body) => this.#handle(call, () => this.#writes.replace(named(call), body, call.user)),
    apply: (call, body, options) => this.#handle(call, () => this.#writes.apply(named(call), body, options)),
    patch: (call, change) => this.#handle(call, () => this.#writes.patch(named(call), change, call.user)),
    delete: (call, options) => this.#handle(call, () => this.#writes.delete(named(call), options)),
    watch: (call, selection, version, watch) => this.#handle(call, () => this.#watch(call, selection, version, watch)),
  };

  constructor(options: EmbeddedApiServerOptions) {
    const { clock, random, historyLimit = HISTORY_LIMIT } = options;
    this.#clock = clock;
    this.#random = random;
    this.#authorize = options.authorize ?? (() => true);
    this.#watchTimeout = options.watchTimeout ?? WATCH_TIMEOUT;
    this.#store = new VersionedStore(historyLimit);
    const { namespacesMustExist = false } = options;
    this.#writes = new ObjectWrites({ store: this.#store, kinds: this.kinds, clock, random, namespacesMustExist });
    this.#store.listen((change) => this.kinds.observe(change));
    const delay = options.garbageCollectionDelay ?? GARBAGE_COLLECTION_DELAY;
    new GarbageCollector(this.#store, this.#writes, clock, delay).start();
  }

  /**
   * A client of its own.
   * @param user whom the server takes it for: what `authorize` is asked about, and the field manager of its writes
   * @param interceptor what stands between them; default nothing: answers come without any time passing
   * @param clock what the client counts its deadlines on; default the server's
   */
  client(user = 'admin', interceptor: Interceptor = {}, clock: Clock = this.#clock): KubernetesApi {
    return new EmbeddedClient(clock, this.requests, user, interceptor);
  }

  /** The version of the last write. */
  get resourceVersion(): string {
    return String(this.#store.version);
  }

  /** An object as it is at this moment: for those who check the world, not for those who live in it. */
  peek<T extends KubernetesObject>({ resource, namespace, name }: ObjectReference): T | undefined {
    return this.#store.get(resource, namespace, name)?.object as T | undefined;
  }

  /** All objects of a selection as they are at this moment. */
  peekAll<T extends KubernetesObject>(selection: Selection): T[] {
    return this.#store.list(selection) as T[];
  }

  /** Calls back within every write, at once. @returns ends it */
  onChange(listener: ChangeListener): () => void {
    return this.#store.listen(listener);
  }

  /**
   * Writes a status, as a kubelet or controller does through the subresource.
   * @throws KubernetesApiError NotFound
   */
  setStatus(reference: ObjectReference, status: object, manager = 'kubelet'): KubernetesObject {
    try {
      return this.#writes.replaceStatus(reference, status, manager);
    } catch (error) {
      throw error instanceof StatusError ? error.toApiError('set the status') : error;
    }
  }

  /** What requests would answer, of which none takes effect: a dry run. Within it nothing may wait. */
  dryRun<T>(requests: () => T): T {
    return this.#store.pretend(requests);
  }

  /** Forgets the history, as etcd's compaction does: watches from any earlier version are answered 410. */
  compact(): void {
    this.#store.compact();
  }

  #handle<T>(call: ApiCall, answer: () => T): T {
    if (!this.#authorize(call)) throw forbidden(`${call.user} may not ${call.doing}`);
    return answer();
  }

  #get(call: ApiCall): KubernetesObject {
    const reference = named(call);
    const stored = this.#store.get(reference.resource, reference.namespace, reference.name);
    if (stored === undefined) throw notFound(reference);
    return stored.object;
  }

  #list(selection: Selection): KubernetesList<KubernetesObject> {
    const items = withSelectorErrors(() => this.#store.list(selection));
    return { metadata: { resourceVersion: this.resourceVersion }, items };
  }

  #watch(call: ApiCall, selection: Selection, resourceVersion: string, watch: EmbeddedWatch): void {
    const version = resourceVersion === '' ? 0 : Number(resourceVersion);
    if (!Number.isSafeInteger(version) || version < 0)
      throw internalError(`strconv.ParseUint: parsing "${resourceVersion}": invalid syntax`);
    let timer = this.#clock.setTimer(0, () => undefined);
    let stop = (): void => undefined;
    watch.opened(() => {
      timer.cancel();
      stop();
    });
    if (!watch.open) return;
    const send: Parameters<VersionedStore['watch']>[2] = ({ type, object }) => watch.send({ type, object });
    try {
      stop = withSelectorErrors(() => this.#store.watch(selection, version, send));
    } catch (error) {
      // The stream was opened, with 200; what is wrong with the version comes as its first event.
      if (error instanceof StatusError && error.code === 410) watch.fail(error.toApiError(call.doing));
      else throw error;
      return;
    }
    // What was sent at once may have made somebody end it.
    if (!watch.open) stop();
    if (!watch.open) return;
    const { least, most } = this.#watchTimeout;
    const end = this.#clock.now() + least + this.#random() * (most - least);
    const bookmark = (): void => {
      if (this.#clock.now() >= end) {
        watch.end();
        return;
      }
      // A server that has not reached the version that the watch began with has nothing to say.
      if (this.#store.version >= version) watch.send({ type: 'BOOKMARK', resourceVersion: this.resourceVersion });
      timer = this.#clock.setTimer(Math.min(BOOKMARK_INTERVAL, end - this.#clock.now()), bookmark);
    };
    timer.cancel();
    timer = this.#clock.setTimer(BOOKMARK_INTERVAL, bookmark);
  }
}

type NamedCall = ObjectReference & Pick<ApiCall, 'subresource'>;

function named(call: ApiCall): NamedCall {
  if (call.name === undefined || call.name === '') throw badRequest('the call names no object');
  return call as NamedCall;
}

function withSelectorErrors<T>(select: () => T): T {
  try {
    return select();
  } catch (error) {
    throw error instanceof SyntaxError ? badRequest(error.message) : error;
  }
}
