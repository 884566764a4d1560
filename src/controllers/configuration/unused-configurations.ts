import { names } from '../../api/names.ts';
import type { ClusterIdentity } from '../build/metadata.ts';
import type { ConfigMap, PodTemplate, StatefulSet } from '../kubernetes-types.ts';
import { ownershipOf } from '../ownership.ts';

/** What may still need a configuration. */
export interface ConfigurationUsers {
  readonly statefulSets: readonly StatefulSet[];
  /** The specs of the pods that there are. */
  readonly pods: readonly Pick<PodTemplate, 'spec'>[];
  /** The ConfigMap that the spec stands for now. */
  readonly wanted: string | undefined;
}

/**
 * The ConfigMaps of former configurations that nobody needs any more: pure. As long as any StatefulSet of the cluster is
 * between two revisions none is given up: a pod that is lost then comes back as it was.
 */
export function unusedConfigurations(
  cluster: ClusterIdentity,
  configMaps: readonly ConfigMap[],
  { statefulSets, pods, wanted }: ConfigurationUsers,
): ConfigMap[] {
  if (!statefulSets.every(isOfOneRevision)) return [];
  const templates = [...statefulSets.map(({ spec }) => spec?.template), ...pods];
  const needed = new Set([wanted, ...templates.flatMap(mountedConfigMaps)]);
  const prefix = names.configuration(cluster.name, '');
  return configMaps.filter(
    (configMap) =>
      configMap.metadata.name.startsWith(prefix) &&
      ownershipOf(configMap, cluster) === 'ours' &&
      !needed.has(configMap.metadata.name),
  );
}

/** Whether a StatefulSet's pods can only be made from the template that it has. */
function isOfOneRevision({ metadata, status }: StatefulSet): boolean {
  return (
    status !== undefined &&
    status.observedGeneration === metadata.generation &&
    status.currentRevision === status.updateRevision &&
    (status.updatedReplicas ?? 0) === status.replicas
  );
}

const mountedConfigMaps = (template: Pick<PodTemplate, 'spec'> | undefined): string[] =>
  (template?.spec?.volumes ?? []).flatMap(({ projected }) =>
    (projected?.sources ?? []).flatMap(({ configMap }) => (configMap?.name === undefined ? [] : [configMap.name])),
  );
