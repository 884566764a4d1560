import { names } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import { roleBindings, roles, serviceAccounts } from '../../kube/resource.ts';
import type { Role, RoleBinding, ServiceAccount } from '../kubernetes-types.ts';
import { desired } from './metadata.ts';
import type { ClusterIdentity, DesiredObject } from './metadata.ts';

/** The identity of a pair's agents. Its token is mounted into the agent's container alone. */
export function serviceAccount(cluster: ClusterIdentity, component: PairComponent): DesiredObject<ServiceAccount> {
  return desired<ServiceAccount>(
    serviceAccounts,
    cluster,
    { component },
    {
      metadata: { name: names.pair(cluster.name, component) },
      automountServiceAccountToken: false,
    },
  );
}

/**
 * All that an agent may do: its own Lease and its own EndpointSlice, by name, and events. `list` is missing on purpose:
 * it cannot be limited to a name together with a watch of that name alone.
 */
export function role(cluster: ClusterIdentity, component: PairComponent): DesiredObject<Role> {
  const name = names.pair(cluster.name, component);
  return desired<Role>(
    roles,
    cluster,
    { component },
    {
      metadata: { name },
      rules: [
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          resourceNames: [name],
          verbs: ['get', 'watch', 'update'],
        },
        {
          apiGroups: ['discovery.k8s.io'],
          resources: ['endpointslices'],
          resourceNames: [name],
          verbs: ['get', 'watch', 'update'],
        },
        { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
      ],
    },
  );
}

export function roleBinding(cluster: ClusterIdentity, component: PairComponent): DesiredObject<RoleBinding> {
  const name = names.pair(cluster.name, component);
  return desired<RoleBinding>(
    roleBindings,
    cluster,
    { component },
    {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: cluster.namespace }],
    },
  );
}
