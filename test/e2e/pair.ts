import { names, otherMember } from '../../src/api/names.ts';
import type { Member, PairComponent } from '../../src/api/names.ts';
import { Missing, missing } from './conditions.ts';
import { CLUSTER, onTestCluster } from './environment.ts';
import type { DaemonProcess, Observer } from './observer.ts';
import type { Pod } from './observer/protocol.ts';

/** A pair that is whole: one active that serves and one standby that could take over. */
export interface Pair {
  readonly component: PairComponent;
  /** The name of Lease, Service and EndpointSlice. */
  readonly name: string;
  readonly term: number;
  readonly identity: string;
  readonly active: Pod;
  readonly standby: Pod;
  /** The active's daemon; undefined where processes cannot be seen. */
  readonly process: DaemonProcess | undefined;
}

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

export type Active = Omit<Pair, 'standby'>;

/** Who is active by Lease and slice alike, if they agree; its daemon may not run or serve yet. */
export function holderOf(observer: Observer, component: PairComponent, cluster = CLUSTER): Active | Missing {
  const name = names.pair(cluster, component);
  const lease = observer.lease(name);
  const slice = observer.slice(name);
  if (lease === undefined || lease.deleted || lease.holder === '') return missing(`nobody holds the Lease ${name}`);
  const active = observer.pod(lease.holder);
  if (active === undefined) return missing(`${lease.holder} holds the Lease, but there is no such pod`);
  if (slice === undefined || slice.deleted) return missing(`there is no EndpointSlice ${name}`);
  if (slice.addresses.length !== 1 || slice.addresses[0] !== active.status.podIP) {
    return missing(`the EndpointSlice ${name} names ${slice.addresses.join()}, not ${lease.holder}`);
  }
  const process = observer.running(`${name}-`).find(({ podUid }) => podUid === active.metadata.uid);
  return { component, name, term: lease.term, identity: lease.identity, active, process };
}

/** Who is active by Lease, slice and processes alike, if they agree and its daemon is healthy. */
export function activeOf(observer: Observer, component: PairComponent, cluster = CLUSTER): Active | Missing {
  const holder = holderOf(observer, component, cluster);
  if (holder instanceof Missing || onTestCluster === undefined) return holder;
  const { name, active, process } = holder;
  const running = observer.running(`${name}-`);
  if (running.length !== 1) return missing(`${running.length} daemons of ${name} run`);
  if (process === undefined) return missing(`the daemon of ${name} is not in ${active.metadata.name}`);
  if (process.healthy === undefined) return missing(`the daemon in ${active.metadata.name} is not healthy`);
  return holder;
}

/** The pair, if it is whole. */
export function pairOf(observer: Observer, component: PairComponent, cluster = CLUSTER): Pair | Missing {
  const found = activeOf(observer, component, cluster);
  if (found instanceof Missing) return found;
  const member = /-([ab])-0$/.exec(found.active.metadata.name)?.[1] as Member;
  const standbyName = names.memberPod(cluster, component, otherMember(member));
  const standby = observer.pod(standbyName);
  if (standby === undefined) return missing(`${standbyName} does not exist`);
  if (!isReady(found.active)) return missing(`${found.active.metadata.name} is active, but not Ready`);
  if (!isReady(standby)) return missing(`${standbyName}, the standby, is not Ready`);
  return { ...found, standby };
}
