import type { AgentConfiguration, PodFacts } from '../../daemons/agent-configuration.ts';
import type { Clock, Milliseconds } from '../../kube/clock.ts';
import type { ElectionRules } from '../../kube/election/election.ts';
import type { Elector } from '../../kube/election/elector.ts';
import type { Roster } from '../../kube/election/roster.ts';
import type { Lease } from '../../kube/kubernetes-object.ts';
import { isOutage, livesOnPromises, peersWith, rosterToWrite } from './asking.ts';
import { PromiseCollector, type OutageEvent } from './promise-collector.ts';
import type { PromiseAnswer, PromisePeer, PromiseRequest, PromiseTransport } from './promise-message.ts';

export interface PromiseExchangeOptions {
  readonly configuration: AgentConfiguration;
  readonly pod: Pick<PodFacts, 'namespace' | 'podName' | 'podUid'>;
  readonly rules: ElectionRules;
  readonly clock: Clock;
  readonly elector: Elector;
  /** Without one nobody can be asked. */
  readonly transport: PromiseTransport | undefined;
  readonly onEvent: (event: OutageEvent) => void;
}

/** An agent's part in an outage of the API server: it asks the others for promises, and gives them. */
export class PromiseExchange {
  private readonly options: PromiseExchangeOptions;
  private readonly collector: PromiseCollector | undefined;
  private peers: ReadonlyMap<string, PromisePeer> = new Map();

  constructor(options: PromiseExchangeOptions) {
    this.options = options;
    const { configuration, pod, rules, clock, elector, transport, onEvent } = options;
    this.collector =
      transport &&
      new PromiseCollector({
        clock,
        rules,
        transport,
        namespace: pod.namespace,
        pair: configuration.pairName,
        election: () => elector.state,
        peer: (uid) => this.peers.get(uid),
        onRound: (round) => elector.promised(round),
        onEvent,
      });
  }

  /** Whether renewals fail: nothing is begun that needs the API server. */
  get outage(): boolean {
    const { clock, rules } = this.options;
    const claim = this.claim;
    return claim !== undefined && isOutage(claim, rules, clock.now());
  }

  /** For how long the active has lived on promises, in seconds: 0 when it does not. */
  get outageSeconds(): number {
    const { claim } = this;
    if (claim?.confirmedSentAt === undefined || !livesOnPromises(claim)) return 0;
    return (this.options.clock.now() - claim.confirmedSentAt) / 1000;
  }

  /** Whom the record of a holder names. */
  roster(lease: Lease | undefined): Roster {
    const { pod, configuration } = this.options;
    return rosterToWrite(lease, { pod: pod.podName, uid: pod.podUid }, configuration);
  }

  /**
   * Learns where the others listen, and asks them if it is time.
   * @param wanted whether there is a daemon to be kept alive
   */
  update(lease: Lease | undefined, wanted: boolean, signal: AbortSignal): void {
    this.peers = peersWith(this.peers, lease, this.options.configuration);
    this.collector?.update(wanted, signal);
  }

  /** When {@link update} has to be called next, while there is a daemon to be kept alive. */
  get nextLook(): Milliseconds | undefined {
    return this.collector?.nextRoundAt;
  }

  /** Answers another member that asks for a promise (P14). */
  answer(request: PromiseRequest): PromiseAnswer {
    const { pod, configuration, elector, onEvent } = this.options;
    const { round, records, durationSeconds, from } = request;
    const ours = request.namespace === pod.namespace && request.pair === configuration.pairName;
    const meant = ours && request.to === pod.podUid && from.uid !== pod.podUid;
    const outcome = meant ? elector.askedToPromise(records, durationSeconds * 1000) : 'mistaken';
    onEvent({ kind: 'answered', asker: from.pod, outcome });
    return outcome === 'promised' ? { kind: 'promised', round } : { kind: 'refused', round, because: outcome };
  }

  private get claim() {
    const { standing } = this.options.elector.state;
    return standing.kind === 'holder' || standing.kind === 'reclaiming' ? standing.claim : undefined;
  }
}
