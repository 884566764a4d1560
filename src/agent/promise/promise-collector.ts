import type { Clock, Milliseconds } from '../../kube/clock.ts';
import type { ElectionRules, ElectionState } from '../../kube/election/election.ts';
import { electorate, recordsToSee, type PromiseRound } from '../../kube/election/outage.ts';
import type { RosterMember } from '../../kube/election/roster.ts';
import { askTimeout, livesOnPromises, nextRoundAt } from './asking.ts';
import type { PromisePeer, PromiseRequest, PromiseTransport, Refusal } from './promise-message.ts';

/** What becomes of an outage, for logs and metrics. */
export type OutageEvent =
  /** One member's answer, or why there was none. */
  | { readonly kind: 'asked'; readonly peer: string; readonly outcome: 'promised' | Refusal | 'unanswered' | 'unknown' }
  /** The first time since its last successful write that everybody has promised. */
  | { readonly kind: 'began' }
  | { readonly kind: 'over'; readonly seconds: number }
  /** This pod was asked. */
  | { readonly kind: 'answered'; readonly asker: string; readonly outcome: 'promised' | Refusal };

export interface PromiseCollectorOptions {
  readonly clock: Clock;
  readonly rules: ElectionRules;
  readonly transport: PromiseTransport;
  readonly namespace: string;
  readonly pair: string;
  readonly election: () => ElectionState;
  readonly peer: (uid: string) => PromisePeer | undefined;
  readonly onRound: (round: PromiseRound) => void;
  readonly onEvent: (event: OutageEvent) => void;
}

/**
 * Asks the other members for promises while the active cannot renew: the I/O around the pure rules. One round is under
 * way at a time; every request in it has a deadline, so that a round has one too.
 */
export class PromiseCollector {
  private readonly options: PromiseCollectorOptions;
  private busy = false;
  private rounds = 0;
  private lastRoundAt = Number.NEGATIVE_INFINITY;
  /** The send of the last successful write before the outage that was reported. */
  private outageSince: Milliseconds | undefined;

  constructor(options: PromiseCollectorOptions) {
    this.options = options;
  }

  /** When {@link update} has to be called next; undefined while a round is under way, whose end calls back anyway. */
  get nextRoundAt(): Milliseconds | undefined {
    const claim = this.activeClaim();
    if (this.busy || claim === undefined) return undefined;
    return nextRoundAt(claim, this.lastRoundAt, this.options.rules);
  }

  /**
   * Begins a round if one is due, and returns at once.
   * @param wanted whether there is anything to be kept alive by promises
   */
  update(wanted: boolean, signal: AbortSignal): void {
    this.report();
    if (!wanted || signal.aborted) return;
    const due = this.nextRoundAt;
    if (due === undefined || this.options.clock.now() < due) return;
    this.busy = true;
    void this.round(signal).finally(() => {
      this.busy = false;
    });
  }

  private activeClaim() {
    const { standing } = this.options.election();
    return standing.kind === 'holder' || standing.kind === 'reclaiming' ? standing.claim : undefined;
  }

  private async round(signal: AbortSignal): Promise<void> {
    const { clock, rules, election, onRound } = this.options;
    // Before the first request leaves: what is promised lasts at least from here (P15).
    const askedAt = clock.now();
    this.lastRoundAt = askedAt;
    const state = election();
    const claim = this.activeClaim();
    const records = recordsToSee(state);
    if (claim === undefined || records === undefined) return;
    const round = ++this.rounds;
    const asked = electorate(state, rules);
    const answers = await Promise.all(asked.map((member) => this.ask(member, records, round, signal)));
    const promised = asked.filter((_, index) => answers[index]).map(({ uid }) => uid);
    this.busy = false;
    onRound({ claim: claim.identity, askedAt, promised });
  }

  /** @returns whether that member has promised, in this round */
  private async ask(
    member: RosterMember,
    records: PromiseRequest['records'],
    round: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { rules, transport, namespace, pair, peer: peerOf, onEvent } = this.options;
    const peer = peerOf(member.uid);
    const { self } = rules.outage ?? {};
    if (peer === undefined || self === undefined) {
      onEvent({ kind: 'asked', peer: member.pod, outcome: 'unknown' });
      return false;
    }
    const durationSeconds = Math.round(rules.leaseDuration / 1000);
    const request: PromiseRequest = { namespace, pair, to: member.uid, from: self, round, records, durationSeconds };
    try {
      const answer = await transport.ask(peer, request, askTimeout(rules), signal);
      const promised = answer.kind === 'promised' && answer.round === round;
      const outcome = promised ? 'promised' : answer.kind === 'refused' ? answer.because : 'unanswered';
      onEvent({ kind: 'asked', peer: peer.pod, outcome });
      return promised;
    } catch {
      onEvent({ kind: 'asked', peer: peer.pod, outcome: 'unanswered' });
      return false;
    }
  }

  private report(): void {
    const claim = this.activeClaim();
    const { clock, onEvent } = this.options;
    const since = this.outageSince;
    if (claim?.confirmedSentAt === undefined) {
      this.outageSince = undefined;
    } else if (since === undefined && livesOnPromises(claim)) {
      this.outageSince = claim.confirmedSentAt;
      onEvent({ kind: 'began' });
    } else if (since !== undefined && claim.confirmedSentAt > since) {
      this.outageSince = undefined;
      onEvent({ kind: 'over', seconds: (clock.now() - since) / 1000 });
    }
  }
}
