import type { Member } from '../../../src/api/names.ts';
import type { AgentObserver } from '../../../src/agent/agent-parts.ts';
import { Agent } from '../../../src/agent/agent.ts';
import type { GuardLink } from '../../../src/agent/guard/guard-link.ts';
import type { Order } from '../../../src/agent/guard/message.ts';
import type { PromiseAnswer, PromiseRequest } from '../../../src/agent/promise/promise-message.ts';
import type { AgentConfiguration } from '../../../src/daemons/agent-configuration.ts';
import { KubernetesApiError, type KubernetesApi, type ObjectReference } from '../../../src/kube/kubernetes-api.ts';
import type { EndpointSlice, KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { LeaseStore } from '../election/lease-store.ts';

export const configuration = (member: Member, changes: Partial<AgentConfiguration> = {}): AgentConfiguration => ({
  cluster: 'impala',
  component: 'statestore',
  member,
  pairName: 'impala-statestore',
  leaseDurationSeconds: 9,
  renewDeadlineSeconds: 6,
  retryPeriodSeconds: 3,
  healthPort: 25011,
  healthPeriodSeconds: 1,
  healthTimeoutSeconds: 1,
  failureThreshold: 3,
  startTimeoutSeconds: 60,
  maxOutageSeconds: 900,
  agentPort: 8480,
  promisePort: 8481,
  spellings: [],
  template: 'one',
  ...changes,
});

/** A guard and its daemon as guard.sh behaves, without processes. Orders are obeyed at once unless it is frozen. */
export class FakeGuard implements GuardLink {
  running: { startedBy: number; claim: string; deadline: number; argument: string | undefined } | undefined;
  healthy = true;
  /** A guard that is stopped reads no orders. */
  frozen = false;
  present = false;
  readonly orders: Order[] = [];
  id = 'guard-0';
  private incarnations = 0;
  private sequence = 0;
  private agent: Agent | undefined;
  private readonly clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  connect(agent: Agent): void {
    this.agent = agent;
  }

  /** Starts a (new) guard: it says hello and its pre-flight passes, or does not. */
  start(preflight: 'passed' | 'failed' = 'passed'): void {
    this.present = true;
    this.running = undefined;
    this.id = `guard-${++this.incarnations}`;
    this.agent?.reported({ verb: 'hello', guard: this.id });
    this.agent?.reported({
      verb: 'preflight',
      guard: this.id,
      outcome: preflight,
      text: preflight === 'failed' ? 'bad flag' : '',
    });
  }

  /** The guard is killed from outside, and its daemon with it. */
  kill(): void {
    this.present = false;
    const ran = this.running !== undefined;
    this.running = undefined;
    if (ran) this.agent?.lifelineEnded();
    this.agent?.reportsClosed();
  }

  /** kubelet's SIGTERM: the daemon first, then the guard. */
  terminate(): void {
    this.agent?.reported({ verb: 'terminating', guard: this.id });
    if (this.running) this.crash(0);
    this.kill();
  }

  /** The daemon ends by itself. */
  crash(code = 134): void {
    const { running } = this;
    if (!running) throw new Error('no daemon runs');
    this.running = undefined;
    this.agent?.lifelineEnded();
    this.agent?.reported({ verb: 'exited', guard: this.id, startedBy: running.startedBy, code });
  }

  /** The dead man's switch. */
  enforceDeadline(): void {
    if (this.running && this.clock.now() >= this.running.deadline * 10) this.crash(137);
  }

  send(order: Order): boolean {
    this.orders.push(order);
    if (!this.present) return false;
    if (!this.frozen) queueMicrotask(() => this.obey(order));
    return true;
  }

  lifelineHeld(): boolean {
    return this.running !== undefined;
  }

  nextSequence(): number {
    return ++this.sequence;
  }

  private obey(order: Order): void {
    this.enforceDeadline();
    const { agent, id, running } = this;
    if (!agent || (order.verb !== 'state?' && order.guard !== id)) return;
    switch (order.verb) {
      case 'start':
        if (this.clock.now() >= order.deadline * 10) {
          agent.reported({ verb: 'stopped', guard: id, sequence: order.sequence, reason: 'late' });
          return;
        }
        this.running = { ...order, startedBy: order.sequence, argument: order.argument };
        agent.reported({ verb: 'running', guard: id, sequence: order.sequence });
        return;
      case 'extend':
        if (running) Object.assign(running, { claim: order.claim, deadline: order.deadline });
        else agent.reported({ verb: 'stopped', guard: id, sequence: order.sequence, reason: 'idle' });
        return;
      case 'stop':
        if (running) this.crash(137);
        agent.reported({ verb: 'stopped', guard: id, sequence: order.sequence, reason: 'ordered' });
        return;
      case 'state?':
        agent.reported({
          verb: 'state',
          guard: id,
          sequence: order.sequence,
          running: running !== undefined,
          startedBy: running?.startedBy ?? 0,
          claim: running?.claim ?? '-',
          deadline: running?.deadline ?? 0,
          preflight: 'passed',
        });
    }
  }
}

/** A Lease, an EndpointSlice, and agents with their guards, on one virtual clock. */
export class TestPair {
  readonly clock = new VirtualClock();
  readonly store = new LeaseStore();
  slice: EndpointSlice = {
    metadata: { name: 'impala-statestore', namespace: 'default', uid: 's', resourceVersion: '1' },
    addressType: 'IPv4',
  };
  readonly sliceWrites: EndpointSlice[] = [];
  readonly log: string[] = [];
  private words = 0;
  private deaf = false;
  /** The pods, by uid, that no other can ask for a promise. */
  readonly unreachable = new Set<string>();
  /** Every promise that was asked for: who was asked, and what it said. */
  readonly promises: string[] = [];
  private readonly members = new Map<string, Agent>();
  private readonly runs: { agent: Agent; run: Promise<void> }[] = [];

  /** Starts an agent; its guard is started by the test. */
  agent(
    member: Member,
    uid = `uid-${member}`,
    guard = new FakeGuard(this.clock),
    changes: Partial<AgentConfiguration> = {},
  ): { agent: Agent; guard: FakeGuard } {
    const agent = new Agent({
      configuration: configuration(member, changes),
      pod: {
        namespace: 'default',
        podName: `impala-statestore-${member}-0`,
        podUid: uid,
        podIp: member === 'a' ? '10.0.0.1' : '10.0.0.2',
        nodeName: `node-${member}`,
      },
      clock: this.clock,
      api: this.api,
      link: guard,
      checkHealth: async () => guard.healthy && guard.running !== undefined,
      randomWord: () => `word-${++this.words}`,
      observer: this.observer(member),
      promises: { ask: (peer, request) => this.ask(uid, peer.uid, request) },
    });
    this.members.set(uid, agent);
    guard.connect(agent);
    this.store.watch((lease) => {
      if (!this.deaf) agent.elector.heard(lease);
    });
    this.runs.push({ agent, run: agent.run() });
    return { agent, guard };
  }

  private ask(from: string, to: string, request: PromiseRequest): Promise<PromiseAnswer> {
    const agent = this.members.get(to);
    const reached = agent !== undefined && !this.unreachable.has(to) && !this.unreachable.has(from);
    if (!reached) return Promise.reject(new Error('nobody is there'));
    const answer = agent.promises.answer(request);
    this.promises.push(`${to} ${answer.kind === 'refused' ? answer.because : answer.kind}`);
    return Promise.resolve(answer);
  }

  /** Lets time pass in steps of a guard's poll, with every guard's dead man's switch at work. */
  async advance(milliseconds: number, ...guards: FakeGuard[]): Promise<void> {
    const end = this.clock.now() + milliseconds;
    while (this.clock.now() < end) {
      await this.clock.advance(Math.min(100, end - this.clock.now()));
      for (const guard of guards) guard.enforceDeadline();
    }
    await this.clock.advance(0);
  }

  /** Stops all watches, without a word. */
  deafen(): void {
    this.deaf = true;
  }

  /** Fulfilled when the agent has ended by itself. */
  async ended(agent: Agent): Promise<void> {
    await this.runs.find((one) => one.agent === agent)?.run;
  }

  async end(): Promise<void> {
    for (const { agent, run } of this.runs) {
      agent.abort();
      await run;
    }
  }

  get address(): string | undefined {
    return this.slice.endpoints?.[0]?.addresses[0];
  }

  get term(): number | undefined {
    return this.store.lease?.spec?.leaseTransitions;
  }

  private readonly api = {
    get: (reference: ObjectReference) =>
      reference.resource.kind === 'Lease' ? this.store.api.get(reference) : Promise.resolve(this.slice),
    replace: (reference: ObjectReference, body: KubernetesObject) => {
      if (reference.resource.kind === 'Lease') return this.store.api.replace(reference, body);
      if (body.metadata.resourceVersion !== this.slice.metadata.resourceVersion) {
        return Promise.reject(new KubernetesApiError('replace', 'Conflict', 'not the current version'));
      }
      const next = Number(this.slice.metadata.resourceVersion) + 1;
      this.slice = { ...(body as EndpointSlice), metadata: { ...body.metadata, resourceVersion: String(next) } };
      this.sliceWrites.push(this.slice);
      return Promise.resolve(this.slice);
    },
  } as unknown as KubernetesApi;

  private observer(member: Member): AgentObserver {
    const say = (text: string): void => void this.log.push(`${member}: ${text}`);
    return {
      tookOver: (takeover, term) => say(`took over (${takeover.kind}) in term ${term}`),
      serving: () => say('serving'),
      handingOver: (note) => say(`hands over: ${note.reason}`),
      lost: () => say('lost'),
      preflightFailed: (text) => say(`pre-flight failed: ${text}`),
      endpointWritten: (endpoint) => say(`endpoint in term ${endpoint.term}`),
      callFailed: () => undefined,
      outage: (event) => {
        if (event.kind === 'began' || event.kind === 'over') say(`outage ${event.kind}`);
      },
    };
  }
}
