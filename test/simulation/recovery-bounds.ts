import { annotations, MEMBERS, type PairComponent } from '../../src/api/names.ts';
import { FIRST_CLAIM_HEAD_START, waitAfterFailures } from '../../src/agent/candidacy.ts';
import {
  hungAfterSeconds,
  registeredAfterCrashSeconds,
  takeoverSeconds,
  type SubscriberTimes,
} from '../../src/daemons/bounds.ts';
import { isHolderGone } from '../../src/daemons/lease-notes.ts';
import { failedStartsInARow } from '../../src/daemons/sign-in.ts';
import { isOn, rosterOf } from '../../src/kube/election/roster.ts';
import { tenancyOf } from '../../src/kube/election/tenancy.ts';
import { LEAST_CLOCK_RATE, type Fault } from './faults/fault.ts';
import { TIMES } from '../../src/embedded/impala/subscriber.ts';
import type { World } from './world.ts';

/** What a bound is made of. */
interface Circumstances {
  /** The longest lease that the pair has had, those in the records included, on the slowest clock, in seconds. */
  readonly lease: number;
  /** After how many seconds a daemon counts as hung. */
  readonly hung: number;
  /** Whether the operator has to make the Lease anew. */
  readonly leaseDeleted: boolean;
  /** Whether there is something that only the operator mends. */
  readonly operatorNeeded: boolean;
}

type Bound = (circumstances: Circumstances, fault?: Fault) => number;

/** A pass comes that late after news (simulated: 3 s), and looks again 2 s later where a slice is wrong. */
const OPERATOR = 5;
/** The longest back-off of the operator's watches and passes, with jitter. */
const BACK_OFF = 45;
/** How long a list of the operator's waits for its answer. */
const LIST = 60;
/** Deleted in order, made, started, pre-flighted and probed. */
const NEW_POD = 8;

/** A kubelet lists again, and stops what has no object any more. */
const KUBELET = 7;

const nothing: Bound = () => 0;
/** The operator asks, the active stops, the other claims; a request that cannot be served now is served later. */
const switchover: Bound = () => OPERATOR + 1;
/** A daemon's death is proven, told and answered by a claim. */
const atOnce: Bound = () => 1;
/** Nobody says anything: the lease is waited out. */
const silence: Bound = ({ lease }) => takeoverSeconds(lease);
/** Who was cut off waits from when it hears of the Lease again: a call that hangs, a pause, a connection made anew. */
const HEARS_AGAIN = 3;
const heardAgain: Bound = (circumstances) => HEARS_AGAIN + silence(circumstances);
/** A pod without an object lives on, on promises, until its kubelet hears of it and has stopped it. */
const orphan: Bound = (circumstances) => KUBELET + silence(circumstances);
/** Only its health check tells. */
const hung: Bound = ({ hung }) => hung + 1;
/** The Lease has to be made anew first. */
const remade: Bound = (circumstances) => OPERATOR + silence(circumstances);
/** A holder looks every 30 s whether its slice has been edited. */
const review: Bound = () => 31;
const repair: Bound = () => OPERATOR;
/**
 * An earlier copy may say that nobody ever was active: member b then leaves the first claim to a. A raised term may get
 * into the slice by the operator's hand before the holder takes it back: the slice is ahead then, until that is reviewed.
 */
const edited: Bound = (circumstances, fault) =>
  fault?.kind === 'lease edit' && fault.edit === 'term raised'
    ? OPERATOR + Math.max(silence(circumstances), review(circumstances))
    : silence(circumstances) + FIRST_CLAIM_HEAD_START / 1000;
/** What only the operator could do is done when it is back. */
const operatorAway: Bound = (circumstances) =>
  circumstances.leaseDeleted ? remade(circumstances) : repair(circumstances);
/** ... and its watches and passes have got over their failures. */
const operatorFailing: Bound = (circumstances) =>
  HEARS_AGAIN +
  (circumstances.leaseDeleted ? remade(circumstances) : Math.max(silence(circumstances), repair(circumstances)));
/** A piece of an order without an end swallows the next one: who gets no answer gives up. */
const lostOrder: Bound = (circumstances) => 2 + silence(circumstances);
/** One member after the other gets its template, one pair after the other, and the impalads in the end. */
const roll: Bound = (circumstances) => 4 * (NEW_POD + OPERATOR) + 2 * silence(circumstances);
/** What was left undone is done, a hand-over that was asked for included. */
const unpaused: Bound = (circumstances) =>
  Math.max(operatorAway(circumstances), switchover(circumstances) + atOnce(circumstances));
/** The pods come back; the last holder's release may be lost. */
const startedAgain: Bound = (circumstances) => OPERATOR + NEW_POD + silence(circumstances);

/**
 * How many seconds after the end of each fault its pair has an active again, and the slice names it; and how long the
 * operator may not know better (`blind`). What is `latent` prolongs what comes after.
 */
const BOUNDS: Readonly<
  Record<Fault['kind'], { readonly active: Bound; readonly blind?: number; readonly latent?: Bound }>
> = {
  'daemon crash': { active: atOnce },
  'daemon pause': { active: hung },
  'agent kill': { active: silence },
  'agent SIGTERM': { active: silence },
  'agent pause': { active: silence },
  'agent pause, then cut': { active: heardAgain },
  'guard kill': { active: atOnce },
  'guard kill, orders unread': { active: atOnce },
  'guard pause': { active: silence },
  'stale orders': { active: nothing, latent: lostOrder },
  'pod delete': { active: atOnce },
  'pod force delete': { active: orphan },
  'pod orphan': { active: orphan },
  'node off': { active: silence },
  'node freeze': { active: heardAgain },
  'node cut': { active: heardAgain },
  'kubelet cut': { active: heardAgain },
  'nodes cut': { active: nothing },
  'agent cut': { active: heardAgain },
  'peers cut': { active: silence },
  'peers weather': { active: silence },
  'node lost': { active: heardAgain },
  switchover: { active: switchover },
  'force takeover': { active: atOnce },
  'operator down': { active: operatorAway },
  'operator cut': { active: operatorFailing, blind: LIST + BACK_OFF },
  'API freeze': { active: operatorFailing, blind: LIST + BACK_OFF },
  'API outage': { active: operatorFailing, blind: BACK_OFF },
  'API weather': { active: operatorFailing, blind: LIST + BACK_OFF },
  'API call': { active: heardAgain },
  'watch stall': { active: heardAgain },
  'watch break': { active: atOnce },
  'watch expire': { active: atOnce },
  'lease edit': { active: edited },
  'lease delete': { active: remade },
  'slice delete': { active: repair },
  'slice edit': { active: review },
  'failing starts': { active: silence },
  'spec change': { active: roll },
  'template change': { active: roll },
  'bad template': { active: roll },
  pause: { active: unpaused },
  stop: { active: startedAgain },
  plain: { active: startedAgain },
};

const SUBSCRIBERS: SubscriberTimes = {
  timeout: TIMES.timeout / 1000,
  rpcTimeout: TIMES.rpcTimeout / 1000,
  retryInterval: TIMES.retryInterval / 1000,
};

/** What the operator is told to do, and does when it sees that. */
const TOLD_TO_OPERATOR: readonly Fault['kind'][] = [
  'switchover',
  'spec change',
  'template change',
  'bad template',
  'pause',
  'stop',
  'plain',
];

/** From an active that is elected to one whose daemon serves. */
const START: Readonly<Record<PairComponent, number>> = { statestore: 1, catalog: 7 };
/** kubelet's probe, and the pass that reads of it. */
const TOLD = 4 + OPERATOR;

/** What a world lacks to be whole. */
export type Part = 'active' | 'daemon' | 'standby' | 'subscribers' | 'status';

/** A fault that has struck, and until when, in true milliseconds. */
export interface Struck {
  readonly fault: Fault;
  readonly until: number;
}

/** When the operator knows better again. */
const sightedAt = ({ fault, until }: Struck): number => until + 1000 * (BOUNDS[fault.kind].blind ?? 0);

/**
 * By when a part must be there.
 * @param waited until when the pair waited for the end of an outage
 * All containers run: no bound holds while kubelet waits before it starts one again.
 */
export function dueAt(
  world: World,
  { component, part }: { component: PairComponent; part: Part },
  struck: readonly Struck[],
  waited: number,
): number {
  const upSince = Math.max(waited, ...world.statefulSets.map(({ pod }) => pod?.upSince ?? 0));
  const has = (...kinds: Fault['kind'][]): boolean => struck.some(({ fault }) => kinds.includes(fault.kind));
  const leaseDeleted = has('lease delete');
  const operatorNeeded = leaseDeleted || has('slice delete', 'slice edit');
  const circumstances = { ...circumstancesOf(world, component), leaseDeleted, operatorNeeded };
  const sighted = Math.max(...struck.map(sightedAt));
  const times = struck.map(({ fault, until }) => {
    const { active, blind = 0 } = BOUNDS[fault.kind];
    const unseen = operatorNeeded ? blind : 0;
    const bound = Math.max(
      active(circumstances, fault) + unseen + AFTER_ACTIVE[part](component),
      part === 'status' ? blind + TOLD : 0,
    );
    return Math.max(until, upSince, TOLD_TO_OPERATOR.includes(fault.kind) ? sighted : 0) + 1000 * bound;
  });
  const latent = Math.max(...struck.map(({ fault }) => BOUNDS[fault.kind].latent?.(circumstances) ?? 0), 0);
  const due = Math.max(0, ...times) + 1000 * latent + circumstances.failures;
  const started = world.invariants.lastStart(component) + 1000 * AFTER_ACTIVE[part](component);
  return part === 'active' ? due : Math.max(due, started);
}

/** By when the operator has told Kubernetes of every pod that there shall be: it may have to end others before. */
export function podsDueAt(struck: readonly Struck[]): number {
  return Math.max(0, ...struck.map(sightedAt)) + 1000 * (3 * OPERATOR + NEW_POD);
}

const AFTER_ACTIVE: Readonly<Record<Part, (component: PairComponent) => number>> = {
  active: () => 0,
  daemon: (component) => START[component],
  standby: () => NEW_POD,
  subscribers: (component) => START[component] + registeredAfterCrashSeconds(SUBSCRIBERS) + SUBSCRIBERS.rpcTimeout,
  status: (component) => START[component] + registeredAfterCrashSeconds(SUBSCRIBERS) + SUBSCRIBERS.rpcTimeout + TOLD,
};

/**
 * Whether the pair has to wait until its holder, which nobody sees, can no longer live on promises: no other pod was on
 * its roster, and nobody has said that it is gone.
 * @returns by when that is over, in true milliseconds; nothing when it need not wait
 */
export function outageEnd(world: World, component: PairComponent): number | undefined {
  const lease = world.leaseOf(component);
  const claim = lease?.spec?.holderIdentity ?? '';
  const roster = rosterOf(lease, annotations.roster);
  const known = MEMBERS.map((member) => world.statefulSetOf(component, member).pod?.identity.uid);
  if (isHolderGone(lease) || world.holderOf(component)?.daemon?.alive) return undefined;
  if (known.some((uid) => uid !== undefined && !claim.includes(uid) && isOn(roster, uid))) return undefined;
  // An earlier copy that says "released" is not believed by who has seen, or reads in the slice, that terms have gone on.
  const highestTold = world.invariants.highestTold(component);
  if (tenancyOf(lease, annotations.released, highestTold).kind === 'released') return undefined;
  const { lease: duration } = circumstancesOf(world, component);
  // Nobody waits for less than its own configuration allows: it may be of a template that no record has told of yet.
  const longest = Math.max(world.invariants.longestOutage(component), ...configuredOutages(world, component));
  const outage = (longest * (1 + 0.05)) / LEAST_CLOCK_RATE;
  const upSince = Math.max(...world.statefulSets.map(({ pod }) => pod?.upSince ?? 0));
  const wait = 1000 * (outage + takeoverSeconds(duration)) + FIRST_CLAIM_HEAD_START;
  return Math.max(world.invariants.lastChange(component), upSince) + wait;
}

const configuredOutages = (world: World, component: PairComponent): number[] =>
  MEMBERS.map((member) => world.statefulSetOf(component, member).pod?.identity.configuration.maxOutageSeconds ?? 0);

function circumstancesOf(
  world: World,
  component: PairComponent,
): Omit<Circumstances, 'leaseDeleted' | 'operatorNeeded'> & { failures: number } {
  const lease = world.leaseOf(component);
  const configurations = MEMBERS.map((member) => world.statefulSetOf(component, member).pod?.identity.configuration);
  const durations = configurations.map((one) => one?.leaseDurationSeconds ?? 0);
  const longest = Math.max(world.invariants.longestLease(component), ...durations) / LEAST_CLOCK_RATE;
  const hung = Math.max(...configurations.map((one) => (one ? hungAfterSeconds(one, one) : 0)));
  const failures = Math.max(...configurations.map((one) => failedStartsInARow(lease, one?.template ?? '')));
  return { lease: longest, hung, failures: waitAfterFailures(failures) };
}
