import type { Clock, Milliseconds } from '../../kube/clock.ts';
import { KubernetesApiError } from '../../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import { nodes } from '../../kube/resource.ts';
import type { Node } from '../kubernetes-types.ts';
import { nodeStateOf } from './node-state.ts';
import type { NodeState, NodeStates } from './node-state.ts';

/** A lost node is asked for by every pair that had a pod on it. */
const KEPT: Milliseconds = 2_000;
/** A right that is missing does not come by asking. */
const FORBIDDEN_KEPT: Milliseconds = 60_000;
const TIMEOUT: Milliseconds = 3_000;

/**
 * Reads nodes by name, one by one, when a pair has to know: a watch of all nodes of a large cluster would cost more than
 * all else that the operator keeps.
 */
export class NodeReader {
  readonly #api: KubernetesApi;
  readonly #clock: Clock;
  readonly #known = new Map<string, { state: NodeState; until: Milliseconds }>();

  constructor(api: KubernetesApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** @throws KubernetesApiError of reason `Aborted`; whatever else fails makes a node unreadable */
  async read(names: Iterable<string>): Promise<NodeStates> {
    const now = this.#clock.now();
    for (const [name, { until }] of this.#known) if (until <= now) this.#known.delete(name);
    const wanted = [...new Set(names)];
    const states = await Promise.all(wanted.map((name) => this.#read(name)));
    return new Map(wanted.map((name, index) => [name, states[index] ?? { kind: 'unreadable', forbidden: false }]));
  }

  async #read(name: string): Promise<NodeState> {
    const known = this.#known.get(name);
    if (known !== undefined) return known.state;
    const state = await this.#ask(name);
    const kept = state.kind === 'unreadable' && state.forbidden ? FORBIDDEN_KEPT : KEPT;
    this.#known.set(name, { state, until: this.#clock.now() + kept });
    return state;
  }

  async #ask(name: string): Promise<NodeState> {
    try {
      return nodeStateOf(await this.#api.get<Node>({ resource: nodes, name }, { timeout: TIMEOUT }));
    } catch (error) {
      if (!(error instanceof KubernetesApiError) || error.reason === 'Aborted') throw error;
      if (error.reason === 'NotFound') return { kind: 'deleted' };
      return { kind: 'unreadable', forbidden: error.reason === 'Forbidden' };
    }
  }
}
