import { annotations, MEMBERS, type Member } from '../api/names.ts';
import type { Lease } from '../kube/kubernetes-object.ts';

/** A start of the daemon that did not end in a healthy answer. */
export interface FailedStart {
  readonly term: number;
  /** The how-manieth start of the pair in a row that failed. */
  readonly number: number;
  readonly reason: string;
}

/** What a member says of itself, in an annotation of its own on the Lease, as JSON. */
export interface SignIn {
  readonly uid: string;
  /** The pod's address, at which its agent answers who asks for a promise. */
  readonly address?: string;
  /** Whether it could become active at once: its guard is there and its pre-flight has passed. */
  readonly ready: boolean;
  /** The template its pod was made from: failures under another one do not count. */
  readonly template: string;
  /** The boot id of the kernel that it runs under: that of its node, unless its pod has a kernel of its own. */
  readonly boot?: string;
  /** Why it is not ready, when it knows. */
  readonly problem?: string;
  readonly failedStart?: FailedStart;
  /** The last term in which this member's daemon became healthy. */
  readonly healthyStart?: number;
}

/** @returns nothing where there is none, or where it was edited into something else */
export function readSignIn(lease: Lease | undefined, member: Member): SignIn | undefined {
  const text = lease?.metadata.annotations?.[annotations.signIn(member)];
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<SignIn> | null;
    if (typeof value !== 'object' || value === null || typeof value.uid !== 'string') return undefined;
    return { ...value, uid: value.uid, ready: value.ready === true, template: String(value.template ?? '') };
  } catch {
    return undefined;
  }
}

/**
 * How many starts of the pair have failed in a row under this template: those since the last healthy start of either
 * member. A changed template starts from none, so that a correction is tried at once.
 */
export function failedStartsInARow(lease: Lease | undefined, template: string): number {
  const signIns = MEMBERS.map((member) => readSignIn(lease, member)).filter((signIn) => signIn?.template === template);
  const healthy = Math.max(0, ...signIns.map((signIn) => signIn?.healthyStart ?? 0));
  const failures = signIns.map((signIn) => signIn?.failedStart).filter((failed) => failed && failed.term > healthy);
  return Math.max(0, ...failures.map((failed) => Number(failed?.number) || 0));
}
