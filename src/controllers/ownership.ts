import { KIND, labels, OPERATOR_FIELD_MANAGER } from '../api/names.ts';
import type { Component } from '../api/names.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { ClusterIdentity } from './build/metadata.ts';
import type { Problem } from './problem.ts';

/**
 * Whose an object of one of our names is.
 * - `ours`: made for this very ImpalaCluster.
 * - `predecessor`: made for a deleted ImpalaCluster of the same name; the garbage collector is about to take it.
 * - `foreign`: somebody else's. It is never touched.
 */
export type Ownership = 'ours' | 'predecessor' | 'foreign';

/** What to do about a foreign object, by its kind and name. */
export const objectForeign = (object: string, component?: Component): Problem => ({
  reason: 'ObjectForeign',
  message: `${object} belongs to somebody else: delete or rename it, or give the ImpalaCluster another name`,
  ...(component && { component }),
});

export function ownershipOf(object: KubernetesObject, cluster: ClusterIdentity): Ownership {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (object.metadata.labels?.[labels.managedBy] !== OPERATOR_FIELD_MANAGER || owner?.kind !== KIND) return 'foreign';
  if (owner.uid === cluster.uid) return 'ours';
  return owner.name === cluster.name ? 'predecessor' : 'foreign';
}
