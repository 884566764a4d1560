import { annotations, type PairComponent } from '../../../src/api/names.ts';
import type { GuardState } from '../../../src/agent/guard/daemon-view.ts';
import { tenancyOf } from '../../../src/kube/election/tenancy.ts';
import type { World } from '../world.ts';

/** Where a pair stands, in a few words, for the coverage of faults. */
export function protocolState(world: World, component: PairComponent): string {
  const lease = world.leaseOf(component);
  const tenancy = tenancyOf(lease, annotations.released, 0);
  if (tenancy.kind !== 'held') return tenancy.kind;
  const agent = world.holderOf(component)?.agent;
  if (!agent) return 'held, agent away';
  if (!agent.process.running) return 'held, agent stopped';
  const { guardState } = (agent.agent as unknown as { custody: { guardState: GuardState } }).custody;
  return `${agent.agent.tenure.kind}, daemon ${guardState.daemon.kind}`;
}
