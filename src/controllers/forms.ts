import { MEMBERS, otherMember } from '../api/names.ts';
import type { Component, Member } from '../api/names.ts';

/** In what form a pair runs: two members, one plain pod, or not at all. */
export type Form = 'pair' | 'plain' | 'none';

/** What of a StatefulSet decides whether another may start. */
export interface Presence {
  /** How many pods it is told to have; nothing when it does not exist. */
  readonly replicas: number | undefined;
  /** Whether it has none, and makes none. */
  readonly gone: boolean;
}

export type Part = Member | 'plain';
export type Parts<T> = Readonly<Record<Part, T>>;

/** What of a pair decides which of its StatefulSets may have pods. */
export interface PairForm {
  readonly wanted: Form;
  readonly sets: Parts<Presence>;
  /** The member that holds the Lease. */
  readonly holder: Member | undefined;
  /** Whether nobody out of sight can be active by the Lease: the plain pod knows of no Lease. */
  readonly leaseClear: boolean;
  /** Whether what asks this component has ended, when the cluster is stopped. */
  readonly mayEnd: boolean;
}

/** How many pods each StatefulSet of a pair may have now: nothing means that it stays as it is, or unmade. */
export type Sizes = Parts<number | undefined>;

const KEEP: Sizes = { a: undefined, b: undefined, plain: undefined };

/**
 * Which StatefulSets of a pair have pods now. Members and plain pod never run side by side: what is not wanted ends
 * first, and is gone before the other begins. Of two members the standby ends first: so nobody takes over in between,
 * and the holder's release is the last word, by which the next to come claims at once.
 */
export function decideSizes({ wanted, sets, holder, leaseClear, mayEnd }: PairForm): Sizes {
  if (wanted === 'none') return mayEnd ? ending(sets, holder) : KEEP;
  if (wanted === 'pair') {
    if (!sets.plain.gone) return { ...KEEP, plain: 0 };
    return { a: 1, b: 1, plain: 0 };
  }
  if (sets.plain.replicas === 1) return { a: 0, b: 0, plain: 1 };
  if (!sets.a.gone || !sets.b.gone) return { ...ending(sets, holder), plain: undefined };
  return { a: 0, b: 0, plain: leaseClear ? 1 : undefined };
}

function ending(sets: Parts<Presence>, holder: Member | undefined): Sizes {
  const standby = holder === undefined ? 'b' : otherMember(holder);
  if (sets[standby].gone) return { a: 0, b: 0, plain: 0 };
  return { a: undefined, b: undefined, plain: 0, [standby]: 0 };
}

/** Whether these sizes would start what must not run beside the other form: then that has to be known for certain. */
export function startOf(sizes: Sizes, sets: Parts<Presence>): Exclude<Form, 'none'> | undefined {
  const starts = (part: Part): boolean => sizes[part] === 1 && sets[part].replicas !== 1;
  if (starts('plain')) return 'plain';
  return MEMBERS.some(starts) ? 'pair' : undefined;
}

/** In which order a cluster ends: who asks before who is asked. */
export const STOP_ORDER = ['coordinator', 'executor', 'catalog', 'statestore'] as const satisfies readonly Component[];

/** Whether all components that end before this one have ended. */
export const mayEnd = (component: Component, gone: Readonly<Record<Component, boolean>>): boolean =>
  STOP_ORDER.slice(0, STOP_ORDER.indexOf(component)).every((earlier) => gone[earlier]);

/** What of a Service decides where it shall lead. */
export interface Routing {
  readonly wanted: Form;
  /** Whether its selector leads to the plain pod now. */
  readonly selects: boolean;
  readonly sizes: Sizes;
  readonly plainGone: boolean;
  /** Whether Kubernetes' own slices of the Service still lead anywhere. */
  readonly leftRoutes: boolean;
}

/** `holder`: the slice that the holder of the Lease writes; `plain`: a selector, by Kubernetes' own means. */
export type Route = 'holder' | 'plain';

/**
 * Where a pair's Service leads. The selector comes when the plain pod does. It goes when that has gone from the slices
 * that Kubernetes made for it: those stay behind as they are.
 */
export function decideRoute({ wanted, selects, sizes, plainGone, leftRoutes }: Routing): Route {
  if (selects) return wanted === 'pair' && plainGone && !leftRoutes ? 'holder' : 'plain';
  return wanted === 'plain' && sizes.plain === 1 ? 'plain' : 'holder';
}
