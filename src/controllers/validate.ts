import type { ImpalaCluster, ImpalaClusterSpec } from '../api/impala-cluster.ts';
import { daemonsOf } from '../daemons/daemons.ts';
import type { Daemons } from '../daemons/daemons.ts';
import { formatVersion } from '../daemons/versions.ts';
import { COMPONENTS } from '../api/names.ts';
import type { Component } from '../api/names.ts';
import { mountedConfiguration } from './build/configuration.ts';
import type { MountedConfiguration } from './build/configuration.ts';
import type { ClusterIdentity } from './build/metadata.ts';
import { restartOf } from './build/template.ts';
import type { Problem } from './problem.ts';
import type { ClusterSnapshot } from './snapshot.ts';

/** A cluster that objects can be built from. Only {@link validate} makes one. */
export interface ValidCluster {
  readonly identity: ClusterIdentity;
  readonly spec: ImpalaClusterSpec;
  readonly daemons: Daemons;
  /** x.y.z */
  readonly version: string;
  readonly configuration: MountedConfiguration | undefined;
  /** What was asked for last of restarts, by component. */
  readonly restarts: Readonly<Record<Component, string | undefined>>;
}

export type Validation =
  | { readonly kind: 'valid'; readonly cluster: ValidCluster }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What the API server takes as one object (etcd's 1.5 MiB less what surrounds the data), as it limits ConfigMaps itself. */
const CONFIG_MAP_BYTES = 1_048_576;

/** Finds what the API server's own rules cannot see. What is invalid is not built at all: the running cluster stays as it is. */
export function validate({ cluster, identity, sources }: ClusterSnapshot): Validation {
  const { spec } = cluster;
  const result = daemonsOf(cluster);
  const problems: Problem[] = [
    ...(result.kind === 'invalid' ? result.problems.map(invalid) : []),
    ...configurationFaults(spec),
    ...sources.flatMap((source) => (source.kind === 'missing' ? [source.problem] : [])),
  ];
  if (result.kind === 'invalid' || problems.length > 0) return { kind: 'invalid', problems };
  const { daemons } = result;
  const contents = sources.flatMap((source) => (source.kind === 'read' ? [source.content] : []));
  return {
    kind: 'valid',
    cluster: {
      identity,
      spec,
      daemons,
      version: formatVersion(daemons.version),
      configuration: mountedConfiguration(identity, spec, contents),
      restarts: restartsOf(cluster),
    },
  };
}

function restartsOf({ metadata }: ImpalaCluster): ValidCluster['restarts'] {
  const asked = COMPONENTS.map((component) => [component, restartOf(metadata.annotations ?? {}, component)] as const);
  return Object.fromEntries(asked) as ValidCluster['restarts'];
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
