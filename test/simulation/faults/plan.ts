import { MEMBERS, PAIR_COMPONENTS, type PairComponent } from '../../../src/api/names.ts';
import { SeededRandom } from '../engine/random.ts';
import { API_FAULTS, type ApiFault } from '../kubernetes/api-weather.ts';
import { PEER_FAULTS } from '../kubernetes/promise-network.ts';
import {
  componentOf,
  HIGHEST_CLOCK_RATE,
  LEAST_CLOCK_RATE,
  LEASE_EDITS,
  LONGEST_RENEW_DEADLINE_SECONDS,
  MOMENTS,
  SLICE_EDITS,
  type Fault,
  type LeaseTimes,
  type Moment,
  type PlannedFault,
  type Target,
} from './fault.ts';
import { changeAlone, changesOf } from './changes.ts';
import { outageStory } from './outage-story.ts';

/** What a run is like, drawn from its seed. */
export interface Scenario {
  readonly seed: number;
  readonly components: readonly PairComponent[];
  /** What the spec says at first. */
  readonly times: Readonly<Record<PairComponent, LeaseTimes>>;
  /** How fast the clocks of the nodes run, and how far their wall clocks are off. */
  readonly nodes: readonly { readonly rate: number; readonly wallOffset: number }[];
  /** Whether nothing happens but an outage of the API server, in which the agents reach each other, or one change of the spec. */
  readonly calm: boolean;
  /** Whether the agents can ask each other for promises. */
  readonly promises: boolean;
  readonly plan: readonly PlannedFault[];
}

/** By when both pairs are up, as a rule. */
const FIRST_FAULT = 6_000;
/** By when all has come to rest: both members signed in, on the roster, and ready. */
const SETTLED = 25_000;

/** One seed of so many tells of an outage that lasts until its end. */
const OUTAGE_STORIES = 20;
/** One seed of so many has changes of the spec among its faults. */
const CHANGES = 10;

export function scenarioOf(seed: number): Scenario {
  const random = new SeededRandom(`${seed}/scenario`);
  // A catalog alone would get no change of its spec: the statestore comes before it.
  const components: readonly PairComponent[] = random.chance(0.4) ? PAIR_COMPONENTS : ['statestore'];
  const extreme = random.chance(0.4);
  const rate = (): number =>
    extreme
      ? random.pick([LEAST_CLOCK_RATE, HIGHEST_CLOCK_RATE])
      : random.between(LEAST_CLOCK_RATE, HIGHEST_CLOCK_RATE);
  const drawn: Scenario = {
    seed,
    components,
    times: { statestore: leaseTimes(random, 'statestore'), catalog: leaseTimes(random, 'catalog') },
    nodes: [1, 2, 3].map(() => ({
      rate: rate(),
      wallOffset: random.chance(0.5) ? 0 : random.between(-600_000, 600_000),
    })),
    ...story(random, components),
  };
  if (seed % OUTAGE_STORIES === 5) return withOutageStory(drawn);
  return seed % CHANGES === 9 ? withChanges(drawn) : drawn;
}

/** What people ask of the operator, while other things happen. */
function withChanges(drawn: Scenario): Scenario {
  const random = new SeededRandom(`${drawn.seed}/changes`);
  if (random.chance(0.1)) return { ...drawn, calm: true, plan: [changeAlone(random, random.pick(drawn.components))] };
  const changes = changesOf(random, drawn.components);
  const plan = [...(drawn.calm ? [] : drawn.plan), ...changes].sort((one, other) => one.at - other.at);
  return { ...drawn, calm: false, plan };
}

function withOutageStory(drawn: Scenario): Scenario {
  const random = new SeededRandom(`${drawn.seed}/outage`);
  const component = random.pick(drawn.components);
  const { times, plan } = outageStory(random, component, drawn.times[component]);
  return { ...drawn, times: { ...drawn.times, [component]: times }, calm: false, promises: true, plan };
}

/** Mostly anything at any time; sometimes one long outage of the API server, and little else. */
function story(
  random: SeededRandom,
  components: readonly PairComponent[],
): Pick<Scenario, 'promises' | 'plan' | 'calm'> {
  if (random.chance(0.85)) return { promises: random.chance(0.6), plan: planOf(random, components), calm: false };
  const lasts = Math.round(random.chance(0.7) ? random.between(15_000, 55_000) : random.between(55_000, 150_000));
  const outage: Fault = random.pick([
    { kind: 'API outage', for: lasts },
    { kind: 'API freeze', for: lasts },
    {
      kind: 'API weather',
      target: 'all',
      fault: random.pick(['429', '500', 'request lost']),
      probability: 1,
      for: lasts,
    },
    {
      kind: 'API weather',
      target: 'all',
      fault: random.pick(['429', '500', 'answer lost']),
      probability: 0.8,
      for: lasts,
    },
  ] as const);
  const at = Math.round(SETTLED + random.between(0, 5_000));
  const alone = random.chance(0.5);
  const companions = alone ? [] : outageCompanions(random, components, at, lasts);
  // Writes that take place unseen leave the others behind: they refuse, and the active may stop.
  const unseen = outage.kind === 'API weather' && outage.fault === 'answer lost';
  return { promises: true, plan: [{ at, fault: outage }, ...companions], calm: alone && !unseen };
}

/** What happens while the API server is away, one or two at a time. */
function outageCompanions(
  random: SeededRandom,
  components: readonly PairComponent[],
  at: number,
  lasts: number,
): PlannedFault[] {
  const component = random.pick(components);
  const active: Target = { component, who: 'active' };
  const standby: Target = { component, who: 'standby' };
  const draw = (): Fault =>
    random.pick<Fault>([
      { kind: 'peers cut', component, for: duration(random) },
      { kind: 'peers weather', fault: random.pick(PEER_FAULTS), probability: 0.9, for: duration(random) },
      { kind: 'agent kill', target: active },
      { kind: 'agent kill', target: standby },
      { kind: 'agent pause', target: active, for: duration(random) },
      { kind: 'agent pause', target: standby, for: duration(random) },
      { kind: 'daemon crash', target: active },
      { kind: 'node cut', node: random.whole(1, 3), for: duration(random) },
      { kind: 'node off', node: random.whole(1, 3), for: 8_000 + duration(random, 30_000) },
      { kind: 'pod force delete', target: standby },
      { kind: 'lease delete', component },
    ]);
  return Array.from({ length: random.whole(1, 2) }, () => ({
    at: Math.round(at + random.between(-3_000, lasts + 3_000)),
    fault: draw(),
  })).sort((one, other) => one.at - other.at);
}

/** Mostly the defaults; otherwise what the custom resource's rules allow. */
function leaseTimes(random: SeededRandom, component: PairComponent): LeaseTimes {
  const maxOutageSeconds = random.pick([60, 60, 75, 120]);
  if (random.chance(0.6)) {
    return component === 'statestore'
      ? { leaseDurationSeconds: 9, renewDeadlineSeconds: 6, retryPeriodSeconds: 3, maxOutageSeconds }
      : { leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 5, maxOutageSeconds };
  }
  const renewDeadlineSeconds = random.whole(2, LONGEST_RENEW_DEADLINE_SECONDS);
  const retryPeriodSeconds = random.whole(1, Math.max(1, Math.floor((renewDeadlineSeconds * 5 - 1) / 6)));
  return {
    leaseDurationSeconds: Math.max(5, renewDeadlineSeconds + random.whole(3, 5)),
    renewDeadlineSeconds,
    retryPeriodSeconds,
    maxOutageSeconds,
  };
}

function planOf(random: SeededRandom, components: readonly PairComponent[]): PlannedFault[] {
  const count = random.whole(2, 12);
  const plan: PlannedFault[] = components.flatMap((component) =>
    random.chance(0.25) ? rollOf(random, component) : [],
  );
  let at = FIRST_FAULT + random.between(0, 6_000);
  for (let number = 0; number < count; number++) {
    let fault = faultOf(random, components);
    const likely = fault.kind === 'agent pause, then cut' || fault.kind === 'API call' ? 0.8 : 0.4;
    const before = random.chance(likely) ? { before: random.pick(LIKELY_MOMENTS) } : {};
    if (fault.kind === 'API call' && before.before === 'release') {
      // What a holder makes of a release whose outcome it does not know is where two can become active.
      fault = { ...fault, fault: random.pick(['500 after the write', '500 after the write', 'answer lost']) };
    }
    plan.push({ at: Math.round(at), ...before, fault });
    plan.push(...companionsOf(random, at, fault, before.before));
    // Bursts: what breaks a protocol comes within one lease, or in the very moment.
    at += random.chance(0.25)
      ? random.between(0, 300)
      : random.chance(0.6)
        ? random.between(300, 6_000)
        : random.between(6_000, 16_000);
  }
  return plan.sort((one, other) => one.at - other.at);
}

/** A change that is rolled out while other things happen; often one that does not get on. */
function rollOf(random: SeededRandom, component: PairComponent): PlannedFault[] {
  const at = Math.round(FIRST_FAULT + random.between(-1_000, 8_000));
  const change: PlannedFault = { at, fault: { kind: 'spec change', component, times: leaseTimes(random, component) } };
  const stuck: Fault = random.chance(0.7)
    ? { kind: 'operator down', for: duration(random) }
    : { kind: 'failing starts', component, for: duration(random) };
  return random.chance(0.5) ? [change] : [change, { at: at + random.whole(100, 3_000), fault: stuck }];
}

/** The rare ones more often than the frequent ones. */
const LIKELY_MOMENTS: readonly Moment[] = [
  ...MOMENTS,
  'claim',
  'release',
  'release',
  'order start',
  'order stop',
  'renew',
];

/** What comes soon after a fault so that it meets what it waits for, or that makes it worse. */
function companionsOf(random: SeededRandom, at: number, fault: Fault, before: Moment | undefined): PlannedFault[] {
  const component = componentOf(fault);
  if (component === undefined) return [];
  const target: Target = { component, who: 'active' };
  const after = (least: number, most: number): number => Math.round(at + random.between(least, most));
  if (before !== undefined && HAND_OVER_MOMENTS.includes(before) && random.chance(0.6)) {
    // A daemon that crashes leaves guard, agent and pod as they were: everything could go on.
    const others = ['guard kill', 'pod delete', 'pod force delete', 'agent SIGTERM'] as const;
    const kind = random.chance(0.5) ? 'daemon crash' : random.pick(others);
    return [{ at: after(20, 1_500), fault: { kind, target } }];
  }
  // Killed again within ten minutes, a container stays away for longer than a lease.
  if (fault.kind === 'agent kill' && random.chance(0.5)) {
    const edit: Fault = { kind: 'lease edit', component, edit: 'earlier copy written back' };
    const later = random.chance(0.5) ? [{ at: after(17_000, 25_000), fault: edit }] : [];
    return [{ at: after(1_500, 4_000), fault }, ...later];
  }
  if (fault.kind === 'pod orphan' && random.chance(0.6)) {
    const cut: Fault = { kind: 'agent cut', target: { component, who: 'old' }, for: duration(random) };
    return [{ at: after(0, 5_000), fault: cut }];
  }
  return [];
}

const HAND_OVER_MOMENTS: readonly Moment[] = ['claim', 'release', 'slice', 'order start', 'order stop'];

/** Pauses and cuts that end before, at about, and long after the times that matter. */
function duration(random: SeededRandom, most = 45_000): number {
  const long = random.chance(0.3) ? random.between(12_000, most) : random.between(200, 12_000);
  return Math.round(random.chance(0.2) ? random.between(20, 500) : long);
}

type Draw = (random: SeededRandom, target: Target, component: PairComponent) => Fault;

/** What leaves a write's outcome unknown is what a protocol has to stand. */
const LIKELY_API_FAULTS: readonly ApiFault[] = [
  ...API_FAULTS,
  'answer lost',
  '500 after the write',
  '500 after the write',
];

/** Every kind of fault with how often it is drawn. */
const DRAWS: readonly (readonly [number, Draw])[] = [
  [5, (_, target) => ({ kind: 'daemon crash', target })],
  [3, (random, target) => ({ kind: 'daemon pause', target, for: duration(random) })],
  [7, (_, target) => ({ kind: 'agent kill', target })],
  [2, (_, target) => ({ kind: 'agent SIGTERM', target })],
  [7, (random, target) => ({ kind: 'agent pause', target, for: duration(random) })],
  [
    5,
    (random, target) => ({
      kind: 'agent pause, then cut',
      target,
      pausedFor: Math.round(random.between(300, 9_000)),
      for: duration(random),
    }),
  ],
  [5, (_, target) => ({ kind: 'guard kill', target })],
  [4, (_, target) => ({ kind: 'guard kill, orders unread', target })],
  [3, (random, target) => ({ kind: 'guard pause', target, for: Math.round(random.between(50, 900)) })],
  [3, (_, target) => ({ kind: 'stale orders', target })],
  [3, (_, target) => ({ kind: 'pod delete', target })],
  [5, (_, target) => ({ kind: 'pod force delete', target })],
  [4, (random, target) => ({ kind: 'pod orphan', target, for: duration(random) })],
  [4, (random, _, component) => ({ kind: 'spec change', component, times: leaseTimes(random, component) })],
  [3, (random) => ({ kind: 'node off', node: random.whole(1, 3), for: 8_000 + duration(random, 30_000) })],
  [1, (random) => ({ kind: 'node freeze', node: random.whole(1, 3), for: duration(random) })],
  [4, (random) => ({ kind: 'node cut', node: random.whole(1, 3), for: duration(random) })],
  [3, (random) => ({ kind: 'kubelet cut', node: random.whole(1, 3), for: duration(random) })],
  [1, (random) => ({ kind: 'nodes cut', node: random.whole(1, 2), other: 3, for: duration(random) })],
  [8, (random, target) => ({ kind: 'agent cut', target, for: duration(random) })],
  [5, (random, _, component) => ({ kind: 'peers cut', component, for: duration(random) })],
  [
    3,
    (random) => ({
      kind: 'peers weather',
      fault: random.pick(PEER_FAULTS),
      probability: random.pick([0.2, 0.5, 0.9]),
      for: duration(random),
    }),
  ],
  [3, (random, _, component) => ({ kind: 'switchover', component, to: random.pick(MEMBERS) })],
  [2, (_, __, component) => ({ kind: 'force takeover', component })],
  [
    1,
    (random) => ({
      kind: 'node lost',
      node: random.whole(1, 3),
      said: random.pick(['nothing', 'Node deleted', 'out of service'] as const),
      for: random.whole(20_000, 90_000),
    }),
  ],
  [2, (random) => ({ kind: 'API freeze', for: duration(random) })],
  [2, (random) => ({ kind: 'operator down', for: duration(random) })],
  [1, (random) => ({ kind: 'operator cut', for: duration(random) })],
  [2, (random) => ({ kind: 'API outage', for: duration(random) })],
  [
    7,
    (random, target) => ({
      kind: 'API weather',
      target: random.pick([target, target, 'all', 'operator'] as const),
      fault: random.pick(API_FAULTS),
      probability: random.pick([0.2, 0.5, 0.9]),
      for: duration(random),
    }),
  ],
  [8, (random, target) => ({ kind: 'API call', target, fault: random.pick(LIKELY_API_FAULTS) })],
  [3, (random, target) => ({ kind: 'watch stall', target, for: duration(random) })],
  [1, (_, target) => ({ kind: 'watch break', target })],
  [1, (_, target) => ({ kind: 'watch expire', target })],
  [
    6,
    (random, _, component) => ({
      kind: 'lease edit',
      component,
      edit: random.chance(0.25) ? 'earlier copy written back' : random.pick(LEASE_EDITS),
    }),
  ],
  [3, (_, __, component) => ({ kind: 'lease delete', component })],
  [2, (random, _, component) => ({ kind: 'slice edit', component, edit: random.pick(SLICE_EDITS) })],
  [1, (_, __, component) => ({ kind: 'slice delete', component })],
  [1, (random, _, component) => ({ kind: 'failing starts', component, for: duration(random) })],
];

const WEIGHT = DRAWS.reduce((sum, [weight]) => sum + weight, 0);

function faultOf(random: SeededRandom, components: readonly PairComponent[]): Fault {
  const component = random.pick(components);
  const who = random.pick(['active', 'active', 'active', 'standby', 'old', ...MEMBERS] as const);
  let left = random.between(0, WEIGHT);
  for (const [weight, draw] of DRAWS) {
    left -= weight;
    if (left < 0) return draw(random, { component, who }, component);
  }
  throw new Error('the weights do not add up');
}
