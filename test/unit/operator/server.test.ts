import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubernetesApiError } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesApi } from '../../../src/kube/kubernetes-api.ts';
import { pods } from '../../../src/kube/resource.ts';
import { BoundKubernetesApi } from '../../../src/operator/bound-kubernetes-api.ts';
import { MeasuredKubernetesApi } from '../../../src/operator/measured-kubernetes-api.ts';
import { OperatorMetrics } from '../../../src/operator/operator-metrics.ts';
import { startServer, stopServer } from '../../../src/operator/server.ts';

let metrics: OperatorMetrics;
let server: Server;
let unreadiness: string | undefined;

beforeEach(async () => {
  metrics = new OperatorMetrics({
    leading: () => true,
    queue: () => undefined,
    watchAges: () => [{ kind: 'Lease', age: 1500 }],
  });
  unreadiness = undefined;
  server = await startServer({ port: 0, registry: metrics.registry, unreadiness: () => unreadiness });
});

afterEach(() => stopServer(server));

const get = (path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
const scrape = async (): Promise<string> => (await get('/metrics')).text();

describe('the health server', () => {
  test('says that it lives whether or not it is ready', async () => {
    unreadiness = 'stopping';
    expect((await get('/healthz')).status).toBe(200);
  });

  test('says whether it is ready, and why not', async () => {
    expect((await get('/readyz')).status).toBe(200);
    unreadiness = 'stopping';
    const answer = await get('/readyz');
    expect([answer.status, await answer.text()]).toEqual([503, 'stopping\n']);
  });

  test('fails to start on a port that is taken', async () => {
    const { port } = server.address() as AddressInfo;
    await expect(startServer({ port, registry: metrics.registry, unreadiness: () => undefined })).rejects.toThrow(
      'EADDRINUSE',
    );
  });
});

describe('the metrics', () => {
  test('have the names that dashboards know', async () => {
    metrics.queueObserver.added();
    metrics.queueObserver.depth(3);
    metrics.queueObserver.started(0.1);
    metrics.queueObserver.finished(0.2, 'error');
    const text = await scrape();
    for (const line of [
      'workqueue_depth{name="impalacluster",controller="impalacluster"} 3',
      'workqueue_adds_total{name="impalacluster",controller="impalacluster"} 1',
      'workqueue_unfinished_work_seconds{name="impalacluster",controller="impalacluster"} 0',
      'controller_runtime_reconcile_errors_total{controller="impalacluster"} 1',
      'controller_runtime_reconcile_total{controller="impalacluster",result="success"} 0',
      'controller_runtime_reconcile_time_seconds_count{controller="impalacluster"} 1',
      'leader_election_master_status{name="impala-operator-leader"} 1',
      'impala_operator_watch_age_seconds{kind="Lease"} 1.5',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toMatch(/^impala_operator_event_loop_lag_seconds \d/m);
  });

  test('show the conditions of each cluster until it is gone', async () => {
    const conditions = [
      { type: 'Available', status: 'True' as const, reason: 'r', message: 'm', lastTransitionTime: '' },
    ];
    metrics.status('shop', 'sales', { conditions, statestore: { term: 4 } });
    metrics.status('shop', 'other', { conditions });
    metrics.endpointRepaired('shop', 'sales', 'catalog');
    const text = await scrape();
    expect(text).toContain('impala_operator_cluster_condition{namespace="shop",cluster="sales",type="Available"} 1');
    expect(text).toContain('impala_operator_component_term{namespace="shop",cluster="sales",component="statestore"} 4');
    metrics.status('shop', 'sales', undefined);
    const later = await scrape();
    expect(later).not.toContain('cluster="sales"');
    expect(later).toContain('cluster="other"');
  });
});

describe('the API as the operator calls it', () => {
  const pod = { resource: pods, namespace: 'shop', name: 'p' };

  test('counts calls, and errors by their reason', async () => {
    const failing = {
      get: () => Promise.reject(new KubernetesApiError('get', 'Forbidden', 'no')),
      delete: () => Promise.resolve(),
    } as unknown as KubernetesApi;
    const api = new MeasuredKubernetesApi(failing, metrics, () => undefined);
    await expect(api.get(pod)).rejects.toMatchObject({ reason: 'Forbidden' });
    await api.delete(pod);
    const text = await scrape();
    expect(text).toContain('impala_operator_api_calls_total{verb="get"} 1');
    expect(text).toContain('impala_operator_api_calls_total{verb="delete"} 1');
    expect(text).toContain('impala_operator_api_errors_total{verb="get",reason="Forbidden"} 1');
  });

  test('ends with leadership', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const recording = {
      get: (_: unknown, options?: { signal?: AbortSignal }) => Promise.resolve(signals.push(options?.signal)),
    } as unknown as KubernetesApi;
    const ended = new AbortController();
    const api = new BoundKubernetesApi(recording, ended.signal);
    const own = new AbortController();
    await api.get(pod);
    await api.get(pod, { signal: own.signal });
    ended.abort();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
    expect(own.signal.aborted).toBe(false);
  });
});
