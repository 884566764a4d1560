import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Where and with what the suite runs. Everything can be told through the environment; nothing has to be. */

export const REPOSITORY = resolve(import.meta.dirname, '../..');
export const RESULTS = resolve(import.meta.dirname, 'results');

const tool = resolve(REPOSITORY, process.env.CLUSTER_TOOL ?? '../shared/cluster/cluster');

/** What `cluster env` prints: where the test cluster's kubeconfig is (whether or not it is up) and its programs. */
function testClusterEnvironment(): { kubeconfig: string; programs: string } | undefined {
  if (!existsSync(tool) || process.getuid?.() !== 0) return undefined;
  const printed = execFileSync(tool, ['env'], { encoding: 'utf8' });
  const kubeconfig = /KUBECONFIG=(\S+)/.exec(printed)?.[1];
  const programs = /PATH=([^:\s]+):/.exec(printed)?.[1];
  return kubeconfig === undefined || programs === undefined ? undefined : { kubeconfig, programs };
}

const testCluster = testClusterEnvironment();
process.env.KUBECONFIG ??= testCluster?.kubeconfig;

/**
 * The test cluster, when the suite runs on it: its nodes' processes are this machine's, so that they can be watched and
 * hurt from outside. `undefined` on any other cluster: the cases that need it are skipped there.
 */
export const onTestCluster =
  testCluster !== undefined && process.env.KUBECONFIG === testCluster.kubeconfig
    ? { tool, directory: dirname(testCluster.kubeconfig), impala: resolve(dirname(tool), '../impala') }
    : undefined;

if (testCluster !== undefined) process.env.PATH = `${testCluster.programs}:${process.env.PATH ?? ''}`;

/** The namespace of the suite's clusters, and that of the operator. Both are the suite's own. */
export const NAMESPACE = process.env.E2E_NAMESPACE ?? 'e2e';
export const OPERATOR_NAMESPACE = 'impala-operator';
export const OPERATOR_RELEASE = 'impala-operator';
export const OPERATOR_IMAGE = process.env.E2E_OPERATOR_IMAGE ?? 'impala-operator:e2e';

/** The cluster that all cases share, unless they say otherwise. */
export const CLUSTER = 'impala';

/** Impala's images. On the test cluster catalogd is a variant whose JVM takes its time, as a real one does. */
export const IMAGE_REPOSITORY =
  process.env.E2E_IMAGE_REPOSITORY ?? (onTestCluster ? 'impala-e2e/jvm-3s' : 'apache/impala');
export const SLOW_IMAGE_REPOSITORY = 'impala-e2e/load-30s';
export const IMAGE_TAG = process.env.E2E_IMAGE_TAG ?? '4.5.0';

/** How long a catalogd of {@link IMAGE_REPOSITORY} takes from its start until it serves. */
export const CATALOG_LOAD_SECONDS = Number(process.env.E2E_CATALOG_LOAD_SECONDS ?? 3);

/** Whether cases of many minutes are to run as well (`--long`). */
export const LONG_CASES = process.env.E2E_LONG === '1';
