import type {
  V1Container,
  V1EnvVar,
  V1PodSpec,
  V1ResourceRequirements,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
import type { ImpalaClusterSpec } from '../../api/impala-cluster.ts';
import type { Resources } from '../../api/scheduling.ts';
import type { DaemonContainer, EnvironmentVariable } from '../../daemons/daemon.ts';
import type { ValidCluster } from '../validate.ts';
import { CONFIGURATION_DIRECTORY, projections } from './configuration.ts';
import type { MountedConfiguration } from './configuration.ts';

/** Uid and gid `impala` of the images: their entrypoint wants to write /etc/passwd under any other. */
const IMPALA_ID = 1000;

const CONFIGURATION_VOLUME = 'configuration';

/** What the profile `restricted` of Pod Security asks of a container, and a read-only root besides. */
export const CONTAINER_SECURITY: NonNullable<V1Container['securityContext']> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

/** What all pods have in common. */
export function commonPodSpec(spec: ImpalaClusterSpec): Omit<V1PodSpec, 'containers'> {
  const { pullSecrets } = spec.image;
  return {
    automountServiceAccountToken: false,
    // Links would put an environment variable for every Service of the namespace into every pod.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: IMPALA_ID,
      runAsGroup: IMPALA_ID,
      fsGroup: IMPALA_ID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    // A DNS server on a lost node must not cost the resolver's 5 s; ndots lets full names be looked up as they are.
    dnsConfig: {
      options: [
        { name: 'timeout', value: '1' },
        { name: 'attempts', value: '3' },
        { name: 'ndots', value: '3' },
      ],
    },
    ...(pullSecrets && { imagePullSecrets: pullSecrets.map(({ name }) => ({ name })) }),
  };
}

/** A daemon's container, but for how it is started and probed. */
export function daemonContainer(
  daemon: DaemonContainer,
  { spec, configuration }: ValidCluster,
  resources: Resources | undefined,
): V1Container {
  return {
    name: daemon.name,
    image: daemon.image,
    imagePullPolicy: spec.image.pullPolicy,
    ports: daemon.ports.map(({ name, port }) => ({ name, containerPort: port, protocol: 'TCP' })),
    env: daemon.environment.map(environmentVariable),
    ...(resources && { resources: asSpelled(resources) }),
    securityContext: CONTAINER_SECURITY,
    volumeMounts: daemonMounts(daemon, configuration),
  };
}

/** Quantities go out as the user spelled them: another spelling of the same amount would restart pods. */
const asSpelled = (resources: Resources): V1ResourceRequirements => resources as V1ResourceRequirements;

function environmentVariable(variable: EnvironmentVariable): V1EnvVar {
  if ('value' in variable) return { name: variable.name, value: variable.value };
  return { name: variable.name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: variable.fieldPath } } };
}

function daemonMounts(daemon: DaemonContainer, configuration: MountedConfiguration | undefined): V1VolumeMount[] {
  const writable = daemon.writableDirectories.map((mountPath) => ({ name: volumeName(mountPath), mountPath }));
  if (configuration === undefined) return writable;
  return [...writable, { name: CONFIGURATION_VOLUME, mountPath: CONFIGURATION_DIRECTORY, readOnly: true }];
}

/** The volumes that a daemon's container mounts. */
export function daemonVolumes(daemon: DaemonContainer, configuration: MountedConfiguration | undefined): V1Volume[] {
  const writable = daemon.writableDirectories.map((path): V1Volume => ({ name: volumeName(path), emptyDir: {} }));
  if (configuration === undefined) return writable;
  return [...writable, { name: CONFIGURATION_VOLUME, projected: { sources: projections(configuration) } }];
}

/** The name of the volume for a directory: its last part, as in `logs` for /opt/impala/logs. */
const volumeName = (directory: string): string => directory.split('/').at(-1) ?? directory;
