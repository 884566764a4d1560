import { HIGHEST_TERM } from '../../src/kube/election/term.ts';
import { annotations, names, type PairComponent } from '../../src/api/names.ts';
import type { Change } from '../../src/embedded/versioned-store.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import type { DaemonProcess } from './impala/daemon-process.ts';
import type { SimulatedSubscriber } from './impala/subscribe.ts';
import type { PlainPod } from './kubernetes/plain-pod.ts';
import type { SimulatedPod } from './kubernetes/simulated-pod.ts';
import { mayEndInCalm } from './calm.ts';
import type { World } from './world.ts';

export type Rule =
  | 'two daemons'
  | 'past its deadline'
  | 'not calm'
  | 'slice goes back'
  | 'catalogd registers'
  | 'not whole again'
  | 'defect';

export interface Violation {
  readonly rule: Rule;
  readonly at: number;
  readonly message: string;
}

/** The guard's poll, the time a killed process takes to be gone, and the steps of the clock. */
const KILL_MARGIN = 100 + 45 + 15;

/** What must hold at every step. Only the first violation counts. */
export class Invariants {
  violation: Violation | undefined;
  readonly #world: World;
  readonly #alive = new Map<DaemonProcess, SimulatedPod | PlainPod>();
  /** The highest term that a slice has borne since a person last wrote it. */
  readonly #terms = new Map<string, number>();
  readonly #deleted = new Set<string>();
  /** The highest term that a Lease has ever borne. */
  readonly highestTerms = new Map<string, number>();

  /** The highest term that the pair's Lease or its slice has ever told, whoever wrote it. */
  readonly #highestTold = new Map<PairComponent, number>();
  readonly #lastStarts = new Map<PairComponent, number>();
  readonly #longestLeases = new Map<string, number>();
  readonly #longestOutages = new Map<string, number>();
  readonly #lastChanges = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The longest duration that the pair's Lease has ever told, in seconds. */
  longestLease(component: PairComponent): number {
    return this.#longestLeases.get(names.pair(this.#world.cluster.name, component)) ?? 0;
  }

  /** The longest outage that the pair's Lease has ever allowed, in seconds. */
  longestOutage(component: PairComponent): number {
    return this.#longestOutages.get(names.pair(this.#world.cluster.name, component)) ?? 0;
  }

  /** The highest term that an agent of the pair may have read: a released Lease of an earlier one is not believed. */
  highestTold(component: PairComponent): number {
    return this.#highestTold.get(component) ?? 0;
  }

  /** When the pair's Lease was written last. */
  lastChange(component: PairComponent): number {
    return this.#lastChanges.get(names.pair(this.#world.cluster.name, component)) ?? 0;
  }

  /** When a daemon of the pair was started last. */
  lastStart(component: PairComponent): number {
    return this.#lastStarts.get(component) ?? 0;
  }

  violate(rule: Rule, message: string): void {
    if (this.violation) return;
    this.violation = { rule, at: this.#world.timeline.now, message };
    this.#world.traceOf('FAULT', `*** ${rule}: ${message} ***`);
  }

  daemonStarted(pod: SimulatedPod | PlainPod, daemon: DaemonProcess): void {
    this.#lastStarts.set(daemon.component, this.#world.timeline.now);
    this.#alive.set(daemon, pod);
  }

  daemonEnded(daemon: DaemonProcess): void {
    const { scenario, timeline } = this.#world;
    const [alone] = scenario.plan;
    if (scenario.calm && alone && timeline.now > alone.at) {
      const ended = (this.#endedInCalm.get(daemon.component) ?? 0) + 1;
      this.#endedInCalm.set(daemon.component, ended);
      const allowed = mayEndInCalm(scenario, alone, daemon.component, timeline.now);
      const what = `the ${daemon.component} ended for the ${ended}. time though nothing happened but ${alone.fault.kind}`;
      if (ended > allowed) this.violate('not calm', what);
    }
    this.#alive.delete(daemon);
  }

  readonly #endedInCalm = new Map<PairComponent, number>();

  livingDaemons(component: PairComponent): DaemonProcess[] {
    return [...this.#alive.keys()].filter((daemon) => daemon.component === component);
  }

  /** Looked at after everything that happens. */
  check(): void {
    const seen: Partial<Record<PairComponent, SimulatedPod | PlainPod>> = {};
    for (const [daemon, pod] of this.#alive) {
      if (this.#excused(pod)) continue;
      const other = seen[daemon.component];
      if (other) this.violate('two daemons', `of ${daemon.component}: on ${other.node.name} and ${pod.node.name}`);
      seen[daemon.component] = pod;
      this.#checkDeadline(daemon, pod);
    }
  }

  /** A machine that was stopped as a whole, with its clock, may overlap: the documented exception. */
  #excused({ node }: SimulatedPod | PlainPod): boolean {
    return node.frozen || this.#world.timeline.now < (this.#excusedUntil.get(node.name) ?? 0);
  }

  readonly #excusedUntil = new Map<string, number>();

  nodeThawed(name: string, renewDeadline: number): void {
    this.#excusedUntil.set(name, this.#world.timeline.now + renewDeadline * 1.05 + KILL_MARGIN);
  }

  readonly #guardPausedUntil = new Map<string, number>();

  /** A guard that is stopped alone kills late, by as long as it was stopped: the documented margin. */
  guardPaused(pod: SimulatedPod, until: number): void {
    this.#guardPausedUntil.set(pod.identity.uid, until);
  }

  #checkDeadline(daemon: DaemonProcess, pod: SimulatedPod | PlainPod): void {
    const deadline = pod.guard?.model.deadline;
    if (deadline === undefined || pod.guard?.model.daemon !== daemon) return;
    if (pod.node.uptime <= deadline * 10 + KILL_MARGIN) return;
    const late = pod.node.uptime - deadline * 10;
    if (this.#world.timeline.now < (this.#guardPausedUntil.get(pod.identity.uid) ?? 0) + KILL_MARGIN) return;
    this.violate(
      'past its deadline',
      `the ${daemon.component} on ${pod.node.name} runs ${Math.round(late)} ms past it`,
    );
  }

  registered(subscriber: SimulatedSubscriber): void {
    const { catalogd } = subscriber;
    this.#world.traceOf(
      'Impala',
      `${subscriber.name} registers with ${subscriber.registeredWith?.daemon.process.name ?? ''}`,
    );
    if (!catalogd) return;
    const others = [...this.#alive].filter(
      ([daemon, pod]) => daemon.component === 'catalog' && daemon !== catalogd && !this.#excused(pod),
    );
    if (others.length > 0 && !this.#excusedDaemon(catalogd)) {
      this.violate('catalogd registers', 'while another catalogd is alive');
    }
  }

  #excusedDaemon(daemon: DaemonProcess): boolean {
    const pod = this.#alive.get(daemon);
    return pod !== undefined && this.#excused(pod);
  }

  changed({ resource, type, object }: Change): void {
    const { name } = object.metadata;
    if (resource.kind === 'Lease') {
      this.#traceLease(type, object);
      this.#lastChanges.set(name, this.#world.timeline.now);
      const outage = Number(object.metadata.annotations?.[annotations.maxOutageSeconds] ?? 0);
      this.#longestOutages.set(name, Math.max(outage, this.#longestOutages.get(name) ?? 0));
      const { leaseTransitions: term = 0, leaseDurationSeconds = 0 } = (object as Lease).spec ?? {};
      this.#longestLeases.set(name, Math.max(leaseDurationSeconds, this.#longestLeases.get(name) ?? 0));
      this.highestTerms.set(name, Math.max(term, this.highestTerms.get(name) ?? 0));
      this.#told(name.endsWith('catalog') ? 'catalog' : 'statestore', term);
    }
    if (resource.kind !== 'EndpointSlice') return;
    const slice = object as EndpointSlice;
    const component: PairComponent = name.endsWith('catalog') ? 'catalog' : 'statestore';
    const address = type === 'DELETED' ? undefined : slice.endpoints?.[0]?.addresses[0];
    this.#world.clusterNetwork.sliceChanged(component, address);
    const written = slice.metadata.annotations?.[annotations.term];
    this.#world.traceOf('API', `slice ${name}: term ${written ?? 'none'}, ${address ?? 'no address'}`);
    this.#told(component, Number(written ?? 0));
    if (type === 'DELETED') this.#deleted.add(name);
    if (type === 'DELETED' || (written === undefined && !this.#world.byHand)) return;
    const term = Number(written ?? 0);
    const highest = this.#terms.get(name) ?? 0;
    if (this.#world.byHand) {
      this.#terms.set(name, Math.min(term, 1_000_000));
      return;
    }
    // What a person has deleted cannot go back, where a person has also set the Lease back to that term.
    const newTruth =
      this.#deleted.delete(name) && (this.#world.leaseOf(component)?.spec?.leaseTransitions ?? term) === term;
    if (term < highest && newTruth) this.#terms.set(name, term);
    else if (term < highest) this.violate('slice goes back', `${name} from term ${highest} to ${term}`);
    else this.#terms.set(name, term);
  }

  #told(component: PairComponent, term: number): void {
    if (term <= HIGHEST_TERM) this.#highestTold.set(component, Math.max(term, this.highestTold(component)));
  }

  #traceLease(type: string, { metadata, spec }: Lease): void {
    const released = metadata.annotations?.[annotations.released];
    const who = spec?.holderIdentity ? this.#holder(spec.holderIdentity) : 'nobody';
    const said = released === undefined ? '' : `, released ${released}`;
    const verb = type === 'DELETED' ? 'deleted' : `is ${who}'s`;
    this.#world.traceOf(
      'API',
      `Lease ${metadata.name.replace(/^impala-/, '')} ${verb}, term ${spec?.leaseTransitions ?? 0}${said}`,
    );
  }

  #holder(identity: string): string {
    const [pod = '', uid = '', random = ''] = identity.split('/');
    return [pod.replace(/^impala-/, ''), uid.slice(0, 4), random.slice(0, 4)].join('/');
  }
}
