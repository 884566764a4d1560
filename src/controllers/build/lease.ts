import { annotations, names } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import type { Lease } from '../../kube/kubernetes-object.ts';
import { leases } from '../../kube/resource.ts';
import { desired } from './metadata.ts';
import type { ClusterIdentity, DesiredObject } from './metadata.ts';

/** What is applied to a Lease that exists: metadata alone. Its spec belongs to the agents. */
export function leaseMetadata(cluster: ClusterIdentity, component: PairComponent): DesiredObject<Lease> {
  return desired<Lease>(leases, cluster, { component }, { metadata: { name: names.pair(cluster.name, component) } });
}

/**
 * Whether a pair without a Lease ever had one.
 * - `first`: it did not. The Lease is made released, so that a member may claim it at once.
 * - `remade`: it did, or may have: somebody may be active under a term that we do not see. Nobody may claim it before a
 *   full lease duration has passed, and the numbering goes on.
 */
export type LeaseHistory = { readonly kind: 'first' } | { readonly kind: 'remade'; readonly term: number };

/** What tells, read from the API server itself and not from a cache. */
export interface LeaseTraces {
  /** Whether a pod or a StatefulSet of the pair exists. */
  readonly membersExist: boolean;
  readonly statusTerm: number | undefined;
  readonly sliceTerm: number | undefined;
}

export function historyOf(traces: LeaseTraces): LeaseHistory {
  const term = Math.max(traces.statusTerm ?? 0, traces.sliceTerm ?? 0);
  const traceless = traces.statusTerm === undefined && traces.sliceTerm === undefined;
  return !traces.membersExist && (traceless || term === 0) ? { kind: 'first' } : { kind: 'remade', term };
}

/** The Lease as it is created, once. Both annotation and spec are left to the agents from then on. */
export function newLease(
  cluster: ClusterIdentity,
  component: PairComponent,
  leaseDurationSeconds: number,
  history: LeaseHistory,
): Lease {
  const { body } = leaseMetadata(cluster, component);
  const spec = {
    holderIdentity: '',
    leaseDurationSeconds,
    leaseTransitions: history.kind === 'first' ? 0 : history.term,
  };
  if (history.kind === 'remade') return { ...body, spec };
  return {
    ...body,
    metadata: { ...body.metadata, annotations: { ...body.metadata.annotations, [annotations.released]: '0' } },
    spec,
  };
}
