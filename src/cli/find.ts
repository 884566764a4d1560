import { impalaClusters } from '../api/impala-clusters.ts';
import type { ImpalaCluster } from '../api/impala-cluster.ts';
import { COMPONENTS, memberOfPod, MEMBERS, names, PAIR_COMPONENTS } from '../api/names.ts';
import type { Component, Member, PairComponent } from '../api/names.ts';
import { podNamedIn } from '../daemons/claim-identity.ts';
import { getIfExists } from '../kube/get-if-exists.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { leases } from '../kube/resource.ts';
import type { CommandEnvironment } from './command-environment.ts';
import { CommandError } from './command-error.ts';

/** @throws CommandError when there is no such cluster */
export async function findCluster({ api, namespace }: CommandEnvironment, name: string): Promise<ImpalaCluster> {
  const found = await getIfExists<ImpalaCluster>(api, { resource: impalaClusters, namespace, name });
  if (found !== undefined) return found;
  throw new CommandError(
    `there is no ImpalaCluster ${name} in the namespace ${namespace}: kubectl get impala -A lists all, -n names another namespace`,
  );
}

/** @throws CommandError when the pair has no Lease */
export async function findLease(
  { api, namespace }: CommandEnvironment,
  cluster: string,
  component: PairComponent,
): Promise<Lease> {
  const lease = await findLeaseIfAny({ api, namespace }, cluster, component);
  if (lease !== undefined) return lease;
  const name = names.pair(cluster, component);
  throw new CommandError(
    `there is no Lease ${name}: the ${component} is not highly available (spec.${component}.highAvailability.enabled), or ` +
      'the operator has not made it yet',
  );
}

export function findLeaseIfAny(
  { api, namespace }: Pick<CommandEnvironment, 'api' | 'namespace'>,
  cluster: string,
  component: PairComponent,
): Promise<Lease | undefined> {
  return getIfExists<Lease>(api, { resource: leases, namespace, name: names.pair(cluster, component) });
}

/** The pod that holds the Lease, by name and member; nothing when nobody does. */
export function holderOf(
  lease: Lease,
  cluster: string,
  component: PairComponent,
): { pod: string; member: Member | undefined } | undefined {
  const pod = podNamedIn(lease.spec?.holderIdentity ?? '');
  return pod === '' ? undefined : { pod, member: memberOfPod(cluster, component, pod) };
}

/** @throws CommandError */
export function parsePair(text: string): PairComponent {
  return oneOf(PAIR_COMPONENTS, text) ?? refuse(text, 'component', PAIR_COMPONENTS);
}

/** Also takes the plural, as it stands in the spec. @throws CommandError */
export function parseComponent(text: string): Component {
  return oneOf(COMPONENTS, text.replace(/s$/, '')) ?? refuse(text, 'component', COMPONENTS);
}

/** @throws CommandError */
export function parseMember(text: string): Member {
  return oneOf(MEMBERS, text) ?? refuse(text, 'member', MEMBERS);
}

const oneOf = <T extends string>(choices: readonly T[], text: string): T | undefined =>
  choices.find((choice) => choice === text);

function refuse(text: string, what: string, choices: readonly string[]): never {
  throw new CommandError(`${text} is no ${what}: write ${choices.join(' or ')}`);
}
