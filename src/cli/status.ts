import type { ImpalaCluster } from '../api/impala-cluster.ts';
import { MEMBERS, names, PAIR_COMPONENTS } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import { isHolderGone } from '../daemons/lease-notes.ts';
import { readSignIn } from '../daemons/sign-in.ts';
import type { SignIn } from '../daemons/sign-in.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { parseMicroTime } from '../kube/micro-time.ts';
import type { CommandEnvironment } from './command-environment.ts';
import { findCluster, findLeaseIfAny, holderOf } from './find.ts';
import { table } from './table.ts';

/** What is read of a pair. */
export type LeasesFound = Readonly<Record<PairComponent, Lease | undefined>>;

/**
 * Prints how a cluster is.
 * @throws CommandError when there is no such cluster
 */
export async function status(environment: CommandEnvironment, { cluster }: { cluster: string }): Promise<void> {
  const found = await findCluster(environment, cluster);
  const [statestore, catalog] = await Promise.all(
    PAIR_COMPONENTS.map((component) => findLeaseIfAny(environment, cluster, component)),
  );
  const lines = describeCluster(found, { statestore, catalog }, environment.clock.date().getTime());
  for (const line of lines) environment.print(line);
}

/**
 * A cluster in words: pure.
 * @param now the wall clock, in milliseconds since 1970
 */
export function describeCluster(cluster: ImpalaCluster, found: LeasesFound, now: number): string[] {
  const { name, namespace } = cluster.metadata;
  const version = cluster.status?.version === undefined ? '' : `  Impala ${cluster.status.version}`;
  const modes = [cluster.spec.paused ? 'paused' : '', cluster.spec.stopped ? 'stopped' : ''].filter(Boolean).join(', ');
  const rows = PAIR_COMPONENTS.flatMap((component) => memberRows(cluster, component, found[component]));
  return [
    `ImpalaCluster ${namespace ?? ''}/${name}${version}${modes === '' ? '' : `  (${modes})`}`,
    '',
    ...table(['COMPONENT', 'POD', 'NODE', 'ROLE', 'READY', 'COULD TAKE OVER'], rows),
    '',
    ...PAIR_COMPONENTS.map((component) => describeLease(cluster, component, found[component], now)),
    ...PAIR_COMPONENTS.flatMap((component) => describeSwitchover(cluster, component)),
    `coordinators: ${cluster.status?.coordinators?.ready ?? '?'} ready; executors: ${cluster.status?.executors?.ready ?? '?'} ready`,
    '',
    ...describeConditions(cluster),
  ];
}

function memberRows(cluster: ImpalaCluster, component: PairComponent, lease: Lease | undefined): string[][] {
  if (!cluster.spec[component].highAvailability.enabled) return [[component, '(one plain pod)', '', '', '', '']];
  const active = lease && holderOf(lease, cluster.metadata.name, component)?.member;
  return MEMBERS.map((member) => {
    const found = cluster.status?.[component]?.members?.find(({ name }) => name === member);
    const pod = found?.pod ?? `(${names.memberPod(cluster.metadata.name, component, member)})`;
    const ready = found?.ready === true;
    if (member === active) return [component, pod, found?.node ?? '', 'active', yesOrNo(ready), ''];
    const role = found?.pod === undefined ? '' : 'standby';
    return [component, pod, found?.node ?? '', role, yesOrNo(ready), readiness(readSignIn(lease, member), ready)];
  });
}

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

function readiness(signIn: SignIn | undefined, ready: boolean): string {
  if (signIn?.ready && ready) return 'yes';
  return signIn?.problem === undefined ? 'no' : `no: ${signIn.problem}`;
}

function describeLease(
  cluster: ImpalaCluster,
  component: PairComponent,
  lease: Lease | undefined,
  now: number,
): string {
  if (!cluster.spec[component].highAvailability.enabled) return `${component}: high availability is off`;
  if (lease === undefined) return `${component}: there is no Lease yet`;
  const { leaseTransitions = 0, leaseDurationSeconds = 0, renewTime, acquireTime } = lease.spec ?? {};
  const holder = holderOf(lease, cluster.metadata.name, component);
  if (holder === undefined) return `${component}: nobody is active (term ${leaseTransitions})`;
  const renewed = ageOf(renewTime, now);
  const overdue = renewed !== undefined && renewed > leaseDurationSeconds ? ', which is overdue' : '';
  const reason = cluster.status?.[component]?.lastTransitionReason;
  const since = acquireTime === undefined ? '' : ` since ${acquireTime.slice(0, 19)}Z${reason ? ` (${reason})` : ''}`;
  const gone = isHolderGone(lease) ? '; it is known to be gone' : '';
  const seconds = renewed === undefined ? '?' : renewed.toFixed(0);
  return `${component}: ${holder.pod} is active in term ${leaseTransitions}${since}, renewed ${seconds} s ago${overdue}${gone}`;
}

/** In seconds; clocks differ, so that it is never less than nothing. */
function ageOf(time: string | undefined, now: number): number | undefined {
  const microseconds = time === undefined ? undefined : parseMicroTime(time);
  return microseconds === undefined ? undefined : Math.max(0, (now - microseconds / 1000) / 1000);
}

function describeSwitchover(cluster: ImpalaCluster, component: PairComponent): string[] {
  const switchover = cluster.status?.[component]?.switchover;
  if (switchover === undefined) return [];
  return [
    `${component}: switchover to ${switchover.member} ${switchover.outcome.toLowerCase()}: ${switchover.message}`,
  ];
}

const BAD_WHEN: Readonly<Record<string, 'True' | 'False'>> = { Degraded: 'True' };

function describeConditions({ status, metadata }: ImpalaCluster): string[] {
  const conditions = status?.conditions ?? [];
  if (conditions.length === 0) return ['the operator has said nothing of this cluster yet: is it running?'];
  const stale = status?.observedGeneration !== metadata.generation;
  const rows = conditions.map(({ type, status: value, reason, message }) => [type, mark(type, value), reason, message]);
  const note = stale ? ['', 'The operator has not looked at the newest spec yet.'] : [];
  return [...table(['CONDITION', 'STATUS', 'REASON', 'MESSAGE'], rows), ...note];
}

const mark = (type: string, value: string): string => (value === BAD_WHEN[type] ? `${value} !` : value);
