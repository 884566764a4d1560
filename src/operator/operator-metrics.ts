import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PairComponent } from '../api/names.ts';
import type { ImpalaClusterStatus } from '../api/impala-cluster.ts';
import type { ControllerObserver } from '../controllers/impala-cluster-controller.ts';
import type { Milliseconds } from '../kube/clock.ts';
import type { ApiErrorReason } from '../kube/kubernetes-api.ts';
import type { WorkQueue, WorkQueueObserver } from '../kube/work-queue.ts';
import type { ApiObserver, ApiVerb } from './measured-kubernetes-api.ts';

/** The label by which dashboards tell controllers and their queues apart. */
export const CONTROLLER = 'impalacluster';

/** What the metrics ask for at each scrape. */
export interface MetricSources {
  readonly leading: () => boolean;
  readonly queue: () => WorkQueue | undefined;
  /** How long ago each kind's watch last heard of the API server; nothing when it never did. */
  readonly watchAges: () => readonly { readonly kind: string; readonly age: Milliseconds | undefined }[];
}

/**
 * The operator's metrics. Queue, reconciliation and leadership have the names that controllers built on client-go and
 * controller-runtime give them (`workqueue_*`, `controller_runtime_reconcile_*`, `leader_election_master_status`), so
 * that existing dashboards and alerts work; what is the operator's alone is called `impala_operator_*`.
 */
export class OperatorMetrics implements ControllerObserver, ApiObserver {
  readonly registry = new Registry();
  readonly #depth = this.#gauge('workqueue_depth', 'Keys that wait', ['name', 'controller']);
  readonly #adds = this.#counter('workqueue_adds_total', 'Keys added', ['name', 'controller']);
  readonly #retries = this.#counter('workqueue_retries_total', 'Keys put back after an error', ['name', 'controller']);
  readonly #queued = this.#histogram('workqueue_queue_duration_seconds', 'How long keys wait', ['name', 'controller']);
  readonly #worked = this.#histogram('workqueue_work_duration_seconds', 'How long the handling of a key takes', [
    'name',
    'controller',
  ]);
  readonly #reconciled = this.#counter('controller_runtime_reconcile_total', 'Reconciliations, by result', [
    'controller',
    'result',
  ]);
  readonly #reconcileErrors = this.#counter(
    'controller_runtime_reconcile_errors_total',
    'Reconciliations that failed',
    ['controller'],
  );
  readonly #reconcileTime = this.#histogram('controller_runtime_reconcile_time_seconds', 'How long they take', [
    'controller',
  ]);
  readonly #apiCalls = this.#counter('impala_operator_api_calls_total', 'Calls to the Kubernetes API', ['verb']);
  readonly #apiErrors = this.#counter('impala_operator_api_errors_total', 'Calls that failed, by reason', [
    'verb',
    'reason',
  ]);
  readonly #conditions = this.#gauge('impala_operator_cluster_condition', '1 while the condition is True, else 0', [
    'namespace',
    'cluster',
    'type',
  ]);
  readonly #terms = this.#gauge('impala_operator_component_term', 'The term of a component', [
    'namespace',
    'cluster',
    'component',
  ]);
  readonly #repairs = this.#counter(
    'impala_operator_endpoint_repairs_total',
    'EndpointSlices that the operator had to correct in place of an agent',
    ['namespace', 'cluster', 'component'],
  );
  readonly #defects = this.#counter('impala_operator_defects_total', 'Errors that nobody handled: defects', []);

  constructor(sources: MetricSources) {
    collectDefaultMetrics({ register: this.registry });
    this.#defects.inc(0);
    this.#reconcileErrors.inc({ controller: CONTROLLER }, 0);
    for (const result of ['success', 'error']) this.#reconciled.inc({ controller: CONTROLLER, result }, 0);
    this.#scraped(
      'workqueue_unfinished_work_seconds',
      'How long all handlers under way have taken so far',
      () => sources.queue()?.unfinishedWorkSeconds ?? 0,
    );
    this.#scraped(
      'workqueue_longest_running_processor_seconds',
      'How long the slowest of them has taken',
      () => sources.queue()?.longestRunningSeconds ?? 0,
    );
    this.#leadership(sources);
    this.#eventLoopLag();
    this.#watchAges(sources);
  }

  /** What a work queue tells of itself. */
  readonly queueObserver: WorkQueueObserver = {
    depth: (keys) => this.#depth.set(QUEUE, keys),
    added: () => this.#adds.inc(QUEUE),
    retried: () => this.#retries.inc(QUEUE),
    started: (seconds) => this.#queued.observe(QUEUE, seconds),
    finished: (seconds, result) => {
      this.#worked.observe(QUEUE, seconds);
      this.#reconciled.inc({ controller: CONTROLLER, result });
      this.#reconcileTime.observe({ controller: CONTROLLER }, seconds);
      if (result === 'error') this.#reconcileErrors.inc({ controller: CONTROLLER });
    },
  };

  apiCall(verb: ApiVerb): void {
    this.#apiCalls.inc({ verb });
  }

  apiError(verb: ApiVerb, reason: ApiErrorReason): void {
    this.#apiErrors.inc({ verb, reason });
  }

  defect(): void {
    this.#defects.inc();
  }

  endpointRepaired(namespace: string, cluster: string, component: PairComponent): void {
    this.#repairs.inc({ namespace, cluster, component });
  }

  status(namespace: string, cluster: string, status: ImpalaClusterStatus | undefined): void {
    if (status === undefined) {
      for (const metric of [this.#conditions, this.#terms, this.#repairs]) void forget(metric, namespace, cluster);
      return;
    }
    for (const { type, status: value } of status.conditions ?? []) {
      this.#conditions.set({ namespace, cluster, type }, value === 'True' ? 1 : 0);
    }
    for (const component of ['statestore', 'catalog'] as const) {
      this.#terms.set({ namespace, cluster, component }, status[component]?.term ?? 0);
    }
  }

  /** A replica that no longer leads says nothing of clusters: what it knew grows old. */
  forgetClusters(): void {
    this.#conditions.reset();
    this.#terms.reset();
  }

  #leadership({ leading }: MetricSources): void {
    new Gauge({
      name: 'leader_election_master_status',
      help: '1 while this replica leads',
      labelNames: ['name'],
      registers: [this.registry],
      collect() {
        this.set({ name: 'impala-operator-leader' }, leading() ? 1 : 0);
      },
    });
  }

  #eventLoopLag(): void {
    const delay = monitorEventLoopDelay({ resolution: 20 });
    delay.enable();
    this.#scrapedPlain('impala_operator_event_loop_lag_seconds', 'The longest delay since the last scrape', () => {
      const longest = delay.max / 1e9;
      delay.reset();
      return longest;
    });
  }

  #watchAges({ watchAges }: MetricSources): void {
    new Gauge({
      name: 'impala_operator_watch_age_seconds',
      help: 'How long ago the watch of a kind last heard of the API server',
      labelNames: ['kind'],
      registers: [this.registry],
      collect() {
        for (const { kind, age } of watchAges()) if (age !== undefined) this.set({ kind }, age / 1000);
      },
    });
  }

  #scraped(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      labelNames: ['name', 'controller'],
      registers: [this.registry],
      collect() {
        this.set(QUEUE, value());
      },
    });
  }

  #scrapedPlain(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
    const buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60];
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}

const QUEUE = { name: CONTROLLER, controller: CONTROLLER };

/** Removes what a metric says of a cluster that has gone. */
async function forget(metric: Gauge | Counter, namespace: string, cluster: string): Promise<void> {
  for (const { labels } of (await metric.get()).values) {
    if (labels.namespace === namespace && labels.cluster === cluster) metric.remove(labels);
  }
}
