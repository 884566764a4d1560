import { MEMBERS, otherMember } from '../api/names.ts';
import type { Component, Member } from '../api/names.ts';

/** As much of a StatefulSet as decides when it gets a changed template. */
export interface TemplateState {
  /** Hash of the template that it has; nothing when there is no StatefulSet, or one of no pods, whose template moves nothing. */
  readonly live: string | undefined;
  /** Hash of the template that it should have. */
  readonly wanted: string;
  /** Whether all its pods are ready and were made from the template that it has. */
  readonly settled: boolean;
  /** Whether what is not settled has no node to run on: that is no template's fault. */
  readonly unschedulable: boolean;
}

/** The same of a member of a pair. */
export interface MemberState extends TemplateState {
  /** Whether its pod says that it cannot run as it is: no image, no container, a pre-flight that failed. */
  readonly failing: boolean;
  /** Whether its pod is on a node that is there. */
  readonly placed: boolean;
}

export type Pair<T> = Readonly<Record<Member, T>>;

/** `hold`: its turn has not come, its template stays as it is. */
export type Turn = 'apply' | 'hold';

/** Which members of a pair matter to clients now. */
export interface Tenancy {
  /** The member that holds the Lease. */
  readonly holder: Member | undefined;
  /** Whether its daemon serves. */
  readonly serves: boolean;
}

export const isChanged = ({ live, wanted }: TemplateState): boolean => live !== undefined && live !== wanted;
const isUpdated = ({ live, wanted, settled }: TemplateState): boolean => live === wanted && settled;

/**
 * Which members of a pair get their template now. A StatefulSet that does not exist is made at once, and one whose
 * template does not change may be applied at any time. A changed template goes to one member first (the standby), and to
 * the other when the first is ready on it: so a template that does not work stops there, and what is not yet updated
 * comes back as it was, even if it is lost in between. A member that cannot run as it is has nothing to lose, and waits
 * for nobody: the other may never become ready for reasons of its own.
 */
export function decideUpdates(members: Pair<MemberState>, tenancy: Tenancy): Pair<Turn> {
  const first = firstToChange(members, tenancy);
  const turn = (member: Member): Turn => {
    const state = members[member];
    if (!isChanged(state) || hasNothingToLose(state, member, tenancy)) return 'apply';
    const other = members[otherMember(member)];
    if (isChanged(other)) return member === first ? 'apply' : 'hold';
    return isUpdated(other) ? 'apply' : 'hold';
  };
  return { a: turn('a'), b: turn('b') };
}

/** Whether a member cannot run as it is. One that serves can, whatever is said of it: a pre-flight may fail for other reasons. */
export const hasNothingToLose = ({ failing }: MemberState, member: Member, { holder, serves }: Tenancy): boolean =>
  failing && !(serves && holder === member);

/** Of two members that both are to change: never the one that serves; rather one that has a node; rather not the holder. */
function firstToChange(members: Pair<MemberState>, { holder, serves }: Tenancy): Member {
  const standby = holder === undefined ? 'b' : otherMember(holder);
  if (serves) return standby;
  const placed = MEMBERS.filter((member) => members[member].placed);
  return placed.length === 1 && placed[0] !== undefined ? placed[0] : standby;
}

/** In which order the components of a cluster get changed templates: who is asked comes before who asks. */
export const UPDATE_ORDER = [
  'statestore',
  'catalog',
  'executor',
  'coordinator',
] as const satisfies readonly Component[];

/**
 * The components that are not yet as they should be, by what was read of their StatefulSets. A standby for which there
 * is no node keeps nobody waiting: its component's other member has its template.
 */
export function unfinishedComponents(
  states: Readonly<Record<Component, readonly TemplateState[]>>,
): ReadonlySet<Component> {
  const isDone = (state: TemplateState): boolean =>
    isUpdated(state) || (state.live === state.wanted && state.unschedulable);
  return new Set(UPDATE_ORDER.filter((component) => !states[component].every(isDone)));
}

/** The first component that a changed template of this one has to wait for, if there is one. */
export function waitsFor(component: Component, unfinished: ReadonlySet<Component>): Component | undefined {
  return UPDATE_ORDER.slice(0, UPDATE_ORDER.indexOf(component)).find((earlier) => unfinished.has(earlier));
}
