import { describe, expect, test } from '@jest/globals';
import { unusedConfigurations } from '../../../src/controllers/configuration/unused-configurations.ts';
import type { ConfigurationUsers } from '../../../src/controllers/configuration/unused-configurations.ts';
import type { ConfigMap, PodTemplate, StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import { identity, validCluster } from './fixtures.ts';

const root = (text: string): ConfigMap => {
  const { configuration } = validCluster({ configuration: { files: { f: text } } });
  if (configuration === undefined) throw new Error('there is no configuration');
  return configuration.root.body;
};
const nameOf = ({ metadata }: ConfigMap): string => metadata.name;

const [now, before, long] = [root('now'), root('before'), root('long ago')];
const foreign: ConfigMap = { metadata: { ...before.metadata, name: `${nameOf(before)}x`, ownerReferences: [] } };
const other: ConfigMap = { metadata: { ...before.metadata, name: 'sales-something' } };
const all = [now, before, long, foreign, other];

const mounting = (configMap: ConfigMap): PodTemplate => ({
  spec: {
    containers: [],
    volumes: [{ name: 'configuration', projected: { sources: [{ configMap: { name: nameOf(configMap) } }] } }],
  },
});
const set = (configMap: ConfigMap, status: Partial<NonNullable<StatefulSet['status']>> = {}): StatefulSet => ({
  metadata: { name: 'any', generation: 3 },
  spec: { serviceName: '', selector: {}, template: mounting(configMap) },
  status: {
    observedGeneration: 3,
    replicas: 2,
    updatedReplicas: 2,
    currentRevision: 'one',
    updateRevision: 'one',
    ...status,
  },
});
const { status: _, ...unknown } = set(now);

describe('former configurations', () => {
  test.each<[string, Partial<ConfigurationUsers>, ConfigMap[]]>([
    ['are given up when nothing mounts them', { statefulSets: [set(now)] }, [before, long]],
    ['are kept for a member that is not updated', { statefulSets: [set(now), set(before)] }, [long]],
    ['are kept for a pod that ends', { statefulSets: [set(now)], pods: [mounting(before)] }, [long]],
    ['are kept while the one of the spec is mounted by nobody yet', { statefulSets: [set(before)] }, [long]],
    ['are kept while pods are being updated', { statefulSets: [set(now, { updatedReplicas: 1 })] }, []],
    [
      'are kept while a lost pod would come back as before',
      { statefulSets: [set(now, { updateRevision: 'two' })] },
      [],
    ],
    ['are kept while a change has not been understood', { statefulSets: [set(now, { observedGeneration: 2 })] }, []],
    ['are kept while nothing is known of a StatefulSet', { statefulSets: [unknown] }, []],
    ['are given up when there is no configuration any more', { wanted: undefined }, [now, before, long]],
  ])('%s', (__, users, unused) => {
    const complete = { statefulSets: [], pods: [], wanted: nameOf(now), ...users };
    expect(unusedConfigurations(identity, all, complete).map(nameOf)).toEqual(unused.map(nameOf));
  });
});
