import { names } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import { writeGone } from '../../daemons/lease-notes.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import type { Lease } from '../../kube/kubernetes-object.ts';
import { leases, pods } from '../../kube/resource.ts';
import { getIfExists } from '../../kube/get-if-exists.ts';
import type { ClusterEvent } from '../events.ts';
import { parseClaim } from '../../daemons/claim-identity.ts';
import type { Pod } from '../kubernetes-types.ts';
import type { Problem } from '../problem.ts';
import { podsOf } from '../snapshot.ts';
import type { ClusterSnapshot, PairSnapshot } from '../snapshot.ts';
import { GONE_DESCRIPTIONS } from './gone.ts';
import { judgePair } from './judge-pair.ts';
import type { LossVerdict } from './judge-pair.ts';
import type { LastWords } from './last-words.ts';
import type { StuckPods } from './stuck-pods.ts';

/** What came of looking at a pair of which a node may be lost. */
export interface LossReport {
  /** When to look again, if at all. */
  readonly again: Milliseconds | undefined;
  readonly events: readonly ClusterEvent[];
  readonly problems: readonly Problem[];
}

/** Nothing tells of a change of a node: while one counts, it is looked for. */
const LOOK_AGAIN: Milliseconds = 3_000;
const AT_ONCE: Milliseconds = 100;
const NOTHING: LossReport = { again: undefined, events: [], problems: [] };

/** What is remembered from look to look, across all pairs. */
export interface LossRecords {
  readonly lastWords: LastWords;
  readonly stuckPods: StuckPods;
  /** For how long the API server has answered without a break. */
  readonly apiUnbrokenFor: Milliseconds;
}

/**
 * Says of a holder that is known to be dead that it is, and deletes pods that are stuck on lost nodes, so that they are
 * replaced elsewhere.
 * @throws KubernetesApiError
 */
export async function tendLostNodes(
  api: KubernetesApi,
  { cluster, identity, nodes }: ClusterSnapshot,
  pair: PairSnapshot,
  { lastWords, stuckPods, apiUnbrokenFor }: LossRecords,
): Promise<LossReport> {
  const { component, lease } = pair;
  const key = `${identity.namespace}/${names.pair(identity.name, component)}`;
  const memory = {
    endedBefore: (uid: string) => lastWords.has(uid),
    stuckFor: stuckPods.note(key, podsOf(pair), nodes),
    apiUnbrokenFor,
  };
  const verdict = judgePair(pair, nodes, cluster.status?.[component]?.holder, memory);
  const said = await sayGone(api, lease, verdict);
  const deleted = said.again === undefined ? await deleteLost(api, pair, verdict.toDelete) : NOTHING;
  const again = said.again ?? deleted.again ?? (verdict.undecided ? LOOK_AGAIN : undefined);
  const unreadable = verdict.forbiddenNode === undefined ? [] : [mayNotRead(component, verdict.forbiddenNode)];
  return {
    again,
    events: [...said.events, ...deleted.events],
    problems: [...deleted.problems, ...unreadable],
  };
}

async function sayGone(
  api: KubernetesApi,
  lease: Lease | undefined,
  { gone, whereabouts }: LossVerdict,
): Promise<LossReport> {
  if (gone === undefined || lease === undefined || whereabouts === undefined) return NOTHING;
  const { claim } = whereabouts;
  if (!(await writeGone(api, lease, { claim, because: gone }))) {
    return { ...NOTHING, again: AT_ONCE };
  }
  const message = `${parseClaim(claim)?.pod ?? claim}, which holds the Lease, is gone: ${GONE_DESCRIPTIONS[gone]}`;
  return { ...NOTHING, events: [{ type: 'Warning', reason: 'HolderGone', action: 'WatchNodes', message }] };
}

async function deleteLost(api: KubernetesApi, pair: PairSnapshot, lost: readonly Pod[]): Promise<LossReport> {
  if (lost.length === 0) return NOTHING;
  if (await hasMovedOn(api, pair.lease)) return { ...NOTHING, again: AT_ONCE };
  const events: ClusterEvent[] = [];
  const problems: Problem[] = [];
  for (const pod of lost) {
    const outcome = await deleteForGood(api, pod);
    if (outcome === 'deleted') events.push(podDeleted(pod));
    if (outcome === 'forbidden') problems.push(mayNotDelete(pair.component, pod));
  }
  return { again: LOOK_AGAIN, events, problems };
}

/** Who is spared depends on who holds the Lease now, not a moment ago. */
async function hasMovedOn(api: KubernetesApi, lease: Lease | undefined): Promise<boolean> {
  if (lease === undefined) return false;
  const { name, namespace = '' } = lease.metadata;
  const live = await getIfExists<Lease>(api, { resource: leases, namespace, name });
  return holderIdentityOf(live) !== holderIdentityOf(lease);
}

const holderIdentityOf = (lease: Lease | undefined): string => lease?.spec?.holderIdentity ?? '';

/** Without waiting for a kubelet that cannot answer, and only this very pod. */
async function deleteForGood(api: KubernetesApi, { metadata }: Pod): Promise<'deleted' | 'not there' | 'forbidden'> {
  const { name, namespace = '', uid = '' } = metadata;
  try {
    await api.delete({ resource: pods, namespace, name }, { uid, gracePeriodSeconds: 0 });
    return 'deleted';
  } catch (error) {
    if (!(error instanceof KubernetesApiError)) throw error;
    if (error.boundObjectChanged) return 'not there';
    if (error.reason === 'Forbidden') return 'forbidden';
    throw error;
  }
}

const podDeleted = ({ metadata, spec }: Pod): ClusterEvent => ({
  type: 'Warning',
  reason: 'LostPodDeleted',
  action: 'WatchNodes',
  message: `${metadata.name} was deleted for good, to be replaced: its node ${spec?.nodeName ?? ''} is lost`,
});

const mayNotDelete = (component: PairComponent, { metadata }: Pod): Problem => ({
  reason: 'Forbidden',
  component,
  message: `${metadata.name} is on a lost node, and the operator may not delete it: grant it delete on pods, or delete it`,
});

const mayNotRead = (component: PairComponent, node: string): Problem => ({
  reason: 'Forbidden',
  component,
  message:
    `the ${component} was last active on node ${node}, which the operator may not read: grant it get on nodes, or, when ` +
    `the pod there is dead for certain, run kubectl impala force-takeover`,
});
