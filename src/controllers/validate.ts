import type { ImpalaClusterSpec } from '../api/impala-cluster.ts';
import { daemonsOf } from '../daemons/daemons.ts';
import type { Daemons } from '../daemons/daemons.ts';
import { formatVersion } from '../daemons/versions.ts';
import type { ClusterIdentity } from './build/metadata.ts';
import type { Problem } from './problem.ts';
import type { ClusterSnapshot } from './snapshot.ts';

/** A cluster that objects can be built from. Only {@link validate} makes one. */
export interface ValidCluster {
  readonly identity: ClusterIdentity;
  readonly spec: ImpalaClusterSpec;
  readonly daemons: Daemons;
  /** x.y.z */
  readonly version: string;
}

export type Validation =
  | { readonly kind: 'valid'; readonly cluster: ValidCluster }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What the API server takes as one object (etcd's 1.5 MiB less what surrounds the data), as it limits ConfigMaps itself. */
const CONFIG_MAP_BYTES = 1_048_576;

/** Finds what the API server's own rules cannot see. What is invalid is not built at all: the running cluster stays as it is. */
export function validate({ cluster, identity }: ClusterSnapshot): Validation {
  const { spec } = cluster;
  const result = daemonsOf(cluster);
  const problems: Problem[] = [
    ...(result.kind === 'invalid' ? result.problems.map(invalid) : []),
    ...configurationFaults(spec),
  ];
  if (result.kind === 'invalid' || problems.length > 0) return { kind: 'invalid', problems };
  const { daemons } = result;
  return { kind: 'valid', cluster: { identity, spec, daemons, version: formatVersion(daemons.version) } };
}

const invalid = ({ message, component }: { message: string; component?: Problem['component'] }): Problem => ({
  reason: 'InvalidSpec',
  message,
  ...(component && { component }),
});

function configurationFaults({ configuration }: ImpalaClusterSpec): Problem[] {
  const bytes = Object.entries(configuration?.files ?? {}).reduce(
    (sum, [name, text]) => sum + Buffer.byteLength(name) + Buffer.byteLength(text),
    0,
  );
  if (bytes <= CONFIG_MAP_BYTES) return [];
  const message =
    `spec.configuration.files: ${bytes} bytes are more than the ${CONFIG_MAP_BYTES} that fit into a ConfigMap: ` +
    'move files into ConfigMaps of your own and name them in spec.configuration.from';
  return [invalid({ message })];
}
