import type { ApiCall } from '../../../src/embedded/interceptor.ts';
import { momentOf } from '../faults/moments.ts';

/** How often each fault has met each state of the protocol. */
export class Coverage {
  readonly counts = new Map<string, Map<string, number>>();

  met(fault: string, state: string, times = 1): void {
    const states = this.counts.get(fault) ?? new Map<string, number>();
    this.counts.set(fault, states);
    states.set(state, (states.get(state) ?? 0) + times);
  }

  metCall(fault: string, call: ApiCall): void {
    if (call.resource.kind === 'Lease' || call.resource.kind === 'EndpointSlice') {
      this.met(`call: ${fault}`, momentOf(call) ?? `${call.verb} ${call.resource.kind}`);
    }
  }

  add(entries: [string, [string, number][]][]): void {
    for (const [fault, states] of entries) for (const [state, times] of states) this.met(fault, state, times);
  }

  get entries(): [string, [string, number][]][] {
    return [...this.counts].map(([fault, states]) => [fault, [...states]]);
  }

  toString(): string {
    return [...this.counts]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([fault, states]) => {
        const met = [...states].sort(([, one], [, other]) => other - one).map(([state, times]) => `${state} ${times}`);
        return `${fault}\n    ${met.join(' · ')}`;
      })
      .join('\n');
  }
}
