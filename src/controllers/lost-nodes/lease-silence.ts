import { sleep } from '../../kube/clock.ts';
import type { Clock, Milliseconds } from '../../kube/clock.ts';
import type { KubernetesObject, Lease } from '../../kube/kubernetes-object.ts';
import { leases } from '../../kube/resource.ts';
import type { Resource } from '../../kube/resource.ts';
import { keysOf } from '../watches.ts';

/** How much longer than it lasts a Lease may stay unchanged: whoever can take over by itself does so before. */
const PATIENCE: Milliseconds = 2_000;
const LOOK_EVERY: Milliseconds = 1_000;
/** While a Lease stays silent, its cluster is looked at that often. */
const TELL_EVERY: Milliseconds = 10_000;

interface Watched {
  /** The clusters that the Lease may be part of. */
  readonly clusters: readonly string[];
  readonly holder: string;
  readonly duration: Milliseconds;
  readonly renewTime: string | undefined;
  /** When that was seen first, on the monotonic clock. */
  readonly since: Milliseconds;
  told: Milliseconds | undefined;
}

/**
 * Notices Leases whose holder does not renew them, long before Kubernetes gives up their node: nobody tells of what does
 * not happen. It concludes nothing; it only makes the operator look.
 */
export class LeaseSilence {
  readonly #clock: Clock;
  readonly #onSilence: (cluster: string) => void;
  readonly #watched = new Map<string, Watched>();

  /** @param onSilence called with the key of a cluster when a Lease of it falls silent, and now and then while it is */
  constructor(clock: Clock, onSilence: (cluster: string) => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
  }

  /**
   * Takes note of a change.
   * @param object as it was last when it has gone
   * @param now the object as it is, if it is
   */
  note(resource: Resource, object: KubernetesObject, now: KubernetesObject | undefined): void {
    if (resource.kind !== leases.kind) return;
    const key = keyOf(object.metadata);
    const spec = (now as Lease | undefined)?.spec;
    if (!spec?.holderIdentity) {
      this.#watched.delete(key);
      return;
    }
    const { holderIdentity: holder, renewTime, leaseDurationSeconds = 0 } = spec;
    const known = this.#watched.get(key);
    if (known?.holder === holder && known.renewTime === renewTime) return;
    const since = this.#clock.now();
    const duration = leaseDurationSeconds * 1000;
    const clusters = keysOf(resource, object);
    this.#watched.set(key, { clusters, holder, renewTime, since, duration, told: undefined });
  }

  /** Whether the Lease has not been renewed for longer than it lasts. */
  isSilent({ metadata }: Lease): boolean {
    const watched = this.#watched.get(keyOf(metadata));
    return watched !== undefined && this.#clock.now() - watched.since > watched.duration + PATIENCE;
  }

  /** Looks until aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#clock, LOOK_EVERY, signal);
      if (!signal.aborted) this.#look();
    }
  }

  #look(): void {
    const now = this.#clock.now();
    for (const watched of this.#watched.values()) {
      if (now - watched.since <= watched.duration + PATIENCE) continue;
      if (watched.told !== undefined && now - watched.told < TELL_EVERY) continue;
      watched.told = now;
      for (const cluster of watched.clusters) this.#onSilence(cluster);
    }
  }
}

const keyOf = ({ namespace = '', name }: KubernetesObject['metadata']): string => `${namespace}/${name}`;
