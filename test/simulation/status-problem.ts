import { MEMBERS, names, otherMember, PAIR_COMPONENTS, type PairComponent } from '../../src/api/names.ts';
import type { ImpalaClusterStatus } from '../../src/api/impala-cluster.ts';
import type { World } from './world.ts';

/** What the ImpalaCluster's status says that is not so, in a world that is whole; nothing when all of it is true. */
export function statusProblem(world: World): string | undefined {
  const { status, metadata } = world.impalaCluster;
  if (status === undefined) return 'there is none';
  if (status.observedGeneration !== metadata.generation) return 'it is of an earlier spec';
  const wrong = PAIR_COMPONENTS.map((component) => pairProblem(world, component, status)).find(Boolean);
  return wrong ?? impaladProblem(world, status) ?? conditionProblem(world, status);
}

function pairProblem(world: World, component: PairComponent, status: ImpalaClusterStatus): string | undefined {
  const said = status[component];
  const active = world.components.includes(component) ? world.holderOf(component) : undefined;
  const wanted = {
    active: active?.identity.name,
    activeNode: active?.node.name,
    standbys: active ? [names.memberPod(world.cluster.name, component, otherMember(active.identity.member))] : [],
    members: MEMBERS.map((name) => {
      const pod = active && world.statefulSetOf(component, name).pod;
      if (pod === undefined) return { name, ready: false };
      const role = pod === active ? 'active' : 'standby';
      return { name, pod: pod.identity.name, node: pod.node.name, ready: true, role };
    }),
  };
  for (const [field, value] of Object.entries(wanted)) {
    const is = said?.[field as keyof typeof wanted];
    if (JSON.stringify(is) !== JSON.stringify(value))
      return `${component}.${field} is ${JSON.stringify(is)} instead of ${JSON.stringify(value)}`;
  }
  if (active === undefined) return undefined;
  const name = names.pair(world.cluster.name, component);
  // It never goes back, whatever a person makes of the Lease's.
  const least = world.leaseOf(component)?.spec?.leaseTransitions ?? 0;
  const term = said?.term ?? 0;
  const known = term >= least && term <= (world.invariants.highestTerms.get(name) ?? 0);
  return known ? undefined : `${component}.term is ${term} instead of ${least}`;
}

function impaladProblem(world: World, status: ImpalaClusterStatus): string | undefined {
  for (const { kind, ready } of world.impalads) {
    const said = status[`${kind}s`]?.readyReplicas;
    if (said !== ready) return `${said} ${kind}s are ready instead of ${ready}`;
  }
  return undefined;
}

function conditionProblem(world: World, status: ImpalaClusterStatus): string | undefined {
  const whole = PAIR_COMPONENTS.every((component) => world.components.includes(component));
  const wanted: Record<string, boolean> = {
    StatestoreHighlyAvailable: world.components.includes('statestore'),
    CatalogHighlyAvailable: world.components.includes('catalog'),
    Available: whole,
    Progressing: !whole,
    Degraded: false,
  };
  for (const [type, value] of Object.entries(wanted)) {
    const said = status.conditions?.find((condition) => condition.type === type);
    // An earlier copy of a Lease brings back what pods that are gone said of themselves, and silences their successors.
    if (type === 'Degraded' && said?.reason === 'StartFailed' && world.signInsWrittenBack) continue;
    // A request that could not be served stands until it is taken back.
    if (type === 'Degraded' && said?.reason.startsWith('Switchover')) continue;
    if (said?.status !== (value ? 'True' : 'False')) return `${type} is ${said?.status}: ${said?.message}`;
  }
  return undefined;
}
