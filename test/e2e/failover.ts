import type { PairComponent } from '../../src/api/names.ts';
import { seconds } from './clock.ts';
import type { Instant } from './clock.ts';
import { Missing, missing, until } from './conditions.ts';
import { CLUSTER, onTestCluster } from './environment.ts';
import { eventsNow, newEvents } from './events.ts';
import { record } from './measurements.ts';
import type { DaemonProcess, Observer, SliceChange } from './observer.ts';
import type { Pod } from './observer/protocol.ts';
import { activeOf } from './pair.ts';
import type { Pair } from './pair.ts';
import { impaladPods, unregistered } from './registration.ts';
import type { SharedCluster } from './shared-cluster.ts';
import { fillConnectionPools, StatementStream } from './statements.ts';
import type { Statement } from './statements.ts';
import {
  AFTER_A_DELETION,
  REGISTERED_AFTER_A_CRASH,
  REGISTERED_AFTER_A_LOSS,
  STATEMENT_DURATION,
  STATEMENTS_SUCCEED_AFTER_A_CRASH,
  STATEMENTS_SUCCEED_AFTER_A_LOSS,
} from './bounds.ts';

/** What is done to an active, and what must come of it. */
export interface Fault {
  readonly component: PairComponent;
  /** Its name in the table of measurements. */
  readonly name: string;
  /** Does it, and answers with the moment when it struck. */
  readonly inject: (pair: Pair) => Instant | Promise<Instant>;
  /** Whether times count from when it struck or from the end of the active's process, which it may bring about later. */
  readonly from: 'fault' | 'death';
  /** Until the EndpointSlice must name the other pod, in milliseconds; undefined when only a median is promised. */
  readonly slice: number | undefined;
  /** For the table: the bound of the median over all of this kind. */
  readonly median?: number;
  /**
   * Whether others notice at once (connections close) or not at all (a black hole). A forced deletion may turn out as
   * either: it counts as a crash when the slice was moved as fast as after one, but its statements may fail, since
   * the pod's network goes away under them.
   */
  readonly kind: 'crash' | 'loss' | 'severed';
  /** Nodes that are gone with it: their impalads are not expected to follow. */
  readonly lostNodes?: (pair: Pair) => readonly string[];
}

/** How long anything is waited for before it counts as never: well above all bounds, so that a miss has a figure. */
const PATIENCE = seconds(60);

/** How long statements are issued beyond the moment from which on they must succeed. */
const STATEMENTS_AFTERWARDS = seconds(2);

/**
 * Brings a fault about and follows the failover to its end: the slice, the new daemon, the term, the event, and
 * what clients see. Every time goes into the table before it is held against its bound.
 * @returns the pair's new active
 * @throws with every bound that was missed
 */
export async function failOver(cluster: SharedCluster, fault: Fault): Promise<void> {
  const { observer } = cluster;
  const pair = cluster.pair(fault.component);
  const lost = fault.lostNodes?.(pair) ?? [];
  const impalads = impaladPods(observer, CLUSTER, lost);
  const events = await eventsNow();
  const stream = fault.component === 'catalog' ? await startStatements(fault, impalads) : undefined;

  const struck = await fault.inject(pair);
  const failures: string[] = [];
  const check = checker(fault, failures);
  try {
    const moved = await sliceMoved(cluster, pair, struck);
    const death = await deathOf(pair.process, struck);
    const origin = fault.from === 'fault' ? struck : death;
    check('slice', moved.at - origin, fault.slice, fault.median);
    if (moved.term !== pair.term + 1) failures.push(`the term went from ${pair.term} to ${String(moved.term)}`);

    const successor = await successorOf(cluster, pair);
    if (successor !== undefined) {
      check('daemon started', successor.started - origin);
      check('daemon healthy', (successor.healthy ?? NaN) - origin);
    }
    const handedOver = fault.kind === 'severed' && moved.at - death <= AFTER_A_DELETION;
    const times = fault.kind === 'crash' || handedOver ? AS_AFTER_A_CRASH : AS_AFTER_A_LOSS;
    // Impala's own times count from the moment when the old daemon fell silent: a cut cable silences one that lives on.
    const silent = fault.kind === 'loss' && fault.from === 'fault' && lost.length > 0 ? struck : death;
    const node = pair.standby.spec.nodeName ?? '';
    if (fault.kind === 'loss' && lost.includes(node)) failures.push(`the new active is on ${node}, which is lost`);
    if (stream === undefined) await allRegistered(cluster, impalads, silent, check, times);
    else failures.push(...(await judgeStatements(stream, fault.kind === 'crash', silent, check, times)));
    failures.push(...(await eventMissing(events, pair)));
  } finally {
    await stream?.stop();
  }
  if (failures.length > 0) throw new Error(`${fault.name} of the ${fault.component}: ${failures.join('; ')}`);
}

/** How soon clients must have followed. */
interface FollowingTimes {
  readonly registered: number;
  readonly statements: number;
}
const AS_AFTER_A_CRASH = { registered: REGISTERED_AFTER_A_CRASH, statements: STATEMENTS_SUCCEED_AFTER_A_CRASH };
const AS_AFTER_A_LOSS = { registered: REGISTERED_AFTER_A_LOSS, statements: STATEMENTS_SUCCEED_AFTER_A_LOSS };

type Check = (moment: string, value: number, bound?: number, medianBound?: number) => void;

/** Puts a time into the table and a miss of its bound into the failures. */
function checker(fault: Fault, failures: string[]): Check {
  return (moment, value, bound, medianBound) => {
    const limits = { ...(bound !== undefined && { bound }), ...(medianBound !== undefined && { medianBound }) };
    record({ subject: fault.component, fault: fault.name, moment, value, unit: 'ms', ...limits });
    if (Number.isNaN(value)) failures.push(`no time for "${moment}"`);
    if (bound !== undefined && value > bound) {
      failures.push(`${moment} after ${Math.round(value)} ms, later than ${bound} ms`);
    }
  };
}

function sliceMoved({ observer }: SharedCluster, pair: Pair, since: Instant): Promise<SliceChange> {
  const standbyAddress = pair.standby.status.podIP ?? 'none';
  return until(
    `the EndpointSlice ${pair.name} names ${pair.standby.metadata.name}`,
    () =>
      observer.slices.find(
        ({ at, name, addresses }) => name === pair.name && at >= since && addresses.includes(standbyAddress),
      ) ??
      missing(
        `it names ${observer.slice(pair.name)?.addresses.join() ?? 'nothing'}; ${leaseSince(observer, pair, since)}`,
      ),
    PATIENCE,
  );
}

/** What became of the Lease since the fault, for whoever has to find out why the slice did not move. */
function leaseSince(observer: Observer, pair: Pair, since: Instant): string {
  const { active, standby } = pair;
  const where = [active, standby].map(({ metadata, spec, status }) =>
    [metadata.name, spec.nodeName, status.podIP].join(' '),
  );
  const changes = observer.leases.filter(({ at, name }) => name === pair.name && at >= since);
  const claims = changes.filter((change, index) => change.identity !== changes[index - 1]?.identity);
  const holders = claims.map(({ at, holder, term }) => `${Math.round(at - since)} ms ${holder || '-'} (${term})`);
  return `active was ${where[0] ?? '?'}, standby ${where[1] ?? '?'}; holders since: ${holders.join(', ')}`;
}

/** When the old daemon was last seen alive; the fault itself where processes cannot be seen. */
function deathOf(process: DaemonProcess | undefined, struck: Instant): Promise<Instant> {
  if (process === undefined) return Promise.resolve(struck);
  return until('the end of the old daemon', () => process.lastSeen ?? missing('it lives'), PATIENCE);
}

function successorOf(cluster: SharedCluster, pair: Pair): Promise<DaemonProcess | undefined> {
  if (onTestCluster === undefined) return Promise.resolve(undefined);
  return until(
    `the new daemon of ${pair.name}`,
    () => {
      const active = activeOf(cluster.observer, pair.component);
      if (active instanceof Missing) return active;
      if (active.identity === pair.identity) return missing('the old one is still active');
      return active.process;
    },
    PATIENCE,
  );
}

/** Waits until all impalads are registered with the new statestored. */
async function allRegistered(
  { observer }: SharedCluster,
  impalads: readonly Pod[],
  silent: Instant,
  check: Check,
  times: FollowingTimes,
): Promise<void> {
  const at = await until(
    'every impalad registered with the new statestored',
    async () => {
      const active = activeOf(observer, 'statestore');
      if (active instanceof Missing) return active;
      const found = await unregistered(observer, impalads, active.active);
      if (found.length > 0) return missing(found.join('; '));
      // The last of them was seen to have changed its registration at this moment.
      return Math.max(...impalads.map((pod) => observer.impalads.get(pod.metadata.name)?.at ?? 0));
    },
    PATIENCE,
  );
  check('all registered', at - silent, times.registered);
}

async function startStatements(fault: Fault, impalads: readonly Pod[]): Promise<StatementStream> {
  const coordinators = impalads.filter(({ metadata }) => metadata.name.includes('-coordinator-'));
  if (coordinators.length === 0) throw new Error('no coordinator would be left');
  await fillConnectionPools(coordinators);
  // After a crash each must succeed, however long it takes; after a loss those in between hang and are given up.
  return new StatementStream(coordinators, fault.kind === 'crash' ? seconds(60) : seconds(10));
}

/** Follows the statements to beyond the moment from which on they must succeed, and judges them all. */
async function judgeStatements(
  stream: StatementStream,
  noneMayFail: boolean,
  silent: Instant,
  check: Check,
  times: FollowingTimes,
): Promise<string[]> {
  const promised = silent + times.statements;
  await until(
    'statements after the failover',
    () => ((stream.statements.at(-1)?.issued ?? 0) > promised + STATEMENTS_AFTERWARDS ? true : missing('not yet')),
    seconds(60),
  );
  const statements = await stream.answers();
  const late = statements.filter(({ issued }) => issued >= promised);
  const failed = (noneMayFail ? statements : late).filter(({ ok }) => ok !== true);
  check(
    'statement issued after load + 5 s',
    Math.max(...late.map(({ appliedMs }) => appliedMs ?? NaN)),
    STATEMENT_DURATION,
  );
  check('first statement answered', firstAnswer(statements, silent) - silent);
  return failed.slice(0, 3).map((one) => {
    const issued = Math.round(one.issued - silent);
    return `statement at ${one.coordinator}, issued ${issued} ms after the death: ${one.error ?? 'no answer'}`;
  });
}

/** The end of the first statement that was issued after a moment and succeeded. */
function firstAnswer(statements: readonly Statement[], after: Instant): Instant {
  const answers = statements.filter(({ issued, ok }) => issued >= after && ok === true);
  return Math.min(...answers.map(({ answered }) => answered ?? Infinity));
}

async function eventMissing(before: ReadonlySet<string>, pair: Pair): Promise<string[]> {
  return until(
    'an event',
    async () => {
      const found = (await newEvents(before)).filter(({ reason }) => reason === 'FailoverCompleted');
      const told = found.filter(({ note }) => note.toLowerCase().includes(pair.component));
      if (told.length === 0) return missing('no event FailoverCompleted');
      const complete = told.some(({ note }) => /\d+(\.\d+)?\s*m?s\b/.test(note));
      return complete ? [] : missing(`the event does not say how long: ${told.map(({ note }) => note).join()}`);
    },
    seconds(15),
    200,
  ).catch((error: unknown) => [String(error)]);
}
