import { names } from '../api/names.ts';
import type { Component, PairComponent } from '../api/names.ts';
import { labels } from '../api/names.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import { pods, statefulSets } from '../kube/resource.ts';
import { getIfExists } from '../kube/get-if-exists.ts';
import type { ClusterIdentity } from './build/metadata.ts';
import type { Parts, Presence } from './forms.ts';
import type { Pod, StatefulSet } from './kubernetes-types.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';

/** Whether a StatefulSet was told to have no pods, has understood it, and has none. */
function isEmpty({ metadata, spec, status }: StatefulSet): boolean {
  return spec?.replicas === 0 && status?.observedGeneration === metadata.generation && (status?.replicas ?? 0) === 0;
}

export function presenceOf(statefulSet: StatefulSet | undefined, podExists: boolean): Presence {
  const replicas = statefulSet?.spec?.replicas ?? (statefulSet === undefined ? undefined : 1);
  return { replicas, gone: !podExists && (statefulSet === undefined || isEmpty(statefulSet)) };
}

/** What there is of a pair's StatefulSets, as the watches show it. */
export const pairPresence = ({ statefulSets: sets, pods: members, plain }: PairSnapshot): Parts<Presence> => ({
  a: presenceOf(sets.a, members.a !== undefined),
  b: presenceOf(sets.b, members.b !== undefined),
  plain: presenceOf(plain.statefulSet, plain.pod !== undefined),
});

/** Which components have no pods, as the watches show it. */
export function goneComponents(snapshot: ClusterSnapshot): Record<Component, boolean> {
  const hasPods = (component: Component): boolean =>
    snapshot.pods.some(({ metadata }) => metadata.labels?.[labels.impalaComponent] === component);
  const pair = (component: PairComponent): boolean =>
    !hasPods(component) && Object.values(pairPresence(snapshot.pairs[component])).every(({ gone }) => gone);
  return {
    statestore: pair('statestore'),
    catalog: pair('catalog'),
    coordinator: presenceOf(snapshot.coordinators, hasPods('coordinator')).gone,
    executor: presenceOf(snapshot.executors, hasPods('executor')).gone,
  };
}

/**
 * Whether a form of a pair is gone by the API server's own word: what the watches show may be a moment old. A
 * StatefulSet that has understood that it has no pods makes none, and a pod that is not there then does not come.
 * @throws KubernetesApiError
 */
export async function isGone(
  api: KubernetesApi,
  cluster: ClusterIdentity,
  component: PairComponent,
  form: 'pair' | 'plain',
): Promise<boolean> {
  const { namespace, name } = cluster;
  const sets =
    form === 'plain'
      ? [names.plainStatefulSet(name, component)]
      : [names.memberStatefulSet(name, component, 'a'), names.memberStatefulSet(name, component, 'b')];
  const found = await Promise.all(
    sets.map(async (set) => {
      const statefulSet = await getIfExists<StatefulSet>(api, { resource: statefulSets, namespace, name: set });
      const pod = await getIfExists<Pod>(api, { resource: pods, namespace, name: `${set}-0` });
      return presenceOf(statefulSet, pod !== undefined).gone;
    }),
  );
  return found.every(Boolean);
}
