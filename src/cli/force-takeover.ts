import { DAEMON_CONTAINER } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import { writeGone } from '../daemons/lease-notes.ts';
import { sleep } from '../kube/clock.ts';
import type { Milliseconds } from '../kube/clock.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import type { CommandEnvironment } from './command-environment.ts';
import { CommandError } from './command-error.ts';
import { findCluster, findLease, holderOf } from './find.ts';

export interface TakeoverRequest {
  readonly cluster: string;
  readonly component: PairComponent;
  /** Whether the person has said yes in advance. */
  readonly yes: boolean;
  /** How long to wait until somebody has taken over; 0 does not wait. */
  readonly patience: Milliseconds;
}

const LOOK_EVERY: Milliseconds = 500;
/** A Lease says how long it lasts; one that was edited into nonsense is watched no longer than the longest there can be. */
const LONGEST_LEASE_SECONDS = 120;
const SHORTEST_LEASE_SECONDS = 5;

/**
 * Says, on an administrator's word, that the holder of a Lease is dead, so that a member may take over that would have to
 * wait otherwise. A holder that renews is refused: it lives.
 * @throws CommandError
 */
export async function forceTakeover(environment: CommandEnvironment, request: TakeoverRequest): Promise<void> {
  const { api, print, ask } = environment;
  const { cluster, component } = request;
  await findCluster(environment, cluster);
  const first = await findLease(environment, cluster, component);
  const holder = holderOf(first, cluster, component);
  if (holder === undefined) {
    throw new CommandError(`nobody holds the Lease of the ${component}: whoever is ready takes over by itself`);
  }
  const lease = await seenSilent(environment, request, first, holder.pod);
  for (const line of warning(request, holder.pod)) print(line);
  if (!request.yes) {
    const answer = await ask(`Type ${holder.pod} to say that it is dead: `);
    if (answer === undefined) throw new CommandError('nobody is there to be asked: --yes answers in advance');
    if (answer.trim() !== holder.pod) throw new CommandError('that was not its name: nothing was changed');
  }
  const claim = lease.spec?.holderIdentity ?? '';
  if (!(await writeGone(api, lease, { claim, because: 'ForceTakeover' }))) {
    throw new CommandError('the Lease has changed meanwhile, so somebody lives: nothing was changed');
  }
  print(`said that ${holder.pod} is dead`);
  if (request.patience > 0) await waitForSuccessor(environment, request, claim);
}

/** Watches the Lease for as long as it lasts. @returns it, unchanged @throws CommandError when it was renewed */
async function seenSilent(
  environment: CommandEnvironment,
  { cluster, component }: TakeoverRequest,
  first: Lease,
  pod: string,
): Promise<Lease> {
  const { clock, print } = environment;
  const seconds = Math.max(first.spec?.leaseDurationSeconds ?? 0, SHORTEST_LEASE_SECONDS);
  const duration = Math.min(seconds, LONGEST_LEASE_SECONDS) * 1000;
  print(`looking for ${Math.round(duration / 1000)} s whether ${pod} still renews its Lease ...`);
  const end = clock.now() + duration;
  for (;;) {
    const lease = await findLease(environment, cluster, component);
    const { holderIdentity, renewTime } = lease.spec ?? {};
    if (holderIdentity !== first.spec?.holderIdentity || renewTime !== first.spec?.renewTime) {
      throw new CommandError(
        `the Lease was renewed just now: whoever holds it lives. To move it, use kubectl impala switchover ${cluster} ${component}`,
      );
    }
    if (clock.now() >= end) return lease;
    await sleep(clock, LOOK_EVERY);
  }
}

function warning({ component, cluster }: TakeoverRequest, pod: string): string[] {
  const daemon = DAEMON_CONTAINER[component];
  const risk =
    component === 'catalog'
      ? 'Both would change tables, and coordinators would see now the one, now the other.'
      : 'Part of the coordinators and executors would follow the one, part the other.';
  return [
    '',
    `${pod} holds the Lease of the ${component} of ${cluster}, and has not renewed it.`,
    `It may be dead. It may also be cut off from the API server, and its ${daemon} serve on: it may do so for`,
    `spec.${component}.highAvailability.maxOutageSeconds, as long as the other member promises not to take over.`,
    `If it lives, two ${daemon}s will run. ${risk}`,
    'Make certain first: power its machine off, or see with your own eyes that its containers have ended.',
    '',
  ];
}

async function waitForSuccessor(
  environment: CommandEnvironment,
  { cluster, component, patience }: TakeoverRequest,
  claim: string,
): Promise<void> {
  const { clock, print } = environment;
  const end = clock.now() + patience;
  while (clock.now() < end) {
    const lease = await findLease(environment, cluster, component);
    const holder = holderOf(lease, cluster, component);
    if (holder !== undefined && lease.spec?.holderIdentity !== claim) {
      return print(`${holder.pod} has taken over (term ${lease.spec?.leaseTransitions ?? 0})`);
    }
    await sleep(clock, LOOK_EVERY);
  }
  throw new CommandError(
    `nobody has taken over within ${Math.round(patience / 1000)} s: kubectl impala status ${cluster} says who could`,
  );
}
