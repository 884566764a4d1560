import { names } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import { podDisruptionBudgets } from '../../kube/resource.ts';
import type { PodDisruptionBudget } from '../kubernetes-types.ts';
import { desired, selectorLabels } from './metadata.ts';
import type { ClusterIdentity, DesiredObject } from './metadata.ts';

/**
 * One budget over both members of a pair, so that a drain takes one at a time. An unready pod may always be evicted:
 * with the default policy two unready ones would block a drain for good.
 */
export function podDisruptionBudget(
  cluster: ClusterIdentity,
  component: PairComponent,
): DesiredObject<PodDisruptionBudget> {
  return desired<PodDisruptionBudget>(
    podDisruptionBudgets,
    cluster,
    { component },
    {
      metadata: { name: names.pair(cluster.name, component) },
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: selectorLabels(cluster, component) },
      },
    },
  );
}
