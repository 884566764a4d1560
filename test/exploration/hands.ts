/** What is done to the Lease by hand and by the operator, and to a pod that is deleted by force. */
import { annotations } from '../../src/api/names.ts';
import { isHolderGone, type Gone } from '../../src/daemons/lease-notes.ts';
import type { Lease } from '../../src/kube/kubernetes-object.ts';
import { microTime } from '../../src/kube/micro-time.ts';
import { copyOf, overwritten, remade, remove, store } from './lease-store.ts';
import { affordable, NOBODY, NUMBER, paid, type Emit, type Move } from './move-kinds.ts';
import type { Protocol } from './protocol.ts';
import { podName, type Fault, type Pod, type World } from './world.ts';

/** What an administrator and the operator do to the Lease, and a pod that is deleted by force while it runs on. */
export function hands(world: World, protocol: Protocol, emit: Emit): void {
  const { lease } = world;
  const edited = (kind: Move, fault: Fault, change: (lease: Lease) => Lease | undefined, slot = NOBODY): void => {
    if (lease === undefined || !affordable(world, fault)) return;
    const next = { ...world, pods: world.pods.slice(), budget: paid(world, fault) };
    const body = change(lease);
    if (body === undefined) remove(next);
    else store(next, body);
    emit(NUMBER[kind] + slot, next);
  };
  const withSpec = (spec: Lease['spec']) => (of: Lease) => ({ ...of, spec: { ...of.spec, ...spec } });
  const holder = lease?.spec?.holderIdentity ?? '';
  if (holder !== '') edited('lease emptied', 'edit', withSpec({ holderIdentity: '' }));
  edited('lease given to a stranger', 'edit', withSpec({ holderIdentity: `x-0/9/r${world.words + 1}` }));
  edited('renewTime edited', 'edit', withSpec({ renewTime: microTime(world.words + 1) }));
  world.pods.forEach((pod, slot) => {
    const identity = claimed(pod);
    if (identity === undefined || identity === holder) return;
    edited('lease given back', 'edit', withSpec({ holderIdentity: identity }), slot);
  });
  edited('lease deleted', 'delete', () => undefined);
  const dead = world.pods.find((pod) => holder.startsWith(`${podName(pod)}/${pod.uid}/`));
  if (lease !== undefined && dead !== undefined && protocol.isDead(dead, world) && !isHolderGone(lease)) {
    const gone: Gone = { claim: holder, because: 'NodeDeleted' };
    const next = { ...world, pods: world.pods.slice() };
    const noted = { ...lease.metadata.annotations, [annotations.gone]: JSON.stringify(gone) };
    store(next, { ...lease, metadata: { ...lease.metadata, annotations: noted } });
    emit(NUMBER['gone noted'] + NOBODY, next);
  }
  const { copy } = world;
  if (copy !== undefined) edited('copy written back', 'copy', (of) => overwritten(of, copy));
  // Not of a released Lease: an edit that says "released" is believed.
  else if (lease !== undefined && holder !== '' && affordable(world, 'copy'))
    emit(NUMBER['lease copied'] + NOBODY, { ...world, copy: copyOf(lease) });
  if (lease === undefined) {
    emit(NUMBER['lease remade'] + NOBODY, remade(world, protocol));
    if (world.statusTerm > 1) emit(NUMBER['lease remade, term behind'] + NOBODY, remade(world, protocol, 1));
  }
  if (affordable(world, 'forceDelete') && !world.pods[2]!.exists) {
    const pods = world.pods.with(2, { ...world.pods[2]!, exists: true });
    emit(NUMBER['force-deleted'] + NOBODY, { ...world, pods, budget: paid(world, 'forceDelete') });
  }
}

/** The identity that a pod believes to hold, or to have claimed. */
function claimed(pod: Pod): string | undefined {
  const { standing } = pod.election;
  return standing.kind === 'challenger' ? undefined : standing.claim.identity;
}
