import { MEMBERS } from '../api/names.ts';
import type { Component, PairComponent } from '../api/names.ts';
import type { BuiltCluster } from './build/build-cluster.ts';
import type { DesiredObject } from './build/metadata.ts';
import { withReplicas } from './build/stateful-sets.ts';
import type { BuiltStatefulSet } from './build/stateful-sets.ts';
import { isReady } from './kubernetes-types.ts';
import type { StatefulSet } from './kubernetes-types.ts';
import { formOf } from './pair-forms.ts';
import type { PairForms } from './pair-forms.ts';
import { podTroubles } from './pod-troubles.ts';
import { pairPresence } from './presence.ts';
import { pairsOf } from './snapshot.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';
import { activeMember, activePod } from './status/pair-status.ts';
import { impaladState, memberStates, plainState, podsOfComponent, templateStates } from './template-states.ts';
import { decideUpdates, hasNothingToLose, isChanged, unfinishedComponents, waitsFor } from './updates.ts';
import type { TemplateState, Tenancy, Turn } from './updates.ts';

/** A StatefulSet that gets another size and keeps its template. */
export interface Resize {
  readonly statefulSet: StatefulSet;
  readonly replicas: number;
}

/** What the StatefulSets come to in this pass. */
export interface Rollout {
  /** Those that are applied as they should be. */
  readonly objects: readonly DesiredObject[];
  readonly resizes: readonly Resize[];
  /** What is not there yet, for people. */
  readonly underWay: readonly string[];
}

/** What one StatefulSet may have. `keep`: nothing changes; `end`: no pods, whatever its template. */
type Size = { readonly kind: 'keep' } | { readonly kind: 'end' } | { readonly kind: 'run'; readonly replicas: number };

interface Plan {
  readonly component: Component;
  readonly built: BuiltStatefulSet;
  readonly live: StatefulSet | undefined;
  /** Whether it has no pods and makes none. */
  readonly gone: boolean;
  /** Whether it is of the form in which its component shall run. */
  readonly wanted: boolean;
  readonly size: Size;
  readonly state: TemplateState;
  readonly turn: Turn;
  /** Whether it cannot run as it is: then it waits for no other component. */
  readonly failing: boolean;
}

/** Decides which StatefulSets of a cluster that shall run get their template and size in this pass: pure. */
export function planRollout(snapshot: ClusterSnapshot, built: BuiltCluster, { sizes }: PairForms): Rollout {
  const unfinished = unfinishedComponents(templateStates(snapshot, built));
  const plans = [
    ...pairsOf(snapshot).flatMap((pair) => planPair(snapshot, pair, built, sizes[pair.component])),
    planImpalads(snapshot, built, 'executor'),
    planImpalads(snapshot, built, 'coordinator'),
  ].map((plan) => inOrder(plan, unfinished));
  return {
    objects: plans.flatMap(({ size, turn, built: wanted }) =>
      size.kind === 'run' && turn === 'apply' ? [withReplicas(wanted, size.replicas)] : [],
    ),
    resizes: plans.flatMap(resize),
    underWay: plans.flatMap((plan) => underWay(plan, unfinished)),
  };
}

/** A changed template has to wait until all that come before are as they should be. */
function inOrder(plan: Plan, unfinished: ReadonlySet<Component>): Plan {
  const waits = isChanged(plan.state) && !plan.failing && waitsFor(plan.component, unfinished) !== undefined;
  return waits ? { ...plan, turn: 'hold' } : plan;
}

function planPair(
  snapshot: ClusterSnapshot,
  pair: PairSnapshot,
  built: BuiltCluster,
  sizes: PairForms['sizes'][PairComponent],
): Plan[] {
  const { component } = pair;
  const states = memberStates(pair, built.members[component]);
  const presence = pairPresence(pair);
  const form = formOf(snapshot, component);
  const tenancy = tenancyOf(snapshot, pair);
  const turns = decideUpdates(states, tenancy);
  const members = MEMBERS.map((member): Plan => ({
    component,
    built: built.members[component][member],
    live: pair.statefulSets[member],
    gone: presence[member].gone,
    wanted: form === 'pair',
    size: sizeOf(sizes[member]),
    state: states[member],
    turn: turns[member],
    failing: hasNothingToLose(states[member], member, tenancy),
  }));
  const plain: Plan = {
    component,
    built: built.plain[component],
    live: pair.plain.statefulSet,
    gone: presence.plain.gone,
    wanted: form === 'plain',
    size: sizeOf(sizes.plain),
    state: plainState(pair, built.plain[component]),
    turn: 'apply',
    failing: pair.plain.pod !== undefined && podTroubles(pair.plain.pod).length > 0,
  };
  return [...members, plain];
}

function planImpalads(snapshot: ClusterSnapshot, built: BuiltCluster, component: 'coordinator' | 'executor'): Plan {
  const wanted = built.impalads[component];
  return {
    component,
    built: wanted,
    live: component === 'coordinator' ? snapshot.coordinators : snapshot.executors,
    gone: false,
    wanted: true,
    size: { kind: 'run', replicas: wanted.replicas },
    state: impaladState(snapshot, component, wanted),
    turn: 'apply',
    failing: podsOfComponent(snapshot, component).some((pod) => podTroubles(pod).length > 0),
  };
}

const sizeOf = (size: number | undefined): Size =>
  size === undefined ? { kind: 'keep' } : size === 0 ? { kind: 'end' } : { kind: 'run', replicas: size };

/** Who holds the Lease, and whether it serves. */
function tenancyOf(snapshot: ClusterSnapshot, pair: PairSnapshot): Tenancy {
  const active = activePod(snapshot, pair);
  return { holder: activeMember(snapshot, pair), serves: active !== undefined && isReady(active) };
}

/** A size goes out by itself where the template must stay what it is. */
function resize({ live, size, turn }: Plan): Resize[] {
  if (live === undefined || size.kind === 'keep') return [];
  if (size.kind === 'run' && turn === 'apply') return [];
  const replicas = size.kind === 'end' ? 0 : size.replicas;
  return live.spec?.replicas === replicas ? [] : [{ statefulSet: live, replicas }];
}

function underWay(plan: Plan, unfinished: ReadonlySet<Component>): string[] {
  const { component, live, gone, size, state, turn } = plan;
  const { name } = plan.built;
  if (size.kind === 'end') return gone ? [] : [`${name} ends`];
  if (size.kind === 'keep') {
    if (plan.wanted) return [`${name} waits until what runs in its stead has ended`];
    return gone ? [] : [`${name} waits until it may end`];
  }
  if (turn === 'hold') {
    const earlier = waitsFor(component, unfinished);
    return earlier === undefined
      ? [`${name} waits for the standby to be ready on its new template`]
      : [`${name} waits for the ${earlier} to be updated and ready`];
  }
  if (state.live !== state.wanted) return [`${name} gets its template`];
  if (state.settled) return [];
  return [
    component === 'coordinator' || component === 'executor'
      ? replicasUnderWay(name, size.replicas, live)
      : `${name} is not ready`,
  ];
}

function replicasUnderWay(name: string, wanted: number, statefulSet: StatefulSet | undefined): string {
  const { status, metadata } = statefulSet ?? {};
  const updated = status?.updatedReplicas ?? 0;
  if (status?.observedGeneration !== metadata?.generation) return `${name} is being updated`;
  if (updated < wanted) return `${name}: ${updated} of ${wanted} updated`;
  return `${name}: ${status?.readyReplicas ?? 0} of ${wanted} ready`;
}
