import type { Member, PairComponent } from '../../../src/api/names.ts';
import type { ApiFault } from '../kubernetes/api-weather.ts';
import type { PeerFault } from '../kubernetes/promise-network.ts';

/** Which pod of a pair: by its part in the protocol at that moment, or by its place. */
export interface Target {
  readonly component: PairComponent;
  /** `old`: one whose object was force-deleted while its processes live on. */
  readonly who: 'active' | 'standby' | 'old' | Member;
}

export interface LeaseTimes {
  readonly leaseDurationSeconds: number;
  readonly renewDeadlineSeconds: number;
  readonly retryPeriodSeconds: number;
  readonly maxOutageSeconds: number;
}

/** The least and the most that a clock's rate differs from true time: up to 5 % from each other. */
export const LEAST_CLOCK_RATE = 0.975;
export const HIGHEST_CLOCK_RATE = 1.025;

/** Of all that are drawn. */
export const LONGEST_RENEW_DEADLINE_SECONDS = 12;

export const LEASE_EDITS = [
  'holder emptied',
  'holder replaced',
  'holder shortened to its pod',
  'renewTime changed',
  'duration raised',
  'duration lowered',
  'term raised',
  'term lowered',
  'annotations dropped',
  'earlier copy written back',
] as const;
export type LeaseEdit = (typeof LEASE_EDITS)[number];

export const SLICE_EDITS = [
  'endpoints emptied',
  'foreign address',
  'term raised',
  'term lowered',
  'claim changed',
] as const;
export type SliceEdit = (typeof SLICE_EDITS)[number];

/** What somebody does about a lost node. */
export type NodeWord = 'nothing' | 'Node deleted' | 'out of service';

/** What goes wrong. Durations are true milliseconds. */
export type Fault =
  | {
      readonly kind: 'daemon crash' | 'agent kill' | 'agent SIGTERM' | 'guard kill' | 'stale orders';
      readonly target: Target;
    }
  /** The guard dies before it has read its last orders, and the next one finds them. */
  | { readonly kind: 'guard kill, orders unread'; readonly target: Target }
  | { readonly kind: 'daemon pause' | 'agent pause' | 'guard pause'; readonly target: Target; readonly for: number }
  /** It answers again, and cannot reach the API server any more. */
  | {
      readonly kind: 'agent pause, then cut';
      readonly target: Target;
      readonly pausedFor: number;
      readonly for: number;
    }
  | { readonly kind: 'pod delete' | 'pod force delete'; readonly target: Target }
  /** Its object is deleted by force while its kubelet hears nothing: it lives on beside its successor. */
  | { readonly kind: 'pod orphan'; readonly target: Target; readonly for: number }
  /** The spec asks for other times: the operator gives them to one member after the other. */
  | { readonly kind: 'spec change'; readonly component: PairComponent; readonly times: LeaseTimes }
  /** Another value of a flag: one hand-over, the standby first. */
  | { readonly kind: 'template change'; readonly component: PairComponent; readonly verbosity: number }
  /** A flag that no daemon starts with, taken back after some time. */
  | { readonly kind: 'bad template'; readonly component: PairComponent; readonly for: number }
  /** High availability is off for a while: one plain pod in the pair's stead. */
  | { readonly kind: 'plain'; readonly component: PairComponent; readonly for: number }
  /** The operator is told to leave everything as it is. */
  | { readonly kind: 'pause' | 'stop'; readonly for: number }
  | {
      readonly kind: 'node off' | 'node freeze' | 'node cut' | 'kubelet cut';
      readonly node: number;
      readonly for: number;
    }
  | { readonly kind: 'nodes cut'; readonly node: number; readonly other: number; readonly for: number }
  | { readonly kind: 'agent cut'; readonly target: Target; readonly for: number }
  | { readonly kind: 'operator down' | 'operator cut' | 'API outage' | 'API freeze'; readonly for: number }
  /** The agents of a pair do not reach each other, whomever else they reach. */
  | { readonly kind: 'peers cut'; readonly component: PairComponent; readonly for: number }
  | { readonly kind: 'peers weather'; readonly fault: PeerFault; readonly probability: number; readonly for: number }
  /** Off for so long that its pods are replaced elsewhere; somebody may say that it is. */
  | { readonly kind: 'node lost'; readonly node: number; readonly said: NodeWord; readonly for: number }
  | { readonly kind: 'switchover'; readonly component: PairComponent; readonly to: Member }
  /** A person says of a holder that it is dead, and is right. */
  | { readonly kind: 'force takeover'; readonly component: PairComponent }
  | {
      readonly kind: 'API weather';
      readonly target: Target | 'operator' | 'all';
      readonly fault: ApiFault;
      readonly probability: number;
      readonly for: number;
    }
  | { readonly kind: 'API call'; readonly target: Target; readonly fault: ApiFault }
  | { readonly kind: 'watch stall'; readonly target: Target; readonly for: number }
  | { readonly kind: 'watch break' | 'watch expire'; readonly target: Target }
  | { readonly kind: 'lease edit'; readonly component: PairComponent; readonly edit: LeaseEdit }
  | { readonly kind: 'lease delete' | 'slice delete'; readonly component: PairComponent }
  | { readonly kind: 'slice edit'; readonly component: PairComponent; readonly edit: SliceEdit }
  | { readonly kind: 'failing starts'; readonly component: PairComponent; readonly for: number };

/** Something that a pod's agent is about to do. */
export const MOMENTS = [
  'claim',
  'renew',
  'release',
  'slice',
  'read',
  'order start',
  'order extend',
  'order stop',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** The faults of these kinds. */
export type FaultOf<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

/** A fault and when it comes: at a time, or the first time after it that an agent of the pair is about to do something. */
export interface PlannedFault {
  readonly at: number;
  readonly before?: Moment;
  readonly fault: Fault;
}

/** A late request takes effect that much later at most. */
export const LATEST_REQUEST = 20_000;

/** How long the fault itself lasts, from when it strikes. */
export const lastsFor = (fault: Fault): number =>
  ('for' in fault ? fault.for : 0) +
  ('pausedFor' in fault ? fault.pausedFor + 500 : 0) +
  ('fault' in fault && fault.fault === 'late' ? LATEST_REQUEST : 0);

/** When the last fault of a plan ends. */
export const endOf = (plan: readonly PlannedFault[]): number =>
  Math.max(0, ...plan.map(({ at, fault, before }) => at + (before ? 15_000 : 0) + lastsFor(fault)));

export const componentOf = (fault: Fault): PairComponent | undefined =>
  'component' in fault
    ? fault.component
    : 'target' in fault && typeof fault.target === 'object'
      ? fault.target.component
      : undefined;

export const describeTimes = (times: LeaseTimes): string =>
  `${times.leaseDurationSeconds}/${times.renewDeadlineSeconds}/${times.retryPeriodSeconds} s`;

export function describeFault(fault: Fault): string {
  const { kind } = fault;
  const target =
    'target' in fault
      ? ` of ${typeof fault.target === 'string' ? fault.target : `the ${fault.target.who} ${fault.target.component}`}`
      : '';
  const component = 'component' in fault ? ` of ${fault.component}` : '';
  const node = 'node' in fault ? ` node-${fault.node}` : '';
  const other = 'other' in fault ? ` from node-${fault.other}` : '';
  const edit = 'edit' in fault ? `: ${fault.edit}` : '';
  const api = 'fault' in fault ? `: ${fault.fault}` : '';
  const times = 'times' in fault ? ` to ${describeTimes(fault.times)}` : '';
  const duration = 'for' in fault ? ` for ${(fault.for / 1000).toFixed(1)} s` : '';
  const paused = 'pausedFor' in fault ? ` after ${(fault.pausedFor / 1000).toFixed(1)} s` : '';
  return kind + target + component + node + other + edit + api + times + paused + duration;
}
