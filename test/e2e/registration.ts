import { AGENT_PORT } from '../../src/daemons/ports.ts';
import { api } from './api.ts';
import { onTestCluster } from './environment.ts';
import type { Observer } from './observer.ts';
import type { Pod } from './observer/protocol.ts';
import { podPage, webAddress } from './pod-web.ts';

const via = onTestCluster ? 'direct' : api;

/** Reads a page of a pod's daemon. */
export function pageOf(pod: Pod, path: string, timeout = 1000) {
  const address = webAddress(pod);
  if (address === undefined) throw new Error(`${pod.metadata.name} has no address`);
  return podPage(via, address, path, timeout);
}

/** The pods of a cluster's coordinators or executors, except those on some nodes. */
export function impaladPods(observer: Observer, cluster: string, without: readonly string[] = []): Pod[] {
  const pattern = new RegExp(`^${cluster}-(coordinator|executor)-\\d+$`);
  return [...observer.livePods.values()].filter(
    ({ metadata, spec }) => pattern.test(metadata.name) && !without.includes(spec.nodeName ?? ''),
  );
}

/**
 * Which of these impalads are not registered with the statestored of that pod, and why. An impalad's word alone would
 * not do: its registration counts when the statestored itself has it on its list.
 */
export async function unregistered(observer: Observer, impalads: readonly Pod[], active: Pod): Promise<string[]> {
  const answer = await pageOf(active, '/subscribers?json');
  if (answer.status !== 200) return [`${active.metadata.name} answers ${answer.status}`];
  const { subscribers = [] } = JSON.parse(answer.body) as { subscribers?: { registration_id: string }[] };
  const known = new Set(subscribers.map((subscriber) => subscriber.registration_id));
  return impalads.flatMap(({ metadata }) => {
    const sighting = observer.impalads.get(metadata.name);
    const state = sighting?.podUid === metadata.uid ? sighting.state : undefined;
    if (state === undefined) return [`${metadata.name} does not answer`];
    if (!state.registered || state.recoveryMode) return [`${metadata.name} looks for a statestored`];
    if (!known.has(state.registrationId)) return [`${metadata.name} is not registered with ${active.metadata.name}`];
    return [];
  });
}

/** How many members each of the impalads must see, and whether coordinators have a catalog. */
export function incomplete(observer: Observer, impalads: readonly Pod[]): string[] {
  return impalads.flatMap(({ metadata: { name } }) => {
    const state = observer.impalads.get(name)?.state;
    if (state === undefined) return [`${name} does not answer`];
    if (state.members !== impalads.length) return [`${name} sees ${state.members} members`];
    if (name.includes('-coordinator-') && !state.catalogReady) return [`${name} has no catalog`];
    return [];
  });
}

/**
 * Seconds since a pod's agent last saw the Lease being renewed. Kubernetes believes for 40 s that the pods of a node
 * that was cut off are ready, and an agent needs a while to find back: this tells of both.
 */
export const leaseAge = (pod: Pod): Promise<number> => agentMetric(pod, 'impala_ha_lease_age_seconds');

/** A metric of a pod's agent, without labels; NaN when there is none. */
export async function agentMetric(pod: Pod, metric: string): Promise<number> {
  const { name, namespace = '' } = pod.metadata;
  const address = { namespace, pod: name, ip: pod.status.podIP ?? '', port: AGENT_PORT };
  const { body } = await podPage(via, address, '/metrics', 1000);
  return Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(body)?.[1] ?? NaN);
}
