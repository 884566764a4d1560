import { names } from '../../api/names.ts';
import type { Member, PairComponent } from '../../api/names.ts';
import type { SwitchoverStatus } from '../../api/status.ts';
import { podNamedIn } from '../../daemons/claim-identity.ts';
import type { Preference } from '../../daemons/lease-notes.ts';
import type { Milliseconds } from '../../kube/clock.ts';

/** What a switchover is decided on. */
export interface SwitchoverView {
  readonly component: PairComponent;
  readonly cluster: string;
  /** What the spec asks for now; nothing when it does not. */
  readonly wanted: { readonly member: Member; readonly request: string } | undefined;
  /** What became of the last request, as the status has it. */
  readonly previous: SwitchoverStatus | undefined;
  /** The claim that holds the Lease; empty when nobody does. */
  readonly claim: string;
  /** The member whose very pod holds the Lease. */
  readonly holder: Member | undefined;
  /** Whether its daemon serves. */
  readonly serving: boolean;
  /** Why the wanted member could not take over; nothing when it could. */
  readonly unready: string | undefined;
  /** What stands in the Lease. */
  readonly preference: Preference | undefined;
  readonly now: Date;
}

/** What is done about a switchover: `prefer` asks the holder by the Lease, `withdraw` takes that back. */
export interface SwitchoverDecision {
  readonly status: SwitchoverStatus | undefined;
  readonly effect: 'none' | 'prefer' | 'withdraw';
}

/** A holder that was asked stops its daemon at once; what takes longer than this does not come any more. */
export const HAND_OVER_LIMIT: Milliseconds = 60_000;

/**
 * Serves a request for a switchover: pure. Each is served once, and what was refused stays refused: nobody is surprised
 * by a hand-over hours after they asked for it. Only a request that came when nobody was active waits: a cluster that is
 * made with a preference gets it.
 */
export function decideSwitchover(view: SwitchoverView): SwitchoverDecision {
  const { wanted, previous, preference } = view;
  // Also one that an earlier operator wrote, and was ended before it took note of it.
  const tidy = preference === undefined ? 'none' : 'withdraw';
  if (wanted === undefined) return { status: undefined, effect: tidy };
  const isNew = previous?.request !== wanted.request || previous.member !== wanted.member;
  if (isNew) return begun(view, wanted);
  switch (previous.outcome) {
    case 'Waiting':
      return waiting(view, previous);
    case 'Requested':
      return requested(view, previous);
    case 'Completed':
    case 'Refused':
    case 'Failed':
      return { status: previous, effect: tidy };
  }
}

function begun(view: SwitchoverView, wanted: { member: Member; request: string }): SwitchoverDecision {
  const { component, now, holder, unready } = view;
  const base = { ...wanted, time: now.toISOString() };
  if (holder === wanted.member) {
    return {
      status: { ...base, outcome: 'Completed', message: `${podOf(view, holder)} is active already` },
      effect: 'none',
    };
  }
  if (holder === undefined || !view.serving) {
    const message = `${podOf(view, wanted.member)} shall be active: waiting until the ${component} serves`;
    return { status: { ...base, outcome: 'Waiting', message }, effect: 'none' };
  }
  if (unready !== undefined) {
    const message = `the ${component} stays on ${podOf(view, holder)}: ${unready}`;
    return { status: { ...base, outcome: 'Refused', message }, effect: 'none' };
  }
  return asked(view, wanted, holder);
}

function waiting(view: SwitchoverView, previous: SwitchoverStatus): SwitchoverDecision {
  const { holder, serving, unready, now } = view;
  if (holder === undefined || !serving) return { status: previous, effect: 'none' };
  if (holder === previous.member) {
    const message = `${podOf(view, holder)} is active already`;
    return { status: { ...previous, outcome: 'Completed', message, time: now.toISOString() }, effect: 'none' };
  }
  return unready === undefined ? asked(view, previous, holder) : { status: previous, effect: 'none' };
}

function asked(
  view: SwitchoverView,
  { member, request }: { member: Member; request: string },
  holder: Member,
): SwitchoverDecision {
  const { component, now, claim } = view;
  const message = `${podOf(view, holder)} is to hand over the ${component} to ${podOf(view, member)}`;
  const status = { member, request, outcome: 'Requested', message, time: now.toISOString(), from: claim } as const;
  return { status, effect: 'prefer' };
}

function requested(view: SwitchoverView, previous: SwitchoverStatus): SwitchoverDecision {
  const { component, holder, claim, serving, now, preference } = view;
  const { member, from } = previous;
  const standing = preference?.request === previous.request;
  const elapsed = now.getTime() - Date.parse(previous.time);
  const ended = (outcome: 'Completed' | 'Failed', message: string): SwitchoverDecision => ({
    status: { member, request: previous.request, outcome, message, time: now.toISOString() },
    effect: standing ? 'withdraw' : 'none',
  });
  if (holder === member) {
    const message = `the ${component} is active on ${podOf(view, member)}: it took ${(elapsed / 1000).toFixed(1)} s`;
    return serving ? ended('Completed', message) : { status: previous, effect: standing ? 'withdraw' : 'none' };
  }
  if (claim !== '' && claim !== from) {
    return ended(
      'Failed',
      `${podOf(view, member)} did not stay active, or another claim was faster: ${podNamedIn(claim)} is`,
    );
  }
  if (elapsed > HAND_OVER_LIMIT) {
    return ended('Failed', `the ${component} was not handed over within ${HAND_OVER_LIMIT / 1000} s`);
  }
  // An answer was lost, or somebody took the annotation away.
  return { status: previous, effect: claim === from && !standing ? 'prefer' : 'none' };
}

const podOf = ({ cluster, component }: SwitchoverView, member: Member): string =>
  names.memberPod(cluster, component, member);
