import { api, paths } from '../api.ts';
import { now, seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { missing, until } from '../conditions.ts';
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

/** How long the API server believes a token without looking whether its pod still exists. */
const TOKEN_BELIEVED = seconds(10);

/**
 * As for a node that will not come back: the API forgets the pod at once, its processes find out later. At any moment of
 * the token's ten seconds: the cases' own rhythm would strike them all at the same one, a multiple of the renewals'.
 */
export async function forceDeletePod(pair: Pair): Promise<Instant> {
  const moment = now() + Math.random() * TOKEN_BELIEVED;
  await until('the moment to strike', () => (now() >= moment ? true : missing('not yet')), TOKEN_BELIEVED * 2);
  return deleteWith(pair, { gracePeriodSeconds: 0 });
}

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
