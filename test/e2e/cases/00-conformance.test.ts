import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { kubeconfigConfiguration } from '../../../src/kube/kubeconfig-configuration.ts';
import { RestClient } from '../../../src/kube/rest-client.ts';
import { conformance } from '../../conformance/conformance.ts';
import { api, paths } from '../api.ts';
import { seconds } from '../clock.ts';
import { missing, until } from '../conditions.ts';
import { onTestCluster } from '../environment.ts';
import { tool } from '../test-cluster.ts';

const NAMESPACE = 'conformance-test';

const { connection } = await kubeconfigConfiguration();
const clients = new Map<string, RestClient>();

function client(user: string): RestClient {
  let found = clients.get(user);
  if (found === undefined) {
    found = new RestClient(connection, { userAgent: `${user}/conformance` });
    clients.set(user, found);
  }
  return found;
}

async function deleteNamespace(): Promise<void> {
  await api.delete(paths.namespace(NAMESPACE));
  await until(
    'the end of the namespace of the conformance suite',
    async () => ((await api.find(paths.namespace(NAMESPACE))) === undefined ? true : missing(NAMESPACE)),
    seconds(60),
    200,
  );
}

/**
 * Makes the API server forget the past: one that was started with an empty etcd keeps every version since the first,
 * and has no "too old" to answer until it starts anew. Elsewhere the cluster is taken to be old enough.
 */
async function forgetHistory(): Promise<void> {
  if (onTestCluster === undefined) return;
  await tool('api', 'kill');
  await tool('api', 'start');
  await until(
    'the API server to be ready again',
    async () => {
      const answer = await api.find<object>(paths.namespace('kube-system')).catch((error: unknown) => String(error));
      return typeof answer === 'object' ? true : missing(answer ?? 'no namespace kube-system');
    },
    seconds(60),
    200,
  );
}

describe('the API server', () => {
  beforeAll(async () => {
    await forgetHistory();
    await deleteNamespace();
    await api.post('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  });

  afterAll(async () => {
    for (const one of clients.values()) one.close();
    await deleteNamespace();
  });

  conformance({
    namespace: NAMESPACE,
    client,
    settle: (promise) => promise,
    pause: (duration) => setTimeout(duration),
  });
});
