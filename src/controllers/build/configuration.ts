import type { V1VolumeProjection } from '@kubernetes/client-node';
import type { ImpalaClusterSpec } from '../../api/impala-cluster.ts';
import { names } from '../../api/names.ts';
import { configMaps } from '../../kube/resource.ts';
import { hashOf } from '../hash.ts';
import type { ConfigMap } from '../kubernetes-types.ts';
import { desired } from './metadata.ts';
import type { ClusterIdentity, DesiredObject } from './metadata.ts';

/** First on the daemons' class path, and empty in the images. */
export const CONFIGURATION_DIRECTORY = '/opt/impala/conf';

const inlineFiles = ({ configuration }: ImpalaClusterSpec): Record<string, string> | undefined =>
  Object.keys(configuration?.files ?? {}).length === 0 ? undefined : configuration?.files;

/** The files that the spec itself contains; nothing when it contains none. */
export function configurationMap(
  cluster: ClusterIdentity,
  spec: ImpalaClusterSpec,
): DesiredObject<ConfigMap> | undefined {
  const data = inlineFiles(spec);
  if (data === undefined) return undefined;
  return desired<ConfigMap>(configMaps, cluster, {}, { metadata: { name: names.configuration(cluster.name) }, data });
}

/** Changes when a file in the spec does: it makes pods of a changed configuration differ. */
export const configurationHash = (spec: ImpalaClusterSpec): string | undefined => {
  const files = inlineFiles(spec);
  return files && hashOf(files);
};

/**
 * Where the files of /opt/impala/conf come from; empty when there are none. Of two files of one name kubelet takes the
 * later: those of the spec itself win.
 */
export function configurationSources(cluster: ClusterIdentity, spec: ImpalaClusterSpec): V1VolumeProjection[] {
  const referenced = (spec.configuration?.from ?? []).map(({ configMap, secret }): V1VolumeProjection => ({
    ...(configMap && { configMap: { name: configMap.name } }),
    ...(secret && { secret: { name: secret.name } }),
  }));
  const inline = inlineFiles(spec) ? [{ configMap: { name: names.configuration(cluster.name) } }] : [];
  return [...referenced, ...inline];
}
