import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import { pods } from '../../kube/resource.ts';
import type { Resource } from '../../kube/resource.ts';
import { hasEnded } from './pod-state.ts';

/** As many as could matter: those of a few minutes. */
const LIMIT = 1000;

/**
 * Remembers which pods, before they vanished, were said by their kubelet to have ended. A pod that just vanishes may have
 * been deleted by force, and live on.
 */
export class LastWords {
  readonly #ended = new Set<string>();

  /** Takes note of an object that was deleted, as it was last. */
  note({ kind }: Resource, object: KubernetesObject): void {
    const { uid } = object.metadata;
    if (kind !== pods.kind || uid === undefined || !hasEnded(object)) return;
    this.#ended.add(uid);
    const [oldest] = this.#ended;
    if (this.#ended.size > LIMIT && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Whether the pod with this uid had ended when it vanished. */
  has(uid: string): boolean {
    return this.#ended.has(uid);
  }
}
