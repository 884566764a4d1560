/** How often a search meets each state of the protocol: one that it never meets, it says nothing about. */
import type { Protocol } from './protocol.ts';
import type { World } from './world.ts';
import { tenureOf } from './agent-model.ts';

const TENURES = ['none', 'unread', 'adopting', 'active', 'lapsed', 'releasing'] as const;
const DAEMONS = ['unknown', 'none', 'starting', 'running', 'stopping'] as const;

/** A member's tenure, and what its agent knows of its daemon. */
export type ProtocolState = `${(typeof TENURES)[number]}, daemon ${(typeof DAEMONS)[number]}`;

export class Coverage {
  private readonly counts = new Uint32Array(TENURES.length * DAEMONS.length);

  /** Counts the state of each member of a world. */
  met(world: World, protocol: Protocol): void {
    for (const pod of world.pods) {
      if (!pod.exists || pod.lost) continue;
      const tenure = TENURES.indexOf(tenureOf(pod, protocol).kind);
      this.counts[tenure * DAEMONS.length + DAEMONS.indexOf(pod.custody.guardState.daemon.kind)]!++;
    }
  }

  /** Only those that were met. */
  get states(): Partial<Record<ProtocolState, number>> {
    const entries = TENURES.flatMap((tenure, row) =>
      DAEMONS.map(
        (daemon, column) => [`${tenure}, daemon ${daemon}`, this.counts[row * DAEMONS.length + column]!] as const,
      ),
    );
    return Object.fromEntries(entries.filter(([, times]) => times > 0));
  }
}
