import { MAXIMUM_LEASE_DURATION_SECONDS } from '../api/lease-limits.ts';
import { annotations } from '../api/names.ts';
import type { AgentConfiguration } from '../daemons/agent-configuration.ts';
import type { Milliseconds } from '../kube/clock.ts';
import { activeUntil, type ElectionRules, type ElectionState } from '../kube/election/election.ts';
import type { Tenure } from './decision.ts';
import type { DaemonView } from './guard/daemon-view.ts';

/** How long after a call without success the next one is made. */
const RETRY_DELAY: Milliseconds = 500;

export const electionRules = (configuration: AgentConfiguration): ElectionRules => ({
  releasedAnnotation: annotations.released,
  leaseDuration: configuration.leaseDurationSeconds * 1000,
  longestDuration: MAXIMUM_LEASE_DURATION_SECONDS * 1000,
  renewDeadline: configuration.renewDeadlineSeconds * 1000,
  retryPeriod: configuration.retryPeriodSeconds * 1000,
  retryDelay: RETRY_DELAY,
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
