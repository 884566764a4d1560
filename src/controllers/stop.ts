import { MEMBERS, names } from '../api/names.ts';
import { mayEnd } from './forms.ts';
import type { Part, Sizes } from './forms.ts';
import type { StatefulSet } from './kubernetes-types.ts';
import type { PairForms } from './pair-forms.ts';
import { goneComponents, pairPresence } from './presence.ts';
import type { Rollout } from './rollout.ts';
import { pairsOf } from './snapshot.ts';
import type { ClusterSnapshot, PairSnapshot } from './snapshot.ts';

/** A StatefulSet of a cluster that stops. */
interface Ending {
  readonly name: string;
  readonly live: StatefulSet | undefined;
  /** Whether it has no pods and makes none. */
  readonly gone: boolean;
  /** Whether its turn to end has come. */
  readonly ends: boolean;
}

const PARTS: readonly Part[] = [...MEMBERS, 'plain'];

/**
 * Ends what a stopped cluster has, each when its turn has come: pure. Nothing of the spec matters but that: one that cannot
 * be built stops all the same.
 */
export function planStop(snapshot: ClusterSnapshot, { sizes }: PairForms): Rollout {
  const gone = goneComponents(snapshot);
  const { name } = snapshot.identity;
  const impalads = (component: 'coordinator' | 'executor', live: StatefulSet | undefined): Ending => ({
    name: names.impalads(name, component),
    live,
    gone: gone[component],
    ends: mayEnd(component, gone),
  });
  const endings = [
    ...pairsOf(snapshot).flatMap((pair) => endingsOf(name, pair, sizes[pair.component])),
    impalads('executor', snapshot.executors),
    impalads('coordinator', snapshot.coordinators),
  ];
  return {
    objects: [],
    resizes: endings.flatMap(({ live, ends }) =>
      ends && live !== undefined && live.spec?.replicas !== 0 ? [{ statefulSet: live, replicas: 0 }] : [],
    ),
    underWay: endings.filter((ending) => !ending.gone).map(describe),
  };
}

function endingsOf(cluster: string, pair: PairSnapshot, sizes: Sizes): Ending[] {
  const presence = pairPresence(pair);
  return PARTS.map((part) => ({
    name:
      part === 'plain'
        ? names.plainStatefulSet(cluster, pair.component)
        : names.memberStatefulSet(cluster, pair.component, part),
    live: part === 'plain' ? pair.plain.statefulSet : pair.statefulSets[part],
    gone: presence[part].gone,
    ends: sizes[part] === 0,
  }));
}

const describe = ({ name, ends }: Ending): string => (ends ? `${name} ends` : `${name} waits until it may end`);
