import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { kubeconfigConfiguration } from '../../../src/kube/kubeconfig-configuration.ts';
import { RestClient } from '../../../src/kube/rest-client.ts';
import { conformance } from '../../conformance/conformance.ts';
import { api, paths } from '../api.ts';
import { seconds } from '../clock.ts';
import { missing, until } from '../conditions.ts';

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

describe('the API server', () => {
  beforeAll(async () => {
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
