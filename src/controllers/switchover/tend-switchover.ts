import { annotations, names } from '../../api/names.ts';
import type { Member, PairComponent } from '../../api/names.ts';
import type { SwitchoverStatus } from '../../api/status.ts';
import { readPreference, servedRequest, writePreference } from '../../daemons/lease-notes.ts';
import { readSignIn } from '../../daemons/sign-in.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import { isReady } from '../kubernetes-types.ts';
import type { Problem } from '../problem.ts';
import type { ClusterSnapshot, PairSnapshot } from '../snapshot.ts';
import { activeMember } from '../status/pair-status.ts';
import { requestName } from './request.ts';
import { serves } from './serves.ts';
import { decideSwitchover } from './switchover.ts';
import type { SwitchoverView } from './switchover.ts';

export interface SwitchoverReport {
  readonly status: SwitchoverStatus | undefined;
  /** When to look again, if at all. */
  readonly again: Milliseconds | undefined;
  readonly problems: readonly Problem[];
}

/** A hand-over that does not come is noticed by nothing else. */
const LOOK_AGAIN: Milliseconds = 5_000;
const AT_ONCE: Milliseconds = 100;

/**
 * Serves a pair's request for a switchover, if there is one.
 * @throws KubernetesApiError
 */
export async function tendSwitchover(
  api: KubernetesApi,
  snapshot: ClusterSnapshot,
  pair: PairSnapshot,
  now: Date,
): Promise<SwitchoverReport> {
  const { component } = pair;
  const view = switchoverView(snapshot, pair, now);
  const { status, effect } = decideSwitchover(view);
  const preference = status && { member: status.member, request: status.request };
  if (effect !== 'none' && pair.lease !== undefined) {
    const value = effect === 'prefer' ? preference : undefined;
    const written = await writePreference(api, pair.lease, value);
    if (!written) return { ...reported(component, view.previous), again: AT_ONCE };
  }
  return reported(component, status);
}

function reported(component: PairComponent, status: SwitchoverStatus | undefined): SwitchoverReport {
  const again = status?.outcome === 'Requested' ? LOOK_AGAIN : undefined;
  if (status?.outcome !== 'Refused' && status?.outcome !== 'Failed') return { status, again, problems: [] };
  const reason = status.outcome === 'Refused' ? 'SwitchoverRefused' : 'SwitchoverFailed';
  const message = `${status.message}; ask again, or take spec.${component}.preferredActive back`;
  return { status, again, problems: [{ reason, message, component }] };
}

/** What a pair's switchover is decided on: pure. */
export function switchoverView(snapshot: ClusterSnapshot, pair: PairSnapshot, now: Date): SwitchoverView {
  const { cluster, identity } = snapshot;
  const { component, lease } = pair;
  const previous = cluster.status?.[component]?.switchover;
  const wanted = requestOf(snapshot, pair, previous);
  const holder = activeMember(snapshot, pair);
  return {
    component,
    cluster: identity.name,
    wanted,
    previous,
    claim: lease?.spec?.holderIdentity ?? '',
    holder,
    serving: holder !== undefined && serves(pair, holder),
    unready: wanted && whyUnready(snapshot, pair, wanted.member),
    preference: readPreference(lease),
    now,
  };
}

function requestOf(
  { cluster }: ClusterSnapshot,
  { component, lease }: PairSnapshot,
  previous: SwitchoverStatus | undefined,
): SwitchoverView['wanted'] {
  const member = cluster.spec[component].preferredActive;
  if (member === undefined) return undefined;
  const time = cluster.metadata.annotations?.[annotations.switchoverRequestedAt(component)];
  const { generation = 0 } = cluster.metadata;
  return { member, request: requestName({ member, time, generation, previous, served: servedRequest(lease) }) };
}

function whyUnready(
  { identity }: ClusterSnapshot,
  { component, pods, lease }: PairSnapshot,
  member: Member,
): string | undefined {
  const name = names.memberPod(identity.name, component, member);
  const pod = pods[member];
  if (pod === undefined) return `${name} does not exist`;
  if (pod.metadata.deletionTimestamp !== undefined) return `${name} is being deleted`;
  const signIn = readSignIn(lease, member);
  if (signIn?.uid !== pod.metadata.uid) return `${name} has not signed in`;
  if (!signIn?.ready) return `${name} is not ready to take over${signIn?.problem ? `: ${signIn.problem}` : ''}`;
  return isReady(pod) ? undefined : `${name} is not ready`;
}
