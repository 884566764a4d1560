import type { Logger } from 'pino';
import { GROUP } from '../api/names.ts';
import { ImpalaClusterController } from '../controllers/impala-cluster-controller.ts';
import { LastWords } from '../controllers/lost-nodes/last-words.ts';
import { LeaseSilence } from '../controllers/lost-nodes/lease-silence.ts';
import { ClusterWatches } from '../controllers/watches.ts';
import type { Clock, Milliseconds } from '../kube/clock.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import type { Random } from '../kube/random.ts';
import { RetryingKubernetesApi } from '../kube/retrying-kubernetes-api.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import { ApiContact } from './api-contact.ts';
import { BoundKubernetesApi } from './bound-kubernetes-api.ts';
import type { OperatorConfiguration } from './configuration.ts';
import { Leadership } from './leadership.ts';
import { MeasuredKubernetesApi } from './measured-kubernetes-api.ts';
import { OperatorMetrics } from './operator-metrics.ts';

/** How many clusters are worked on at once. */
const CONCURRENCY = 4;
/** Every cluster is looked at that often, whatever the watches say: a lost event costs time, not correctness. */
const RESYNC: Milliseconds = 5 * 60_000;
/** How long passes under way may take to end when leadership is lost: less than is left of the lease then. */
const DRAIN: Milliseconds = 3_000;
const EVENTS_TIMEOUT: Milliseconds = 2_000;

export interface OperatorOptions {
  readonly configuration: OperatorConfiguration;
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * One replica: its watches run all the time, so that it can lead at once; the work is done by the one that leads.
 */
export class Operator {
  readonly metrics: OperatorMetrics;
  readonly #options: OperatorOptions;
  readonly #api: KubernetesApi;
  readonly #watches: ClusterWatches;
  readonly #lastWords = new LastWords();
  readonly #silence: LeaseSilence;
  readonly #contact: ApiContact;
  readonly #events: EventRecorder;
  readonly #leadership: Leadership;
  #queue: WorkQueue | undefined;

  constructor(options: OperatorOptions) {
    const { api, clock, random, logger, configuration } = options;
    const { operatorNamespace: namespace, podName, watchNamespace } = configuration;
    this.#options = options;
    this.metrics = new OperatorMetrics({
      leading: () => this.#leadership.leading,
      queue: () => this.#queue,
      watchAges: () =>
        this.#watches.lastContacts().map(({ kind, at }) => ({ kind, age: at === undefined ? at : clock.now() - at })),
    });
    this.#contact = new ApiContact(clock);
    this.#api = new MeasuredKubernetesApi(api, this.metrics, () => this.#contact.note());
    this.#silence = new LeaseSilence(clock, (key) => this.#queue?.add(key));
    this.#watches = new ClusterWatches({
      environment: { api: this.#api, clock, random },
      ...(watchNamespace && { namespace: watchNamespace }),
      onNews: (key) => this.#queue?.add(key),
      onSeen: (resource, object, now) => {
        if (now === undefined) this.#lastWords.note(resource, object);
        this.#silence.note(resource, object, now);
      },
      onError: ({ kind }, error) =>
        logger.warn({ kind, error: messageOf(error) }, 'a watch failed, and is begun again'),
    });
    this.#events = new EventRecorder({
      api: this.#api,
      clock,
      random,
      controller: `${GROUP}/operator`,
      instance: podName,
      onLost: ({ reason, note }, why) => logger.warn({ reason, note, error: messageOf(why) }, 'lost an event'),
    });
    this.#leadership = new Leadership({
      api: this.#api,
      clock,
      random,
      logger,
      namespace,
      podName,
      lead: (signal) => this.#lead(signal),
    });
  }

  /** Whether the watches have brought everything once, so that this replica could lead. */
  get ready(): boolean {
    return this.#watches.hasSynced();
  }

  /**
   * Works until aborted; then ends what is under way, gives leadership back, and sends the events that wait. Never
   * throws. Must not be called twice.
   */
  async run(signal: AbortSignal): Promise<void> {
    const watching = new AbortController();
    const watches = Promise.all([this.#watches.run(watching.signal), this.#silence.run(watching.signal)]);
    await this.#leadership.run(signal);
    watching.abort();
    await watches;
    await this.#events.close(EVENTS_TIMEOUT);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    if (!(await this.#watches.waitForSync(signal))) return;
    const abandoned = new AbortController();
    const controller = this.#newController(abandoned.signal);
    const { clock, random } = this.#options;
    this.#queue = new WorkQueue({
      clock,
      random,
      handle: (key) => controller.reconcile(key),
      onError: (key, error, failures) => this.#failed(key, error, failures),
      concurrency: CONCURRENCY,
      observer: this.metrics.queueObserver,
      resync: { period: RESYNC, keys: () => this.#watches.keys() },
      drain: DRAIN,
    });
    for (const key of this.#watches.keys()) this.#queue.add(key);
    await this.#queue.run(signal);
    this.#queue = undefined;
    // Whoever was not through in time writes nothing any more.
    abandoned.abort();
    this.metrics.forgetClusters();
  }

  #newController(signal: AbortSignal): ImpalaClusterController {
    const { clock, random, logger, configuration } = this.#options;
    const retrying = new RetryingKubernetesApi(this.#api, {
      clock,
      random,
      onRetry: (error) => logger.debug({ error: error.message }, 'a call is tried again'),
    });
    return new ImpalaClusterController({
      api: new BoundKubernetesApi(retrying, signal),
      cache: this.#watches,
      clock,
      logger,
      record: (event) => this.#events.record(event),
      observer: this.metrics,
      lastWords: this.#lastWords,
      isSilent: (lease) => this.#silence.isSilent(lease),
      apiUnbrokenFor: () => this.#contact.unbrokenFor(),
      operatorImage: configuration.operatorImage,
    });
  }

  #failed(key: string, error: unknown, failures: number): void {
    const { logger } = this.#options;
    if (error instanceof KubernetesApiError) {
      // A conflict means that the cache was a moment behind.
      const level = error.reason === 'Conflict' || error.reason === 'Aborted' ? 'debug' : 'warn';
      logger[level]({ key, failures, reason: error.reason, error: error.message }, 'a pass failed, and is repeated');
      return;
    }
    this.metrics.defect();
    logger.error(
      { key, failures, error: error instanceof Error ? error.stack : String(error) },
      'a defect: a pass failed',
    );
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
