import { annotations, labels, OPERATOR_FIELD_MANAGER } from '../../api/names.ts';
import type { Component } from '../../api/names.ts';
import { covers } from '../../kube/covers.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { ApiErrorReason, KubernetesApi } from '../../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import {
  configMaps,
  endpointSlices,
  leases,
  podDisruptionBudgets,
  roleBindings,
  roles,
  serviceAccounts,
  services,
  statefulSets,
} from '../../kube/resource.ts';
import type { ClusterIdentity, DesiredObject } from '../build/metadata.ts';
import type { ObjectCache } from '../object-cache.ts';
import { objectForeign, ownershipOf } from '../ownership.ts';
import type { Problem, ProblemReason } from '../problem.ts';
import { lookUp } from './look-up.ts';

/** What a pod needs is there before the pod. */
const ORDER = [
  serviceAccounts,
  roles,
  roleBindings,
  services,
  endpointSlices,
  configMaps,
  leases,
  podDisruptionBudgets,
  statefulSets,
].map(({ kind }) => kind);

export interface ApplyReport {
  /** The objects that were written, as in `Service impala-statestore`. */
  readonly written: readonly string[];
  readonly problems: readonly Problem[];
  /** Objects of a deleted cluster of the same name that must be gone first. */
  readonly awaited: readonly string[];
}

export interface ApplyContext {
  readonly api: KubernetesApi;
  readonly cache: ObjectCache;
  readonly cluster: ClusterIdentity;
  /** Components of which nothing may be written for now. */
  readonly blocked?: readonly Component[];
  /** Makes an object that server-side apply must not make (a Lease, whose spec is not ours). */
  create(desired: DesiredObject): Promise<void>;
}

interface Candidate {
  readonly desired: DesiredObject;
  readonly live: KubernetesObject | undefined;
}

const describe = ({ kind, metadata }: KubernetesObject): string => `${kind ?? 'object'} ${metadata.name}`;

const componentOf = ({ body }: DesiredObject): Component | undefined =>
  body.metadata.labels?.[labels.impalaComponent] as Component | undefined;

/**
 * Brings the objects into being, in an order in which each finds what it needs. Nothing is written that is there
 * already. An object of somebody else's is never touched, and what belongs together with it (the rest of its component;
 * everything, when it is an object that all share) is left as it is: an agent must not campaign for a foreign Lease.
 * @throws KubernetesApiError when the API cannot be reached or refuses for now
 */
export async function applyObjects(
  context: ApplyContext,
  desiredObjects: readonly DesiredObject[],
): Promise<ApplyReport> {
  const { api, cache, cluster } = context;
  const candidates: Candidate[] = [];
  for (const desired of [...desiredObjects].sort((left, right) => rank(left) - rank(right))) {
    const reference = { resource: desired.resource, namespace: cluster.namespace, name: desired.body.metadata.name };
    candidates.push({ desired, live: await lookUp(api, cache, reference) });
  }

  const blocked = new Set<Component | undefined>(context.blocked);
  const problems: Problem[] = [];
  const awaited: string[] = [];
  for (const { desired, live } of candidates) {
    const ownership = live && ownershipOf(live, cluster);
    if (ownership === 'foreign') problems.push(objectForeign(describe(desired.body), componentOf(desired)));
    if (ownership === 'predecessor' || (ownership === 'ours' && live?.metadata.deletionTimestamp !== undefined)) {
      awaited.push(describe(desired.body));
    } else if (ownership !== 'foreign') {
      continue;
    }
    blocked.add(componentOf(desired));
  }

  const written: string[] = [];
  for (const candidate of candidates) {
    if (blocked.has(undefined) || blocked.has(componentOf(candidate.desired))) continue;
    const outcome = await applyOne(context, candidate);
    if (outcome.kind === 'written') written.push(describe(candidate.desired.body));
    if (outcome.kind === 'refused') problems.push(outcome.problem);
  }
  return { written, problems, awaited };
}

const rank = ({ resource }: DesiredObject): number => ORDER.indexOf(resource.kind);

type Outcome = { kind: 'unchanged' } | { kind: 'written' } | { kind: 'refused'; problem: Problem };

async function applyOne(context: ApplyContext, { desired, live }: Candidate): Promise<Outcome> {
  const { body, resource } = desired;
  if (live !== undefined && isCurrent(live, body)) return { kind: 'unchanged' };
  try {
    if (live === undefined && resource.kind === leases.kind) {
      await context.create(desired);
      return { kind: 'written' };
    }
    const reference = { resource, namespace: context.cluster.namespace, name: body.metadata.name };
    const options = { fieldManager: OPERATOR_FIELD_MANAGER, force: true };
    const applied = await context.api.apply(reference, onlyOnto(live, body), options);
    // An apply that changes nothing, as with a quantity that the API server spells otherwise, writes nothing.
    const same = applied.metadata.resourceVersion === live?.metadata.resourceVersion;
    return { kind: same ? 'unchanged' : 'written' };
  } catch (error) {
    const reason = error instanceof KubernetesApiError ? REFUSALS[error.reason] : undefined;
    if (reason === undefined) throw error;
    const component = componentOf(desired);
    return {
      kind: 'refused',
      problem: { reason, message: (error as Error).message, ...(component && { component }) },
    };
  }
}

/** Answers that say what somebody has to change. Everything else passes by itself, or with the next read. */
export const REFUSALS: Partial<Record<ApiErrorReason, ProblemReason>> = {
  Invalid: 'InvalidSpec',
  Forbidden: 'Forbidden',
};

/** Whether the object is as we applied it last, and nobody has changed since what we own. */
const isCurrent = (live: KubernetesObject, body: KubernetesObject): boolean =>
  live.metadata.annotations?.[annotations.applied] === body.metadata.annotations?.[annotations.applied] &&
  covers(live, body);

/** With a uid an apply changes that very object, and is a conflict when it has gone or another has its name. */
const onlyOnto = (live: KubernetesObject | undefined, body: KubernetesObject): KubernetesObject =>
  live?.metadata.uid === undefined ? body : { ...body, metadata: { ...body.metadata, uid: live.metadata.uid } };
