/** A hand-over that was asked for, as pure functions of the Lease (P18). */
import { annotations, MEMBERS, type Member } from '../api/names.ts';
import { readPreference, servedRequest, type Preference } from '../daemons/lease-notes.ts';
import { readSignIn } from '../daemons/sign-in.ts';
import type { Milliseconds } from '../kube/clock.ts';
import { tenancyOf } from '../kube/election/tenancy.ts';
import type { Lease } from '../kube/kubernetes-object.ts';

/** For how long the others leave a released Lease to the member that it names. */
const HOLD_BACK: Milliseconds = 3_000;

/**
 * The request that the active has to serve now: a new one, for another member, which is ready. One that was served is
 * over, whatever has become of the pair since.
 */
export function switchoverToServe(lease: Lease | undefined, self: Member): Preference | undefined {
  const preference = readPreference(lease);
  if (preference === undefined || preference.request === servedRequest(lease)) return undefined;
  if (preference.member === self) return undefined;
  return readSignIn(lease, preference.member)?.ready === true ? preference : undefined;
}

/** What the active writes of requests: one for itself is served already, so that it costs no hand-over later. */
export function servedByHolding(lease: Lease | undefined, self: Member): Record<string, string> {
  const preference = readPreference(lease);
  return preference?.member === self ? { [annotations.servedRequest]: preference.request } : {};
}

/** What the release that serves a request says; any other release names no successor. */
export const servedByRelease = (served: Preference | undefined): Record<string, string | undefined> => ({
  [annotations.successor]: served?.member,
  ...(served && { [annotations.servedRequest]: served.request }),
});

/** How long a member leaves a Lease to another: only one that was released for that other, never one that has expired. */
export function holdBack(lease: Lease | undefined, self: Member): Milliseconds {
  const successor = MEMBERS.find((member) => member === lease?.metadata.annotations?.[annotations.successor]);
  const released = tenancyOf(lease, annotations.released, 0).kind === 'released';
  return released && successor !== undefined && successor !== self ? HOLD_BACK : 0;
}
