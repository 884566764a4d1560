import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { parse } from 'yaml';
import { AgentMetrics } from '../agent/agent-metrics.ts';
import { EmbeddedCluster } from '../embedded/embedded-cluster.ts';
import { systemClock } from '../kube/clock.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import { applyCluster, installOperator } from './installation.ts';

export const NAMESPACE = 'default';
const QUICKSTART = new URL('../../examples/quickstart.yaml', import.meta.url);

/** The cluster of the demo, and the file that leads kubectl to it. */
export class DemoCluster {
  readonly cluster: EmbeddedCluster;
  /** The name of the ImpalaCluster. */
  readonly name: string;
  readonly kubeconfig: string;
  readonly #directory: string;
  readonly #manifest: KubernetesObject;

  private constructor(cluster: EmbeddedCluster, manifest: KubernetesObject, directory: string) {
    this.cluster = cluster;
    this.#manifest = manifest;
    this.name = manifest.metadata.name;
    this.#directory = directory;
    this.kubeconfig = join(directory, 'kubeconfig');
  }

  /** Brings up the cluster, with the operator in it. */
  static async start(logger: Logger): Promise<DemoCluster> {
    const manifest = parse(await readFile(QUICKSTART, 'utf8')) as KubernetesObject;
    const directory = await mkdtemp(join(tmpdir(), 'impala-demo-'));
    const agentCounters = new AgentMetrics(notScraped);
    const cluster = new EmbeddedCluster({ clock: systemClock, random: Math.random, logger, agentCounters });
    const demo = new DemoCluster(cluster, manifest, directory);
    try {
      await cluster.start();
      await writeFile(demo.kubeconfig, JSON.stringify(kubeconfig(cluster.http.url), undefined, 2), { mode: 0o600 });
      await installOperator(cluster);
    } catch (error) {
      await demo.stop();
      throw error;
    }
    return demo;
  }

  /** `kubectl apply -f examples/quickstart.yaml` */
  applyQuickstart(): Promise<void> {
    return applyCluster(this.cluster, this.#manifest, NAMESPACE);
  }

  /** Ends it, and leaves nothing behind. */
  async stop(): Promise<void> {
    await this.cluster.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The agents of the demo share their counters, and nobody asks for their gauges. */
const notScraped = (): never => {
  throw new Error('there are no gauges');
};

/** The Kubernetes client for JavaScript takes plain HTTP only from who says that nothing is to be verified. */
const kubeconfig = (server: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'impala-demo', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'impala-demo', user: {} }],
  contexts: [{ name: 'impala-demo', context: { cluster: 'impala-demo', user: 'impala-demo', namespace: NAMESPACE } }],
  'current-context': 'impala-demo',
});
