import type { ApiCall } from '../../../src/embedded/interceptor.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';
import type { SimulatedPod } from '../kubernetes/simulated-pod.ts';
import type { Moment } from './fault.ts';

/** What a call to the API is, in the words of the protocol. */
export function momentOf(call: ApiCall): Moment | 'sign-in' | undefined {
  const { verb, resource, body } = call;
  if (resource.kind === 'EndpointSlice') return verb === 'replace' ? 'slice' : undefined;
  if (resource.kind !== 'Lease') return undefined;
  if (verb === 'get') return 'read';
  if (verb !== 'replace') return undefined;
  const { spec } = body as Lease;
  if ((spec?.holderIdentity ?? '') === '') return 'release';
  return spec?.acquireTime === spec?.renewTime ? 'claim' : 'renew';
}

/** Lets faults wait for the moment in which an agent is about to do something. */
export class Moments {
  readonly #armed = new Set<{
    moment: Moment;
    matches: (pod: SimulatedPod) => boolean;
    strike: (pod: SimulatedPod) => void;
  }>();

  /** @returns takes it back */
  arm(moment: Moment, matches: (pod: SimulatedPod) => boolean, strike: (pod: SimulatedPod) => void): () => void {
    const armed = { moment, matches, strike };
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  called(pod: SimulatedPod, call: ApiCall): void {
    if (this.#armed.size === 0) return;
    const current = pod.world.leaseOf(pod.identity.component)?.spec?.holderIdentity ?? '';
    const moment = momentOf(call);
    // A sign-in on a Lease without a holder.
    if (moment === 'release' && current === '') return;
    if (moment !== undefined) this.happened(pod, moment);
  }

  happened(pod: SimulatedPod, moment: string): void {
    for (const armed of [...this.#armed]) {
      if (armed.moment !== moment || !armed.matches(pod)) continue;
      this.#armed.delete(armed);
      armed.strike(pod);
    }
  }
}
