/** One state of the small world. All of it is immutable but for the copies that a move makes and fills. */
import { initialCustody, type Custody } from '../../src/agent/custody.ts';
import type { Order, Report } from '../../src/agent/guard/message.ts';
import { annotations, type Member } from '../../src/api/names.ts';
import { initialElection, type ElectionRules, type ElectionState } from '../../src/kube/election/election.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import { greeting, newGuard, type Guard } from './guard-model.ts';

/** One step of the discrete time. The rules are scaled to it: a lease of 3, a renew deadline of 2, a retry period of 1. */
export const TICK = 1000;

export const rulesOf = (lease: number, renewDeadline: number): ElectionRules => ({
  releasedAnnotation: annotations.released,
  leaseDuration: lease * TICK,
  longestDuration: 5 * TICK,
  renewDeadline: renewDeadline * TICK,
  retryPeriod: TICK,
  retryDelay: TICK,
});

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
  readonly durations?: { readonly a: readonly [number, number]; readonly b: readonly [number, number] };
  /**
   * Where the search begins: before any agent has read anything, when a has ordered its start, with a active, or with b
   * active while a's agent, restarted before the deadline of its daemon, has been stopped ever since: it has found its
   * daemon running, and has not read the Lease; an earlier copy of that, which names a's claim, has been kept.
   */
  readonly begins?: 'fresh' | 'ordered' | 'active' | 'overtaken';
  /** Wall clocks that stand still: only the writes of one process differ in renewTime. */
  readonly stuckWallClocks?: boolean;
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
export const SLOTS = ['a', 'b', "a'"] as const;

function newPod(member: Member, uid: string, rules: ElectionRules, exists: boolean): Pod {
  const guard = newGuard('g1');
  return {
    member,
    uid,
    exists,
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
  shown: undefined,
  lastRenewal: 0,
  sliceWrite: undefined,
  sliceWritten: '',
});

/** The uid of the Lease with which a world begins. */
export const FIRST_LEASE = '1';

export function freshWorld(options: WorldOptions): World {
  const { a, b } = options.durations ?? { a: [3, 2], b: [3, 2] };
  const slice: EndpointSlice = { metadata: { name: 'pair', resourceVersion: '1' }, addressType: 'IPv4' };
  return {
    pods: [
      newPod('a', '1', rulesOf(...a), true),
      newPod('b', '1', rulesOf(...b), true),
      newPod('a', '2', rulesOf(...a), false),
    ],
    lease: {
      metadata: { name: 'pair', uid: FIRST_LEASE, resourceVersion: '2', annotations: { [annotations.released]: '0' } },
      spec: { holderIdentity: '', leaseDurationSeconds: a[0], leaseTransitions: 0 },
    },
    slice,
    copy: undefined,
    statusTerm: 0,
    budget: FAULTS.map((fault) => options.faults[fault] ?? 0),
    version: 2,
    words: 0,
  };
}
