import { MAXIMUM_LEASE_DURATION_SECONDS, MAXIMUM_OUTAGE_SECONDS } from '../api/lease-limits.ts';
import { annotations } from '../api/names.ts';
import type { AgentConfiguration, PodFacts } from '../daemons/agent-configuration.ts';
import { isHolderGone } from '../daemons/lease-notes.ts';
import type { Milliseconds } from '../kube/clock.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { activeUntil, type ElectionRules, type ElectionState } from '../kube/election/election.ts';
import type { Tenure } from './decision.ts';
import type { DaemonView } from './guard/daemon-view.ts';

/** How long after a call without success the next one is made. */
const RETRY_DELAY: Milliseconds = 500;

/** By how much the rates of two nodes' clocks may differ. */
const CLOCK_DRIFT = 0.05;

export const electionRules = (
  configuration: AgentConfiguration,
  { podName, podUid }: Pick<PodFacts, 'podName' | 'podUid'>,
): ElectionRules => ({
  releasedAnnotation: annotations.released,
  leaseDuration: configuration.leaseDurationSeconds * 1000,
  longestDuration: MAXIMUM_LEASE_DURATION_SECONDS * 1000,
  renewDeadline: configuration.renewDeadlineSeconds * 1000,
  retryPeriod: configuration.retryPeriodSeconds * 1000,
  retryDelay: RETRY_DELAY,
  outage: {
    self: { pod: podName, uid: podUid },
    rosterAnnotation: annotations.roster,
    maxOutageAnnotation: annotations.maxOutageSeconds,
    goneAnnotation: annotations.gone,
    isHolderGone,
    maxOutage: configuration.maxOutageSeconds * 1000,
    longestOutage: MAXIMUM_OUTAGE_SECONDS * 1000,
    clockDrift: CLOCK_DRIFT,
  },
});

/** Reduces the election's state to what matters to the daemon at this moment. */
export function tenureOf(state: ElectionState, rules: ElectionRules, daemon: DaemonView, now: Milliseconds): Tenure {
  const { standing } = state;
  switch (standing.kind) {
    case 'challenger':
      return { kind: state.observation === undefined ? 'unread' : 'none' };
    case 'claiming': {
      const { identity } = standing.claim;
      const adopting = daemon.kind === 'running' && daemon.claim === identity;
      return adopting ? { kind: 'adopting', claim: identity } : { kind: 'none' };
    }
    case 'holder':
    case 'reclaiming': {
      const { identity: claim, term } = standing.claim;
      const until = activeUntil(state, rules);
      return until !== undefined && now < until ? { kind: 'active', claim, term, until } : { kind: 'lapsed', claim };
    }
    case 'releasing':
      return { kind: 'releasing' };
  }
}

/**
 * Whether a daemon that was found running, after this agent was restarted, may be kept by a renewal: only if its claim is
 * the Lease's and its guard's deadline has not passed (P11). (After it, the guard has killed it, and the record may be due to
 * somebody else at any moment.)
 */
function mayAdopt(state: ElectionState, daemon: DaemonView, now: Milliseconds): boolean {
  return (
    state.standing.kind === 'challenger' &&
    daemon.kind === 'running' &&
    state.observation?.lease?.spec?.holderIdentity === daemon.claim &&
    now < daemon.deadline
  );
}

/**
 * What becomes of the claim under which a daemon was found running: it is taken up by a renewal, and given up again when
 * the deadline passes before that renewal has succeeded.
 */
export function takeUp(
  state: ElectionState,
  rules: ElectionRules,
  daemon: DaemonView,
  now: Milliseconds,
): { readonly kind: 'adopt'; readonly identity: string } | { readonly kind: 'abandon' | 'neither' } {
  if (daemon.kind !== 'running') return { kind: 'neither' };
  if (mayAdopt(state, daemon, now)) return { kind: 'adopt', identity: daemon.claim };
  const adopting = tenureOf(state, rules, daemon, now).kind === 'adopting';
  return { kind: adopting && now >= daemon.deadline ? 'abandon' : 'neither' };
}

/**
 * Whether a standby would see a release: its watch brings the holder's renewals. How often they come is up to the holder,
 * whose configuration may be another one while a change is rolled out: no less than once a lease.
 * @param silence since the watch last brought anything
 */
export function followsTheLease(lease: Lease | undefined, silence: Milliseconds, rules: ElectionRules): boolean {
  const { holderIdentity = '', leaseDurationSeconds = 0 } = lease?.spec ?? {};
  const longestSilence = Math.max(leaseDurationSeconds * 1000, 3 * rules.retryPeriod);
  return holderIdentity === '' || silence <= longestSilence;
}
