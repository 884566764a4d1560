import { annotations, MEMBERS } from '../../api/names.ts';
import type { Member } from '../../api/names.ts';
import type { MemberStatus, PairStatus, SwitchoverStatus } from '../../api/status.ts';
import type { Lease } from '../../kube/kubernetes-object.ts';
import { judgeSlice } from '../endpoint-repair.ts';
import { termOf } from '../../kube/election/term.ts';
import { holderOf } from '../holder.ts';
import { isReady } from '../kubernetes-types.ts';
import type { Pod } from '../kubernetes-types.ts';
import { holderWhereabouts } from '../lost-nodes/holder-whereabouts.ts';
import { selectsPlain } from '../pair-forms.ts';
import { podNamesOf, podsOf } from '../snapshot.ts';
import type { ClusterSnapshot, PairSnapshot } from '../snapshot.ts';

/**
 * How well a pair does.
 * - `none`: no pod of the pair holds the Lease.
 * - `starting`: the holder does not serve yet, or no longer.
 * - `unrouted`: it serves, but the Service does not lead to it (yet).
 * - `alone`: it serves, and nobody could take over.
 * - `complete`: it serves, and a standby is ready.
 * - `single`: high availability is off, and the one pod serves.
 */
export type PairHealth = 'none' | 'starting' | 'unrouted' | 'alone' | 'complete' | 'single';

const isLeaving = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** The pod that holds the pair's Lease, if one does. */
export function activePod(snapshot: ClusterSnapshot, pair: PairSnapshot): Pod | undefined {
  const holder = holderOf(pair.lease, podsOf(pair), podNamesOf(snapshot.identity, pair.component));
  return holder.kind === 'member' ? holder.pod : undefined;
}

/** The member that holds the pair's Lease, if one does. */
export function activeMember(snapshot: ClusterSnapshot, pair: PairSnapshot): Member | undefined {
  const active = activePod(snapshot, pair);
  return active === undefined ? undefined : MEMBERS.find((member) => pair.pods[member] === active);
}

const standbysOf = (pair: PairSnapshot, active: Pod | undefined): Pod[] =>
  podsOf(pair).filter((pod) => pod !== active && isReady(pod) && !isLeaving(pod));

export function pairHealth(snapshot: ClusterSnapshot, pair: PairSnapshot): PairHealth {
  if (pair.plain.pod !== undefined) return servesPlain(snapshot, pair);
  const active = activePod(snapshot, pair);
  if (active === undefined) return 'none';
  if (!isReady(active)) return 'starting';
  const podNames = podNamesOf(snapshot.identity, pair.component);
  const routed =
    pair.slice !== undefined && judgeSlice(pair.lease, pair.slice, podsOf(pair), podNames).kind === 'right';
  if (!routed) return 'unrouted';
  return standbysOf(pair, active).length > 0 ? 'complete' : 'alone';
}

function servesPlain(snapshot: ClusterSnapshot, pair: PairSnapshot): PairHealth {
  const { pod } = pair.plain;
  if (pod === undefined || !isReady(pod) || isLeaving(pod)) return 'starting';
  return selectsPlain(snapshot, pair) ? 'single' : 'unrouted';
}

/**
 * What the status says of a pair. The term never goes back: should the Lease be lost, its successor is numbered on from
 * here.
 */
export function pairStatus(
  snapshot: ClusterSnapshot,
  pair: PairSnapshot,
  previous: PairStatus | undefined,
  switchover: SwitchoverStatus | undefined,
): PairStatus {
  const holder = holderWhereabouts(pair, snapshot.nodes, previous?.holder);
  const active = pair.plain.pod ?? activePod(snapshot, pair);
  const term = Math.max(termOf(pair.lease), previous?.term ?? 0);
  const transition = transitionOf(pair.lease, previous);
  return {
    ...(active && { active: active.metadata.name }),
    ...(active?.spec?.nodeName && { activeNode: active.spec.nodeName }),
    standbys: standbysOf(pair, active).map(({ metadata }) => metadata.name),
    ...(term > 0 && { term }),
    ...transition,
    ...(holder && { holder }),
    ...(switchover && { switchover }),
    members: (pair.plain.pod === undefined ? MEMBERS : []).map((name): MemberStatus => {
      const pod = pair.pods[name];
      if (pod === undefined) return { name, ready: false };
      return {
        name,
        pod: pod.metadata.name,
        ...(pod.spec?.nodeName && { node: pod.spec.nodeName }),
        ready: isReady(pod) && !isLeaving(pod),
        role: pod === active ? 'active' : 'standby',
      };
    }),
  };
}

/** When the active last changed and why, as the Lease tells; as it was when there is no Lease, or none held yet. */
function transitionOf(
  lease: Lease | undefined,
  previous: PairStatus | undefined,
): Pick<PairStatus, 'lastTransitionTime' | 'lastTransitionReason'> {
  const acquireTime = lease?.spec?.acquireTime;
  const time = acquireTime ?? previous?.lastTransitionTime;
  const reason = acquireTime
    ? lease?.metadata.annotations?.[annotations.transitionReason]
    : previous?.lastTransitionReason;
  return { ...(time && { lastTransitionTime: time }), ...(reason && { lastTransitionReason: reason }) };
}
