import { otherMember } from '../api/names.ts';
import type { Member } from '../api/names.ts';

/** As much of a member as decides when it gets a changed template. */
export interface MemberState {
  /** Hash of the template that its StatefulSet has; nothing when there is no StatefulSet. */
  readonly live: string | undefined;
  /** Hash of the template that it should have. */
  readonly wanted: string;
  /** Whether its pod is ready and was made from the template that its StatefulSet has. */
  readonly settled: boolean;
}

export type Pair<T> = Readonly<Record<Member, T>>;

/** `hold`: its turn has not come, the StatefulSet stays as it is. */
export type Turn = 'apply' | 'hold';

/**
 * Which members get their template now. A StatefulSet that does not exist is made at once, and one whose template does
 * not change may be applied at any time. A changed template goes to the standby first, and to the active when the
 * standby is ready on its own: so a template that does not work stops there, and what is not yet updated comes back as
 * it was. To both at once when none is serving: there is nothing to lose, and waiting for a standby that may be as
 * broken as the active would wait for ever.
 * @param serving the member that holds the Lease and serves, if one does
 */
export function decideUpdates(members: Pair<MemberState>, serving: Member | undefined): Pair<Turn> {
  const changed = (member: Member): boolean =>
    members[member].live !== undefined && members[member].live !== members[member].wanted;
  const turn = (member: Member): Turn => {
    if (!changed(member) || serving === undefined || member !== serving) return 'apply';
    const standby = members[otherMember(member)];
    return standby.live === standby.wanted && standby.settled ? 'apply' : 'hold';
  };
  return { a: turn('a'), b: turn('b') };
}
