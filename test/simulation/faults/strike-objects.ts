import { annotations, names, type PairComponent } from '../../../src/api/names.ts';
import { writeGone } from '../../../src/daemons/lease-notes.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';
import { endpointSlices, leases } from '../../../src/kube/resource.ts';
import type { World } from '../world.ts';
import type { FaultOf, LeaseEdit, SliceEdit } from './fault.ts';

/** What strikes a pair as a whole. */
export type ObjectFault = FaultOf<
  | 'lease edit'
  | 'lease delete'
  | 'slice edit'
  | 'slice delete'
  | 'failing starts'
  | 'spec change'
  | 'template change'
  | 'bad template'
  | 'plain'
  | 'peers cut'
  | 'switchover'
  | 'force takeover'
>;

/** Makes a pair's objects suffer what a plan says: its Lease, its EndpointSlice, what its spec says. */
export class ObjectStrikes {
  readonly #world: World;
  /** Leases as they once were, by name: somebody may write one back. */
  readonly #earlier = new Map<string, Lease[]>();

  constructor(world: World) {
    this.#world = world;
    world.server.onChange(({ resource, object, type }) => {
      if (resource.kind !== 'Lease' || type === 'DELETED') return;
      const copies = this.#earlier.get(object.metadata.name) ?? [];
      copies.push(object);
      this.#earlier.set(object.metadata.name, copies);
    });
  }

  strike(fault: ObjectFault): void {
    const world = this.#world;
    const { component } = fault;
    const name = names.pair(world.cluster.name, component);
    const { namespace } = world;
    switch (fault.kind) {
      case 'peers cut':
        world.network.cut(`peers ${component}`, 'peers');
        this.#after(fault.for, () => world.network.heal(`peers ${component}`, 'peers'));
        return;
      case 'switchover':
        world.patchSpec({ [component]: { preferredActive: fault.to } });
        return;
      case 'force takeover':
        this.#forceTakeover(component);
        return;
      case 'spec change':
        world.patchSpec({ [component]: { highAvailability: fault.times } });
        return;
      case 'template change':
        world.patchSpec({ [component]: { flags: { v: String(fault.verbosity) } } });
        return;
      case 'bad template':
        world.patchSpec({ [component]: { flags: { v: 'bad' } } });
        this.#after(fault.for, () => world.patchSpec({ [component]: { flags: { v: '0' } } }));
        return;
      case 'plain':
        world.patchSpec({ [component]: { highAvailability: { enabled: false } } });
        this.#after(fault.for, () => world.patchSpec({ [component]: { highAvailability: { enabled: true } } }));
        return;
      case 'failing starts':
        world.failingStarts.add(component);
        this.#after(fault.for, () => world.startsWorkAgain(component));
        return;
      case 'lease delete':
        if (world.leaseOf(component)) void world.api.delete({ resource: leases, namespace, name });
        return;
      case 'slice delete':
        if (world.sliceOf(component)) void world.api.delete({ resource: endpointSlices, namespace, name });
        return;
      case 'lease edit': {
        const lease = world.leaseOf(component);
        const edited = lease && this.#editLease(lease, fault.edit);
        if (edited) this.#byHand(() => void world.api.replace({ resource: leases, namespace, name }, edited));
        return;
      }
      case 'slice edit': {
        const slice = world.sliceOf(component);
        const edited = slice && this.#editSlice(slice, fault.edit);
        if (edited) this.#byHand(() => void world.api.replace({ resource: endpointSlices, namespace, name }, edited));
      }
    }
  }

  /** Only of a holder that is dead. */
  #forceTakeover(component: PairComponent): void {
    const world = this.#world;
    const lease = world.leaseOf(component);
    const claim = lease?.spec?.holderIdentity ?? '';
    const holder = [...world.pods].find(({ identity }) => claim.includes(identity.uid));
    if (claim === '' || lease === undefined || (holder && (holder.node.up || holder.daemon?.alive))) return;
    void writeGone(world.api, lease, { claim, because: 'ForceTakeover' });
  }

  #byHand(write: () => void): void {
    this.#world.byHand = true;
    write();
    this.#world.byHand = false;
  }

  #editLease(lease: Lease, edit: LeaseEdit): Lease | undefined {
    const { random } = this.#world;
    const { holderIdentity = '', leaseDurationSeconds = 9, leaseTransitions = 0, renewTime } = lease.spec ?? {};
    const withSpec = (spec: Lease['spec']): Lease => ({ ...lease, spec: { ...lease.spec, ...spec } });
    switch (edit) {
      case 'holder emptied':
        return withSpec({ holderIdentity: '' });
      case 'holder replaced':
        return withSpec({ holderIdentity: 'somebody' });
      case 'holder shortened to its pod':
        return withSpec({ holderIdentity: holderIdentity.split('/').slice(0, random.whole(1, 2)).join('/') });
      case 'renewTime changed':
        return renewTime === undefined
          ? undefined
          : withSpec({ renewTime: renewTime.replace(/\d{3}Z$/, `${random.whole(100, 999)}Z`) });
      case 'duration raised':
        return withSpec({ leaseDurationSeconds: leaseDurationSeconds + random.whole(1, 20) });
      case 'duration lowered':
        return withSpec({ leaseDurationSeconds: 1 });
      case 'term raised':
        return withSpec({ leaseTransitions: leaseTransitions + random.whole(1, 9) });
      case 'term lowered':
        return withSpec({ leaseTransitions: Math.max(0, leaseTransitions - random.whole(1, 3)) });
      case 'annotations dropped':
        return { ...lease, metadata: { ...lease.metadata, annotations: {} } };
      case 'earlier copy written back': {
        this.#world.signInsWrittenBack = true;
        const copies = this.#earlier.get(lease.metadata.name) ?? [lease];
        const ofOthers = copies.filter(({ spec }) => (spec?.holderIdentity ?? '') !== holderIdentity);
        const copy = ofOthers.length > 0 && random.chance(0.7) ? random.pick(ofOthers) : random.pick(copies);
        const { uid, resourceVersion } = lease.metadata;
        if (uid === undefined || resourceVersion === undefined) return undefined;
        // The two lies that are believed: that the present tenure was released, that its holder relies on less.
        const { [annotations.released]: released, ...others } = copy.metadata.annotations ?? {};
        const stillTrue = released !== undefined && holderIdentity === '' ? { [annotations.released]: released } : {};
        return {
          ...copy,
          metadata: { ...copy.metadata, uid, resourceVersion, annotations: { ...others, ...stillTrue } },
          spec: {
            ...copy.spec,
            leaseDurationSeconds: Math.max(leaseDurationSeconds, copy.spec?.leaseDurationSeconds ?? 0),
          },
        };
      }
    }
  }

  #editSlice(slice: EndpointSlice, edit: SliceEdit): EndpointSlice {
    const term = Number(slice.metadata.annotations?.[annotations.term] ?? 0);
    const withAnnotation = (name: string, value: string): EndpointSlice => ({
      ...slice,
      metadata: { ...slice.metadata, annotations: { ...slice.metadata.annotations, [name]: value } },
    });
    switch (edit) {
      case 'endpoints emptied':
        return { ...slice, endpoints: [] };
      case 'foreign address':
        return { ...slice, endpoints: [{ addresses: ['10.9.9.9'], conditions: { ready: true } }] };
      case 'term raised':
        return withAnnotation(annotations.term, String(term + 3));
      case 'term lowered':
        return withAnnotation(annotations.term, String(Math.max(0, term - 1)));
      case 'claim changed':
        return withAnnotation(annotations.claim, 'somebody');
    }
  }

  #after(delay: number, callback: () => void): void {
    this.#world.timeline.after(delay, callback);
  }
}
