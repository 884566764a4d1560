/** One state of the small world. All of it is immutable but for the copies that a move makes and fills. */
import { initialCustody, type Custody } from '../../src/agent/custody.ts';
import type { Order, Report } from '../../src/agent/guard/message.ts';
import { annotations, type Member } from '../../src/api/names.ts';
import { isHolderGone } from '../../src/daemons/lease-notes.ts';
import { initialElection, type ElectionRules, type ElectionState } from '../../src/kube/election/election.ts';
import type { OutageRules, PromiseRound, recordsToSee } from '../../src/kube/election/outage.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import { greeting, newGuard, type Guard } from './guard-model.ts';

/** One step of the discrete time. The rules are scaled to it: a lease of 3, a renew deadline of 2, a retry period of 1. */
export const TICK = 1000;

const rulesOf = (lease: number, renewDeadline: number, outage: OutageRules | undefined): ElectionRules => ({
  releasedAnnotation: annotations.released,
  leaseDuration: lease * TICK,
  longestDuration: 5 * TICK,
  renewDeadline: renewDeadline * TICK,
  retryPeriod: TICK,
  retryDelay: TICK,
  ...(outage && { outage }),
});

/** The election's rules for outages, as the agent makes them, of a pod that writes so many ticks as the longest outage. */
const outageRulesOf = (member: Member, uid: string, maxOutage: number): OutageRules => ({
  self: { pod: `${member}-0`, uid },
  rosterAnnotation: annotations.roster,
  maxOutageAnnotation: annotations.maxOutageSeconds,
  goneAnnotation: annotations.gone,
  isHolderGone,
  maxOutage: maxOutage * TICK,
  longestOutage: LONGEST_OUTAGE * TICK,
  clockDrift: 0,
});

export const LONGEST_OUTAGE = 9;

/** What a pod's budget of faults pays for. */
export const FAULTS = [
  'crash',
  'agentRestart',
  'guardRestart',
  'drain',
  'hang',
  'lag',
  'edit',
  'delete',
  'forceDelete',
  'noAnswer',
  'refused',
  'copy',
  'terminate',
  'ask',
  'lost',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface WorldOptions {
  readonly name: string;
  /** How often each fault may happen; what is not named does not happen, what is Infinity may always. */
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
  /** What lies in its FIFO for any time: reports, or orders too. Otherwise a guard obeys at once, and its word is read first. */
  readonly fifos?: 'reports' | 'both';
  /** Whether each agent watches; what it is shown is the Lease as it is (`now`) or as it was (`late`). */
  readonly watch?: 'now' | 'late';
  /** Whether the answer of a read may be overtaken by what happens after it. */
  readonly lateReads?: boolean;
  readonly slice?: boolean;
  /** Whether the members sign in on the Lease: writes beside the election, after which what was sent on an older version conflicts. */
  readonly signIns?: boolean;
  /** Lease duration and renew deadline of a and b, in ticks. */
  /**
   * For so many ticks a, b and the replacement say that they live on promises; without it there are none. `ask` of the
   * faults is how many rounds of asking there may be.
   */
  readonly maxOutage?: readonly [number, number, number];
  /** Whether two members may not even count as active at once, whatever their daemons do. */
  readonly tenures?: boolean;
  /** Whose pod a force deletion replaces. */
  readonly replaces?: Member;
  readonly durations?: { readonly a: readonly [number, number]; readonly b: readonly [number, number] };
  /** Where the search begins; with a active when it is not said. */
  readonly begins?: Beginning;
  /** Slots of pods that the API server does not answer any more: what they have sent may land. */
  readonly cutOff?: readonly number[];
  /** Whether a round of asking takes no time, and everybody is reached. */
  readonly promptRounds?: boolean;
  /** Whether whoever writes is answered at once: for worlds of three, which are large. */
  readonly promptAnswers?: boolean;
  /** Wall clocks that stand still: only the writes of one process differ in renewTime. */
  readonly stuckWallClocks?: boolean;
}

export type Beginning =
  /** Before any agent has read anything. */
  | 'fresh'
  /** When a has ordered its start. */
  | 'ordered'
  | 'active'
  /**
   * With b active, while a's agent, restarted before the deadline of its daemon, has been stopped ever since: it has found
   * its daemon running, and has not read the Lease. An earlier copy of that, which names a's claim, has been kept.
   */
  | 'overtaken'
  /** b has taken over and has given the Lease back, while a has been stopped. */
  | 'released'
  /** With a active, and a replacement that has read the Lease and is about to sign in. */
  | 'replaced'
  /** It has not; and a, cut off since its last renewal has landed, has lived on promises for almost as long as it may. */
  | 'outliving'
  /** It has signed in, */
  | 'signed in'
  /** and a's renewal that takes it on the roster is on its way. */
  | 'changing'
  /** It has signed in on a Lease that was made anew, */
  | 'remade'
  /** and a's claim of that is on its way. */
  | 'reclaiming';

/** A round of asking for promises that is under way. */
export interface Round extends PromiseRound {
  readonly records: NonNullable<ReturnType<typeof recordsToSee>>;
  /** The uids of those that are asked. */
  readonly asked: readonly string[];
}

export type LeaseWrite = 'claim' | 'renew' | 'release' | 'annotate';

export type Call =
  | { readonly kind: 'read'; readonly shown: Lease | 'none' | undefined }
  /** `outcome` is undefined until the API server has seen it. */
  | {
      readonly kind: 'write';
      readonly write: LeaseWrite;
      readonly body: Lease;
      readonly outcome: Lease | 'conflict' | undefined;
    };

export type GuardWord = Report | { readonly verb: 'closed' };

/** What agent/attendance.ts remembers. */
export interface Attendance {
  readonly signedIn: boolean;
  /** A successor of the pod's name has signed in: this one does not any more. */
  readonly superseded: boolean;
}

export interface Pod {
  readonly member: Member;
  readonly uid: string;
  exists: boolean;
  /** Its node is lost, and everything that ran in it: only what it has sent may yet arrive. */
  lost: boolean;
  readonly rules: ElectionRules;
  clock: number;
  /** Ticks since the clock last lost one, up to 2. */
  steady: number;
  election: ElectionState;
  custody: Custody;
  terminating: boolean;
  attendance: Attendance;
  /** The health check's verdict on the daemon that was started by this order. */
  failed: number;
  askedBy: number;
  askedAt: number;
  call: Call | undefined;
  round: Round | undefined;
  late: readonly Lease[];
  shown: Lease | 'none' | undefined;
  guard: Guard;
  orders: readonly Order[];
  reports: readonly GuardWord[];
  /** The lifeline has ended and the agent has not noticed. */
  ended: boolean;
  sequence: number;
  /** The renewTime of the last write of this agent's process, in microseconds. */
  lastRenewal: number;
  sliceWrite: EndpointSlice | undefined;
  sliceWritten: string;
}

export interface World {
  pods: Pod[];
  lease: Lease | undefined;
  slice: EndpointSlice;
  /** The Lease as somebody has copied it while it was held, without its version. */
  copy: Lease | undefined;
  /** The term that the operator's status shows. */
  statusTerm: number;
  /** What is left of each fault of FAULTS. */
  budget: readonly number[];
  /** Counters behind versions, uids and identities; no part of the state. */
  version: number;
  words: number;
}

export const podName = (pod: Pod): string => `${pod.member}-0`;

/** The slots of World.pods. */
export const SLOTS = ['a', 'b', 'replacement'] as const;

function newPod(member: Member, uid: string, rules: ElectionRules, exists: boolean): Pod {
  const guard = newGuard('g1');
  return {
    member,
    uid,
    exists,
    lost: false,
    rules,
    clock: 100 * TICK,
    steady: 2,
    ...newAgent(),
    late: [],
    guard,
    orders: [],
    reports: greeting(guard),
    ended: false,
    sequence: 0,
  };
}

/** What an agent knows that has just started. */
export const newAgent = () => ({
  election: initialElection,
  custody: initialCustody,
  terminating: false,
  attendance: { signedIn: false, superseded: false },
  failed: -1,
  askedBy: 0,
  askedAt: Number.NEGATIVE_INFINITY,
  call: undefined,
  round: undefined,
  shown: undefined,
  lastRenewal: 0,
  sliceWrite: undefined,
  sliceWritten: '',
});

/** The uid of the Lease with which a world begins. */
export const FIRST_LEASE = '1';

export function freshWorld(options: WorldOptions): World {
  const { durations = { a: [3, 2], b: [3, 2] }, replaces = 'a', maxOutage } = options;
  const pod = (slot: 0 | 1 | 2, member: Member): Pod => {
    const uid = String(slot + 1);
    const outage = maxOutage && outageRulesOf(member, uid, maxOutage[slot]);
    return newPod(member, uid, rulesOf(...durations[member], outage), slot < 2);
  };
  const slice: EndpointSlice = { metadata: { name: 'pair', resourceVersion: '1' }, addressType: 'IPv4' };
  return {
    pods: [pod(0, 'a'), pod(1, 'b'), pod(2, replaces)],
    lease: {
      metadata: { name: 'pair', uid: FIRST_LEASE, resourceVersion: '2', annotations: { [annotations.released]: '0' } },
      spec: { holderIdentity: '', leaseDurationSeconds: durations.a[0], leaseTransitions: 0 },
    },
    slice,
    copy: undefined,
    statusTerm: 0,
    budget: FAULTS.map((fault) => options.faults[fault] ?? 0),
    version: 2,
    words: 0,
  };
}
