import { labels, MEMBERS, OPERATOR_FIELD_MANAGER } from '../api/names.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import { pods } from '../kube/resource.ts';
import type { Pod } from './kubernetes-types.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';
import { activePod } from './status/pair-status.ts';

export interface RoleLabel {
  readonly pod: Pod;
  readonly role: 'active' | 'standby';
}

/** The role labels of a pair's pods that are not what they should be: pure. */
export function roleLabelsToSet(snapshot: ClusterSnapshot, pair: PairSnapshot): RoleLabel[] {
  const active = activePod(snapshot, pair);
  return MEMBERS.flatMap((member): RoleLabel[] => {
    const pod = pair.pods[member];
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return [];
    const role = pod === active ? 'active' : 'standby';
    return pod.metadata.labels?.[labels.role] === role ? [] : [{ pod, role }];
  });
}

/**
 * Labels a pair's pods active or standby, for people.
 * @throws KubernetesApiError
 */
export async function labelRoles(api: KubernetesApi, snapshot: ClusterSnapshot, pair: PairSnapshot): Promise<void> {
  const { namespace } = snapshot.identity;
  for (const { pod, role } of roleLabelsToSet(snapshot, pair)) {
    const { name, uid = '' } = pod.metadata;
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid, labels: { [labels.role]: role } } };
    try {
      await api.apply({ resource: pods, namespace, name }, body, { fieldManager: OPERATOR_FIELD_MANAGER, force: true });
    } catch (error) {
      // The pod of that uid has gone: its successor gets its label when the watch shows it.
      if (!(error instanceof KubernetesApiError && error.boundObjectChanged)) throw error;
    }
  }
}
