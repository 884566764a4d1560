import { beforeAll, describe, expect, test } from '@jest/globals';
import { customResourceDefinition } from '../../../src/api/custom-resource-definition.ts';
import { impalaClusters } from '../../../src/api/impala-clusters.ts';
import { customResourceDefinitions } from '../../../src/embedded/kinds/builtin-kinds.ts';
import { mergeJson } from '../../../src/embedded/json.ts';
import type { KubernetesApi } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { INVALID_SPECS, MINIMAL_CLUSTER } from '../../e2e/invalid-specs.ts';
import { makeFixture } from './fixture.ts';

async function apiWithDefinition(): Promise<KubernetesApi> {
  const { api } = makeFixture();
  await api.create({ resource: customResourceDefinitions }, customResourceDefinition());
  return api;
}

const creating = (api: KubernetesApi, body: object, namespace = 'shop'): Promise<KubernetesObject> =>
  api.create({ resource: impalaClusters, namespace }, body as KubernetesObject);

describe('a custom resource with a definition', () => {
  let api: KubernetesApi;
  beforeAll(async () => {
    api = await apiWithDefinition();
  });

  test('gets all defaults', async () => {
    const { spec } = (await creating(api, MINIMAL_CLUSTER)) as unknown as { spec: Record<string, unknown> };
    expect(spec).toMatchObject({
      clusterDomain: 'cluster.local',
      statestore: { highAvailability: { leaseDurationSeconds: 9, renewDeadlineSeconds: 6, retryPeriodSeconds: 3 } },
      executors: { replicas: 1 },
    });
  });

  test('loses fields that its schema does not know', async () => {
    const body = { ...MINIMAL_CLUSTER, metadata: { name: 'pruned' }, spec: { image: { tag: '4.5.0', colour: 'red' } } };
    const { spec } = (await creating(api, body)) as unknown as { spec: { image: object } };
    expect(spec.image).not.toHaveProperty('colour');
    expect(spec.image).toHaveProperty('tag', '4.5.0');
  });

  test.each(INVALID_SPECS.map(({ rule, ...rest }) => [rule, rest] as const))(
    'is refused unless %s',
    async (_rule, { patch, message }) => {
      const body = mergeJson(MINIMAL_CLUSTER, patch) as object;
      await expect(creating(api, body, 'refused')).rejects.toThrow(message);
    },
  );
});
