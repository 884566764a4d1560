import { impalaClusters } from '../api/impala-clusters.ts';
import type { ImpalaCluster } from '../api/impala-cluster.ts';
import { annotations, names, otherMember } from '../api/names.ts';
import type { Member, PairComponent } from '../api/names.ts';
import { requestAt } from '../daemons/lease-notes.ts';
import { readSignIn } from '../daemons/sign-in.ts';
import { sleep } from '../kube/clock.ts';
import type { Milliseconds } from '../kube/clock.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import type { CommandEnvironment } from './command-environment.ts';
import { CommandError } from './command-error.ts';
import { findCluster, findLease, holderOf } from './find.ts';

export interface SwitchoverRequest {
  readonly cluster: string;
  readonly component: PairComponent;
  /** The member that shall be active; the standby when it is left out. */
  readonly member?: Member | undefined;
  /** How long to wait for the outcome; 0 does not wait. */
  readonly patience: Milliseconds;
}

const LOOK_EVERY: Milliseconds = 500;

/**
 * Asks for a member to become active, and waits until it is.
 * @throws CommandError when it could not take over now, or the operator refuses, or nothing comes of it
 */
export async function switchover(environment: CommandEnvironment, request: SwitchoverRequest): Promise<void> {
  const { api, namespace, clock, print } = environment;
  const { component, patience } = request;
  const cluster = await findCluster(environment, request.cluster);
  if (cluster.spec.paused) {
    throw new CommandError(`${request.cluster} is paused: the operator does nothing until spec.paused is false`);
  }
  const lease = await findLease(environment, request.cluster, component);
  const holder = holderOf(lease, request.cluster, component);
  if (holder?.member === undefined) {
    throw new CommandError(`nobody is active for the ${component}: kubectl impala status ${request.cluster} says why`);
  }
  const member = request.member ?? otherMember(holder.member);
  const pod = names.memberPod(request.cluster, component, member);
  if (member === holder.member) {
    print(`${pod} is active already`);
    return;
  }
  refuseUnready(lease, member, pod, request.cluster);

  const time = clock.date().toISOString();
  const patch = {
    metadata: { annotations: { [annotations.switchoverRequestedAt(component)]: time } },
    spec: { [component]: { preferredActive: member } },
  };
  await api.mergePatch({ resource: impalaClusters, namespace, name: request.cluster }, patch);
  print(`asked for the ${component} to move from ${holder.pod} to ${pod}`);
  if (patience > 0) await waitForOutcome(environment, request, requestAt(member, time));
}

function refuseUnready(lease: Lease, member: Member, pod: string, cluster: string): void {
  const signIn = readSignIn(lease, member);
  if (signIn?.ready) return;
  const because = signIn === undefined ? 'has not signed in' : `is not ready to take over`;
  const problem = signIn?.problem === undefined ? '' : ` (${signIn.problem})`;
  throw new CommandError(`${pod} ${because}${problem}: kubectl impala status ${cluster} has more; nothing was changed`);
}

async function waitForOutcome(
  environment: CommandEnvironment,
  { cluster, component, patience }: SwitchoverRequest,
  request: string,
): Promise<void> {
  const { clock, print } = environment;
  const end = clock.now() + patience;
  let last: string | undefined;
  while (clock.now() < end) {
    const found: ImpalaCluster = await findCluster(environment, cluster);
    const switchover = found.status?.[component]?.switchover;
    if (switchover?.request === request) {
      if (switchover.outcome === 'Completed') return print(switchover.message);
      if (switchover.outcome === 'Refused' || switchover.outcome === 'Failed')
        throw new CommandError(switchover.message);
      if (switchover.message !== last) print(switchover.message);
      last = switchover.message;
    }
    await sleep(clock, LOOK_EVERY);
  }
  const seconds = Math.round(patience / 1000);
  throw new CommandError(
    last === undefined
      ? `the operator did not answer within ${seconds} s: is it running? The request stands`
      : `not done within ${seconds} s: kubectl impala status ${cluster} tells how it goes on`,
  );
}
