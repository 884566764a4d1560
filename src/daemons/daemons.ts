import type { ImpalaCluster, ImpalaClusterSpec } from '../api/impala-cluster.ts';
import type { Member, PairComponent } from '../api/names.ts';
import { catalogd } from './catalogd.ts';
import { invalidFlags } from './command-line.ts';
import { coordinator } from './coordinator.ts';
import type { DaemonContext } from './daemon-context.ts';
import type { ImpaladDaemon, PairDaemon } from './daemon.ts';
import { executor } from './executor.ts';
import type { InvalidSpec } from './invalid-spec.ts';
import { plainDaemon } from './plain-daemon.ts';
import type { PlainDaemon } from './plain-daemon.ts';
import { statestored } from './statestored.ts';
import { OLDEST_SUPPORTED_VERSION, compareVersions, formatVersion, parseVersion } from './versions.ts';
import type { ImpalaVersion } from './versions.ts';

/** All daemons of a cluster. */
export interface Daemons {
  readonly version: ImpalaVersion;
  readonly statestore: Readonly<Record<Member, PairDaemon>>;
  readonly catalog: Readonly<Record<Member, PairDaemon>>;
  /** What runs when high availability is off. */
  readonly plain: Readonly<Record<PairComponent, PlainDaemon>>;
  readonly coordinator: ImpaladDaemon;
  readonly executor: ImpaladDaemon;
}

export type DaemonsResult =
  | { readonly kind: 'valid'; readonly daemons: Daemons }
  | { readonly kind: 'invalid'; readonly problems: InvalidSpec[] };

/** What a cluster's spec makes of Impala's daemons, or everything that is wrong with it. */
export function daemonsOf(cluster: ImpalaCluster): DaemonsResult {
  const { spec, metadata } = cluster;
  const version = impalaVersion(spec);
  if ('message' in version) return { kind: 'invalid', problems: [version] };
  const problems = [
    ...invalidFlags('statestore', spec.statestore.flags ?? {}, version),
    ...invalidFlags('catalog', spec.catalog.flags ?? {}, version),
    ...invalidFlags('coordinator', spec.coordinators.flags ?? {}, version),
    ...invalidFlags('executor', spec.executors.flags ?? {}, version),
  ];
  if (problems.length > 0) return { kind: 'invalid', problems };
  const context: DaemonContext = {
    location: {
      cluster: metadata.name,
      namespace: metadata.namespace ?? 'default',
      clusterDomain: spec.clusterDomain,
    },
    version,
    spec,
  };
  return {
    kind: 'valid',
    daemons: {
      version,
      statestore: { a: statestored(context, 'a'), b: statestored(context, 'b') },
      catalog: { a: catalogd(context, 'a'), b: catalogd(context, 'b') },
      plain: {
        statestore: plainDaemon(context.location, statestored(context, 'a')),
        catalog: plainDaemon(context.location, catalogd(context, 'a')),
      },
      coordinator: coordinator(context),
      executor: executor(context),
    },
  };
}

/** The version that spec.image says, by itself or by its tag. */
export function impalaVersion({ image }: ImpalaClusterSpec): ImpalaVersion | InvalidSpec {
  const version = parseVersion(image.version ?? image.tag);
  if (version === undefined) {
    const field = 'spec.image.version';
    return { field, message: `${field}: the tag ${image.tag} does not begin with x.y.z: write Impala's version` };
  }
  if (compareVersions(version, OLDEST_SUPPORTED_VERSION) < 0) {
    const field = image.version === undefined ? 'spec.image.tag' : 'spec.image.version';
    const oldest = formatVersion(OLDEST_SUPPORTED_VERSION);
    return { field, message: `${field}: Impala ${formatVersion(version)} is not supported: write ${oldest} or later` };
  }
  return version;
}
