import type { ImpalaClusterSpec } from '../api/impala-cluster.ts';
import type { ClusterLocation } from './addresses.ts';
import type { EnvironmentVariable } from './daemon.ts';
import type { ImpalaVersion } from './versions.ts';

/** What the daemons of one cluster are made from. The user's flags in it have been checked. */
export interface DaemonContext {
  readonly location: ClusterLocation;
  readonly version: ImpalaVersion;
  readonly spec: ImpalaClusterSpec;
}

/** The image of a daemon, under the names that Apache gives them. */
export const imageOf = ({ image }: ImpalaClusterSpec, daemon: string): string =>
  `${image.repository}:${image.tag}-${daemon}`;

/** Lets flags name the pod: Kubernetes puts its name for $(POD_NAME) in them. */
export const POD_NAME: EnvironmentVariable = { name: 'POD_NAME', fieldPath: 'metadata.name' };
