import type { Lease } from '../kubernetes-object.ts';

/** A process that may campaign for a Lease, by its pod. */
export interface RosterMember {
  readonly pod: string;
  readonly uid: string;
}

/**
 * Who may claim a Lease when it has not been renewed for a lease duration: its holder and everybody of whom the holder
 * knew when it wrote the record, and whom it therefore asks for a promise when it cannot renew (P14).
 */
export type Roster = readonly RosterMember[];

/** No pair has more members, alive and out of sight together: whatever is longer was edited. */
const LONGEST_ROSTER = 16;

/** The roster in a record. One that is not there, or was edited into something else, is empty: it keeps everybody waiting. */
export function rosterOf(lease: Lease | undefined, annotation: string): Roster {
  try {
    const value: unknown = JSON.parse(lease?.metadata.annotations?.[annotation] ?? '[]');
    if (!Array.isArray(value) || value.length > LONGEST_ROSTER) return [];
    return value.filter(isMember).map(({ pod, uid }) => ({ pod, uid }));
  } catch {
    return [];
  }
}

/** The annotation: the same text for the same members. */
export const formatRoster = (roster: Roster): string =>
  JSON.stringify(united(roster).map(({ pod, uid }) => ({ pod, uid })));

/** Everybody who is on one of the rosters, once. */
export function united(...rosters: readonly Roster[]): Roster {
  const byUid = new Map(rosters.flat().map((member) => [member.uid, member]));
  return [...byUid.values()].sort((one, other) => (one.uid < other.uid ? -1 : 1));
}

export const isOn = (roster: Roster, uid: string): boolean => roster.some((member) => member.uid === uid);

function isMember(value: unknown): value is RosterMember {
  if (typeof value !== 'object' || value === null) return false;
  const { pod, uid } = value as Partial<RosterMember>;
  return typeof pod === 'string' && typeof uid === 'string' && uid !== '';
}
