import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { names } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import { KEYS_DIRECTORY } from '../../daemons/agent-configuration.ts';
import type { ClusterIdentity } from './metadata.ts';

const KEYS_VOLUME = 'keys';

/**
 * The keys by which the agents of a pair know each other, as a volume. Kubelet brings renewed ones by itself. It is
 * optional because a daemon must come up also when somebody has deleted the Secret: without promises, until the operator
 * has made it anew.
 */
export const keysVolume = (cluster: ClusterIdentity, component: PairComponent): V1Volume => ({
  name: KEYS_VOLUME,
  // Readable by its group, which fsGroup makes the agent's.
  secret: { secretName: names.pair(cluster.name, component), defaultMode: 0o440, optional: true },
});

/** For the agent's container alone. */
export const keysMount: V1VolumeMount = { name: KEYS_VOLUME, mountPath: KEYS_DIRECTORY, readOnly: true };
