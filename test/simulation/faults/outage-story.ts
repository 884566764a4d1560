import type { PairComponent } from '../../../src/api/names.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { Fault, LeaseTimes, PlannedFault, Target } from './fault.ts';

/** An outage that lasts until the holder may no longer live on promises, by what the spec says then. */
export interface OutageStory {
  /** What the spec says at first of the component that it is about. */
  readonly times: LeaseTimes;
  readonly plan: readonly PlannedFault[];
}

/** By when all has come to rest: both members signed in, on the roster, and ready. */
const SETTLED = 25_000;
/** The shortest that the custom resource's rules allow. */
const SHORTEST_OUTAGE = 60;

/**
 * The active reaches nobody but the standby, which goes on promising after its pod was replaced: so somebody waits who was
 * never asked. Everything that decides when it may claim, and when the active has to stop, matters here and hardly ever
 * elsewhere. What else there is to it is drawn: a roll that got no further than the standby, a write that took place
 * unseen, an agent that forgets, a promise that is the last.
 * @param times as drawn for a component
 */
export function outageStory(random: SeededRandom, component: PairComponent, times: LeaseTimes): OutageStory {
  const draw = random.pick([cutOff, cutOff, unseenWrite, forgetful, vanished, halfRolled, lastPromise]);
  return draw({ random, component, times: { ...times, maxOutageSeconds: SHORTEST_OUTAGE } });
}

interface Setting {
  readonly random: SeededRandom;
  readonly component: PairComponent;
  readonly times: LeaseTimes;
}

const active = (component: PairComponent): Target => ({ component, who: 'active' });
const standby = (component: PairComponent): Target => ({ component, who: 'standby' });

const planned = (at: number, fault: Fault): PlannedFault => ({ at: Math.round(at), fault });

/** Longer than anybody waits who waits for the end of an outage. */
const waitsFor = ({ maxOutageSeconds, leaseDurationSeconds }: LeaseTimes): number =>
  1000 * (maxOutageSeconds * 1.12 + leaseDurationSeconds * 1.1) + 8_000;

/** The standby is replaced, and lives on to promise. */
const orphaned = (component: PairComponent, at: number, until: number): PlannedFault =>
  planned(at, { kind: 'pod orphan', target: standby(component), for: Math.round(until - at) });

/** The replacement sees the record, and does not take the place in it of whom it replaces until then. */
const unnamed = (component: PairComponent, replacedAt: number, until: number): PlannedFault =>
  planned(replacedAt + 320, {
    kind: 'API weather',
    target: standby(component),
    fault: '409',
    probability: 1,
    for: Math.round(until - replacedAt),
  });

/** Cut off for long. Before that a member may have ended as it should, and somebody may remember that. */
function cutOff({ random, component, times }: Setting): OutageStory {
  const at = SETTLED + random.between(0, 5_000);
  const lasts = Math.round(waitsFor(times) + random.between(0, 15_000));
  const earlier = random.chance(0.4)
    ? [planned(SETTLED - 13_000, { kind: 'pod delete', target: standby(component) })]
    : [];
  const cut = planned(at, { kind: 'agent cut', target: active(component), for: lasts });
  return { times, plan: [...earlier, cut, orphaned(component, at + random.between(300, 5_000), at + lasts)] };
}

/** The active learns late that its last write took place, and cannot write again before it is cut off. */
function unseenWrite({ random, component, times }: Setting): OutageStory {
  const at = SETTLED + random.between(0, 5_000);
  const unseenFor = Math.round(random.between(20_000, 45_000));
  const target = active(component);
  const replacedAt = at + 1000 * times.retryPeriodSeconds + random.between(300, 4_000);
  const cutAt = at + unseenFor + 3_000;
  const cutFor = Math.round(waitsFor(times));
  return {
    times,
    plan: [
      planned(at, { kind: 'watch stall', target, for: unseenFor }),
      planned(at, { kind: 'API weather', target, fault: 'answer lost', probability: 1, for: unseenFor }),
      planned(at, { kind: 'API weather', target, fault: '409', probability: 1, for: unseenFor + 5_000 }),
      orphaned(component, replacedAt, cutAt + cutFor),
      unnamed(component, replacedAt, cutAt + 1_000),
      planned(cutAt, { kind: 'agent cut', target, for: cutFor }),
    ],
  };
}

/** The active's agent is restarted after a long time without a renewal, reads, cannot write, and is cut off again. */
function forgetful({ random, component, times }: Setting): OutageStory {
  const at = SETTLED + random.between(0, 5_000);
  const first = Math.round(random.between(25_000, 50_000));
  const second = Math.round(waitsFor(times));
  const target = active(component);
  const replacedAt = at + random.between(300, 3_000);
  const back = at + first;
  return {
    times,
    plan: [
      planned(at, { kind: 'agent cut', target, for: first }),
      orphaned(component, replacedAt, back + second),
      unnamed(component, replacedAt, back + 4_000),
      planned(back - random.between(350, 680), { kind: 'agent kill', target }),
      planned(back - 300, { kind: 'API weather', target, fault: '409', probability: 1, for: 3_000 }),
      planned(back + 1_500, { kind: 'agent cut', target, for: second }),
    ],
  };
}

/** The active's pod object is deleted while the pod hears nothing: it lives on beside its replacement, on promises. */
function vanished({ random, component, times }: Setting): OutageStory {
  const at = SETTLED + random.between(0, 5_000);
  const lasts = Math.round(random.between(35_000, 75_000));
  const target = active(component);
  const cut = planned(at, { kind: 'agent cut', target, for: lasts });
  return { times, plan: [cut, planned(at + random.between(50, 3_000), { kind: 'pod orphan', target, for: lasts })] };
}

/** A change of the times gets no further than the standby: its replacement is configured otherwise than the holder. */
function halfRolled({ random, component, times }: Setting): OutageStory {
  const before = { ...times, maxOutageSeconds: random.pick([90, 120]) };
  const { change, at } = rollOfStandby(random, component, times);
  const lasts = Math.round(waitsFor(times) + random.between(5_000, 15_000));
  const cut = planned(at, { kind: 'agent cut', target: active(component), for: lasts });
  return { times: before, plan: [...change, cut, orphaned(component, at + random.between(300, 3_000), at + lasts)] };
}

/** The standby, which is configured for shorter leases, promises until it cannot be reached any more. */
function lastPromise({ random, component, times }: Setting): OutageStory {
  const { maxOutageSeconds } = times;
  const renewDeadlineSeconds = random.whole(10, 12);
  const before = {
    leaseDurationSeconds: renewDeadlineSeconds + random.whole(3, 5),
    renewDeadlineSeconds,
    retryPeriodSeconds: random.whole(1, 5),
    maxOutageSeconds,
  };
  const after = { leaseDurationSeconds: 5, renewDeadlineSeconds: 2, retryPeriodSeconds: 1, maxOutageSeconds };
  const { change, at } = rollOfStandby(random, component, after);
  const lasts = Math.round(random.between(35_000, 50_000));
  const asks = (1000 * renewDeadlineSeconds * 2) / 3;
  const cut = planned(at, { kind: 'agent cut', target: active(component), for: lasts });
  const peers: Fault = { kind: 'peers cut', component, for: 25_000 };
  return { times: before, plan: [...change, cut, planned(at + asks + random.between(500, 9_000), peers)] };
}

/** The operator goes away after it has given the standby its template, and before it gives the active its own. */
function rollOfStandby(
  random: SeededRandom,
  component: PairComponent,
  times: LeaseTimes,
): { readonly change: PlannedFault[]; readonly at: number } {
  const at = SETTLED - 8_000;
  const rolled = at + 20_000 + random.between(0, 3_000);
  const away = Math.round(waitsFor(times) + 40_000);
  return {
    change: [
      planned(at, { kind: 'spec change', component, times }),
      planned(at + 3_200, { kind: 'operator down', for: away }),
    ],
    at: rolled,
  };
}
