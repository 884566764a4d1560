import type { V1NodeSelectorTerm, V1PodAffinityTerm, V1Taint, V1Toleration } from '@kubernetes/client-node';
import type { Pod } from '../../controllers/kubernetes-types.ts';
import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import { pods } from '../../kube/resource.ts';
import { ApiCall } from '../interceptor.ts';
import { mergeJson, sameJson } from '../json.ts';
import { nodes } from '../kinds/builtin-kinds.ts';
import { labelSelectorMatches, type LabelSelector } from '../label-selector.ts';
import type { Change } from '../versioned-store.ts';
import { ControlLoop } from './control-loop.ts';
import type { ControlPlane } from './control-plane.ts';
import { objectKey, referenceOf } from './object-key.ts';

export interface NodeObject extends KubernetesObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: V1Taint[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const USER = 'kube-scheduler';
const HOST = 'kubernetes.io/hostname';

/**
 * Gives each pod a node: a ready one that it may be on (cordon, taints, node selector, required anti-affinity, all by the
 * host), and among these one with the fewest pods that it would rather keep away from.
 */
export class Scheduler {
  readonly #plane: ControlPlane;
  readonly #loop: ControlLoop;
  readonly #waiting = new Set<string>();
  /** The pods on each node, by key. */
  readonly #bound = new Map<string, Map<string, Pod>>();

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#loop = new ControlLoop(plane, (key) => this.#schedule(key));
  }

  observe({ type, resource, object, previous }: Change): void {
    if (resource.kind === nodes.kind) this.#retry();
    if (resource.kind !== pods.kind) return;
    const pod = object as Pod;
    const key = objectKey(pod);
    const node = pod.spec?.nodeName ?? (previous as Pod | undefined)?.spec?.nodeName;
    if (node !== undefined) {
      const there = this.#bound.get(node) ?? new Map<string, Pod>();
      this.#bound.set(node, there);
      if (type === 'DELETED') there.delete(key);
      else there.set(key, pod);
    } else if (type !== 'DELETED') this.#loop.add(key);
    if (type === 'DELETED') {
      this.#waiting.delete(key);
      this.#retry();
    }
  }

  #retry(): void {
    for (const key of this.#waiting) this.#loop.add(key);
  }

  #schedule(key: string): void {
    const { server } = this.#plane;
    const reference = referenceOf(pods, key);
    const pod = server.peek<Pod>(reference);
    if (pod === undefined || pod.spec?.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) {
      this.#waiting.delete(key);
      return;
    }
    const possible = server.peekAll<NodeObject>({ resource: nodes }).filter((node) => this.#fits(pod, node));
    const costs = possible.map((node) => this.#cost(pod, node.metadata.name));
    const best = possible[costs.indexOf(Math.min(...costs))];
    if (best === undefined) {
      this.#waiting.add(key);
      this.#reportUnschedulable(pod, reference);
      return;
    }
    this.#waiting.delete(key);
    const call = new ApiCall({ ...reference, user: USER, verb: 'patch' });
    server.requests.patch(call, (object) => mergeJson(object, { spec: { nodeName: best.metadata.name } }));
  }

  #fits(pod: Pod, node: NodeObject): boolean {
    if (!accepts(node, pod)) return false;
    const there = [...(this.#bound.get(node.metadata.name)?.values() ?? [])];
    return !there.some((other) => repels(pod, other) || repels(other, pod));
  }

  #cost(pod: Pod, node: string): number {
    const there = [...(this.#bound.get(node)?.values() ?? [])];
    const preferred = pod.spec?.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const spread = pod.spec?.topologySpreadConstraints ?? [];
    const unwanted = preferred.map(({ weight, podAffinityTerm }) =>
      there.some((other) => matchesAffinityTerm(podAffinityTerm, pod, other)) ? weight : 0,
    );
    const crowded = spread.map(
      ({ labelSelector }) =>
        10 *
        there.filter((other) => labelSelectorMatches(labelSelector as LabelSelector, other.metadata.labels)).length,
    );
    return [...unwanted, ...crowded].reduce((sum, cost) => sum + cost, there.length / 100);
  }

  #reportUnschedulable(pod: Pod, reference: ReturnType<typeof referenceOf>): void {
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node fits' };
    const status = { ...pod.status, phase: 'Pending', conditions: [condition] };
    if (!sameJson(status, pod.status)) this.#plane.server.setStatus(reference, status, USER);
  }
}

const isNodeReady = ({ status }: NodeObject): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

function isSelected(labels: Readonly<Record<string, string>>, spec: Pod['spec']): boolean {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    labelSelectorMatches({ matchLabels: spec?.nodeSelector ?? {} }, labels) &&
    (terms === undefined || terms.some((term) => matchesTerm(term, labels)))
  );
}

/** Whether a node takes a pod, whoever else is there. */
function accepts(node: NodeObject, { spec }: Pod): boolean {
  const { labels = {} } = node.metadata;
  if (!isNodeReady(node) || node.spec?.unschedulable === true || !isSelected(labels, spec)) return false;
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  return taints.every((taint) => isTolerated(taint, spec?.tolerations ?? []));
}

/** Whether a pod must not be on the node of another one. */
function repels(pod: Pod, other: Pod): boolean {
  const terms = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.some((term) => term.topologyKey === HOST && matchesAffinityTerm(term, pod, other));
}

function matchesAffinityTerm({ labelSelector, namespaces }: V1PodAffinityTerm, pod: Pod, other: Pod): boolean {
  const within = namespaces ?? [pod.metadata.namespace ?? ''];
  return within.includes(other.metadata.namespace ?? '') && labelSelectorMatches(labelSelector, other.metadata.labels);
}

const matchesTerm = ({ matchExpressions }: V1NodeSelectorTerm, labels: Readonly<Record<string, string>>): boolean =>
  labelSelectorMatches({ matchExpressions: matchExpressions ?? [] }, labels);

const isTolerated = (taint: V1Taint, tolerations: readonly V1Toleration[]): boolean =>
  tolerations.some(
    ({ key, operator = 'Equal', value = '', effect }) =>
      (key === undefined || key === '' || key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')) &&
      (effect === undefined || effect === '' || effect === taint.effect),
  );
