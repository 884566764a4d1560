import type { Pod, PodDisruptionBudget, StatefulSet } from '../../controllers/kubernetes-types.ts';
import { isReady } from '../../controllers/kubernetes-types.ts';
import { podDisruptionBudgets, pods, statefulSets } from '../../kube/resource.ts';
import { sameJson } from '../json.ts';
import { labelSelectorMatches, type LabelSelector } from '../label-selector.ts';
import type { Change } from '../versioned-store.ts';
import { ControlLoop } from './control-loop.ts';
import type { ControlPlane } from './control-plane.ts';
import { controllerOf, objectKey, referenceOf } from './object-key.ts';

const USER = 'kube-controller-manager';

/** Says in each PodDisruptionBudget how many of its pods may go now. */
export class DisruptionController {
  readonly #plane: ControlPlane;
  readonly #loop: ControlLoop;
  /** The keys of the budgets, by namespace. */
  readonly #budgets = new Map<string, Map<string, PodDisruptionBudget>>();

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#loop = new ControlLoop(plane, (key) => this.#reconcile(key));
  }

  observe({ type, resource, object }: Change): void {
    const { namespace = '', name, labels } = object.metadata;
    if (resource.kind === podDisruptionBudgets.kind) {
      const budgets = this.#budgets.get(namespace) ?? new Map<string, PodDisruptionBudget>();
      this.#budgets.set(namespace, budgets);
      if (type === 'DELETED') budgets.delete(name);
      else budgets.set(name, object);
      this.#loop.add(objectKey(object));
    }
    if (resource.kind !== pods.kind) return;
    for (const budget of this.#budgets.get(namespace)?.values() ?? []) {
      if (labelSelectorMatches(selectorOf(budget), labels)) this.#loop.add(objectKey(budget));
    }
  }

  #reconcile(key: string): void {
    const { server } = this.#plane;
    const reference = referenceOf(podDisruptionBudgets, key);
    const budget = server.peek<PodDisruptionBudget & { status?: object }>(reference);
    if (budget === undefined) return;
    const { namespace = '', generation } = budget.metadata;
    const matching = server
      .peekAll<Pod>({ resource: pods, namespace })
      .filter(({ metadata }) => labelSelectorMatches(selectorOf(budget), metadata.labels));
    const expected = this.#expected(matching);
    const healthy = matching.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined).length;
    const desired = desiredHealthy(budget, expected);
    const status = {
      observedGeneration: generation,
      disruptionsAllowed: Math.max(0, healthy - desired),
      currentHealthy: healthy,
      desiredHealthy: desired,
      expectedPods: expected,
    };
    if (!sameJson(budget.status, status)) server.setStatus(reference, status, USER);
  }

  /** As many pods as the controllers of these are to have: one that is not there is missing. */
  #expected(matching: readonly Pod[]): number {
    const sets = new Map<string, number>();
    let others = 0;
    for (const pod of matching) {
      const owner = controllerOf(pod);
      if (owner?.kind !== statefulSets.kind) others++;
      else {
        const { namespace = '' } = pod.metadata;
        const set = this.#plane.server.peek<StatefulSet>({ resource: statefulSets, namespace, name: owner.name });
        sets.set(owner.uid, set?.spec?.replicas ?? 1);
      }
    }
    return [...sets.values()].reduce((sum, replicas) => sum + replicas, others);
  }
}

const selectorOf = ({ spec }: PodDisruptionBudget): LabelSelector | undefined => spec?.selector;

function desiredHealthy({ spec }: PodDisruptionBudget, expected: number): number {
  const count = (value: unknown, total: number): number =>
    typeof value === 'string' ? Math.ceil((Number.parseInt(value) / 100) * total) : Number(value);
  if (spec?.maxUnavailable !== undefined) return Math.max(0, expected - count(spec.maxUnavailable, expected));
  return spec?.minAvailable === undefined ? 0 : count(spec.minAvailable, expected);
}
