import { annotations, type Member } from '../api/names.ts';
import { failedStartsInARow, readSignIn, type FailedStart, type SignIn } from '../daemons/sign-in.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import type { PodFacts } from '../daemons/agent-configuration.ts';
import type { GuardView } from './guard/daemon-view.ts';

/** What this pod signs in with on the Lease: who it is, whether it could take over, how its starts went. */
export class Attendance {
  private readonly member: Member;
  private readonly pod: Pick<PodFacts, 'podUid' | 'podIp'>;
  private readonly template: string;
  private readonly boot: string | undefined;
  private failedStart: FailedStart | undefined;
  private healthyStart: number | undefined;
  private signedIn = false;
  private superseded = false;

  constructor(member: Member, pod: Pick<PodFacts, 'podUid' | 'podIp'>, template: string, boot?: string) {
    this.member = member;
    this.pod = pod;
    this.template = template;
    this.boot = boot;
  }

  startFailed(lease: Lease | undefined, term: number, reason: string): void {
    this.failedStart = { term, number: failedStartsInARow(lease, this.template) + 1, reason };
  }

  becameHealthy(term: number): void {
    this.healthyStart = term;
    this.failedStart = undefined;
  }

  /** A pod whose sign-in was overwritten by another uid has a successor of its name, and does not sign in again. */
  read(lease: Lease | undefined): void {
    const uid = readSignIn(lease, this.member)?.uid;
    if (uid === this.pod.podUid) this.signedIn = true;
    else if (uid !== undefined && this.signedIn) this.superseded = true;
  }

  /** The annotation as the Lease shall carry it. */
  annotation(guard: GuardView, terminating: boolean): Record<string, string> {
    if (this.superseded) return {};
    const failed = guard.kind === 'present' && guard.preflight === 'failed';
    const signIn: SignIn = {
      uid: this.pod.podUid,
      address: this.pod.podIp,
      ready: guard.kind === 'present' && guard.preflight === 'passed' && !guard.terminating && !terminating,
      template: this.template,
      ...(this.boot === undefined ? {} : { boot: this.boot }),
      ...(failed ? { problem: guard.preflightText } : {}),
      ...(this.failedStart ? { failedStart: this.failedStart } : {}),
      ...(this.healthyStart === undefined ? {} : { healthyStart: this.healthyStart }),
    };
    return { [annotations.signIn(this.member)]: JSON.stringify(signIn) };
  }
}
