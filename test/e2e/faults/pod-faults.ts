import { api, paths } from '../api.ts';
import { now } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { NAMESPACE } from '../environment.ts';
import type { Pair } from '../pair.ts';

/** What the API does to the active's pod. Each answers with the moment when it was asked for. */

const deleteWith = async (pair: Pair, options: object): Promise<Instant> => {
  const at = now();
  const preconditions = { uid: pair.active.metadata.uid };
  await api.delete(paths.pods(NAMESPACE, pair.active.metadata.name), { preconditions, ...options });
  return at;
};

export const deletePod = (pair: Pair): Promise<Instant> => deleteWith(pair, {});

/** As for a node that will not come back: the API forgets the pod at once, its processes find out later. */
export const forceDeletePod = (pair: Pair): Promise<Instant> => deleteWith(pair, { gracePeriodSeconds: 0 });

/** As `kubectl drain` does it: through the Eviction API, which heeds disruption budgets. */
export async function evictPod(pair: Pair): Promise<Instant> {
  const at = now();
  const { name } = pair.active.metadata;
  await api.post(`${paths.pods(NAMESPACE, name)}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: NAMESPACE },
  });
  return at;
}
