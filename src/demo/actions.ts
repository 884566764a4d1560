import { AGENT_CONTAINER, names, type PairComponent } from '../api/names.ts';
import { NAMESPACE, type DemoCluster } from './demo-cluster.ts';
import { setOperator } from './installation.ts';
import { daemonsOf, holderOf, snapshotOf } from './snapshot.ts';

/** What can be done to the cluster: each says in a few words what it did. */
export class Actions {
  readonly #demo: DemoCluster;
  /** Thaws what was frozen. */
  #thaw: (() => void) | undefined;
  #operator = true;

  constructor(demo: DemoCluster) {
    this.#demo = demo;
  }

  /** kill -9 */
  killActive(component: PairComponent): string {
    const [daemon] = daemonsOf(this.#demo, component);
    if (daemon === undefined) return `no daemon of the ${component} runs`;
    daemon.kill();
    return `killed the daemon of ${daemon.identity.pod}`;
  }

  toggleNode(name: string): string {
    const { cluster } = this.#demo;
    const node = cluster.nodes.find((one) => one.name === name);
    if (node === undefined) return `there is no ${name}`;
    if (node.up) cluster.killNode(name);
    else cluster.reviveNode(name);
    return node.up ? `${name} has its power back` : `cut the power of ${name}`;
  }

  /** The node where a component is active. */
  activeNode(component: PairComponent): string | undefined {
    const [daemon] = daemonsOf(this.#demo, component);
    return daemon?.identity.host.name;
  }

  /** SIGSTOP to the agent of the active statestore, SIGCONT at the next call. */
  toggleFreeze(): string {
    if (this.#thaw !== undefined) {
      this.#thaw();
      this.#thaw = undefined;
      return 'the frozen agent goes on';
    }
    const { cluster, name } = this.#demo;
    const holder = holderOf(this.#demo, 'statestore');
    if (holder === undefined) return 'no statestore is active';
    const pod = names.memberPod(name, 'statestore', holder);
    const agent = cluster.worker(NAMESPACE, pod)?.container(AGENT_CONTAINER)?.program;
    if (agent === undefined) return `the agent of ${pod} does not run`;
    agent.stop();
    this.#thaw = () => agent.proceed();
    return `froze the agent of ${pod}`;
  }

  async toggleApi(): Promise<string> {
    const { cluster } = this.#demo;
    const off = cluster.apiState === 'on';
    await cluster.setApi(off ? 'off' : 'on');
    return off ? 'the API server is down' : 'the API server is back';
  }

  /** Undoes whatever was done. */
  async restore(): Promise<void> {
    const { cluster } = this.#demo;
    this.#thaw?.();
    this.#thaw = undefined;
    await cluster.setApi('on');
    for (const { name, up } of cluster.nodes) if (!up) cluster.reviveNode(name);
    if (!this.#operator) await this.toggleOperator();
  }

  async toggleOperator(): Promise<string> {
    if (snapshotOf(this.#demo).api !== 'on') return 'the operator cannot be scaled while the API server is down';
    this.#operator = !this.#operator;
    await setOperator(this.#demo.cluster, this.#operator);
    return this.#operator ? 'the operator is scaled to 1' : 'the operator is scaled to 0';
  }
}
