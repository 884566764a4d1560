import { annotations, MEMBERS, OPERATOR_FIELD_MANAGER, type Member } from '../api/names.ts';
import { applyAnnotation } from '../kube/apply-annotation.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { leases } from '../kube/resource.ts';

/** Who shall take over from the holder: written by the operator, in an annotation of the Lease, as JSON. */
export interface Preference {
  readonly member: Member;
  /** New for each request, which is served once. */
  readonly request: string;
}

/**
 * How it is known that a claim's processes are dead.
 * - `ContainersTerminated`: kubelet said so of every container of the very pod, which it will not start again.
 * - `NodeRebooted`: the node runs under another boot id.
 * - `NodeDeleted`, `NodeOutOfService`: somebody deleted the Node object, or tainted it node.kubernetes.io/out-of-service.
 * - `ForceTakeover`: an administrator said so.
 */
export const GONE_REASONS = [
  'ContainersTerminated',
  'NodeRebooted',
  'NodeDeleted',
  'NodeOutOfService',
  'ForceTakeover',
] as const;
export type GoneReason = (typeof GONE_REASONS)[number];

/** The statement that a claim's processes are dead, in an annotation of the Lease, as JSON. */
export interface Gone {
  /** The holderIdentity, whole: the same pod may hold the Lease again, under another claim. */
  readonly claim: string;
  readonly because: GoneReason;
}

/**
 * The request that asks for a member at a time: what the kubectl plugin asks for, and knows again in the status.
 * @param time as it stands in the ImpalaCluster's annotation
 */
export const requestAt = (member: Member, time: string): string => `${member} at ${time}`;

/** The request for a switchover that was served last. */
export const servedRequest = (lease: Lease | undefined): string | undefined =>
  lease?.metadata.annotations?.[annotations.servedRequest];

/**
 * Writes the operator's word on who shall take over; without one, takes it back.
 * @param lease as it was read: when it has changed since, nothing is written, and false returned
 * @throws KubernetesApiError
 */
export const writePreference = (api: KubernetesApi, lease: Lease, note: Preference | undefined): Promise<boolean> =>
  writeNote(api, lease, annotations.preferred, note);

/**
 * Writes that a claim's processes are dead.
 * @param lease as it was read: when it has changed since, nothing is written, and false returned
 * @throws KubernetesApiError
 */
export const writeGone = (api: KubernetesApi, lease: Lease, note: Gone): Promise<boolean> =>
  writeNote(api, lease, annotations.gone, note);

/** Each note has a field manager of its own: an agent that takes one away must not see it come back with the other. */
function writeNote(api: KubernetesApi, lease: Lease, annotation: string, note: object | undefined): Promise<boolean> {
  const [, word = annotation] = annotation.split('/');
  const value = note && JSON.stringify(note);
  return applyAnnotation(api, leases, lease, {
    annotation,
    value,
    fieldManager: `${OPERATOR_FIELD_MANAGER}-${word}`,
  });
}

/** @returns nothing where there is none, or where it was edited into something else */
export function readPreference(lease: Lease | undefined): Preference | undefined {
  const { member, request } = readNote(lease, annotations.preferred) as Partial<Preference>;
  if (member === undefined || !MEMBERS.includes(member) || typeof request !== 'string') return undefined;
  return { member, request };
}

/** @returns nothing where there is none, or where it was edited into something else. It may speak of an earlier claim. */
export function readGone(lease: Lease | undefined): Gone | undefined {
  const { claim, because } = readNote(lease, annotations.gone) as Partial<Gone>;
  if (typeof claim !== 'string' || because === undefined || !GONE_REASONS.includes(because)) return undefined;
  return { claim, because };
}

/** Whether the present holder of the Lease is known to be dead. */
export function isHolderGone(lease: Lease | undefined): boolean {
  const holder = lease?.spec?.holderIdentity ?? '';
  return holder !== '' && readGone(lease)?.claim === holder;
}

function readNote(lease: Lease | undefined, annotation: string): object {
  try {
    const value = JSON.parse(lease?.metadata.annotations?.[annotation] ?? 'null') as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
