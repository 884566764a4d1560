import { PAIR_COMPONENTS, type PairComponent } from '../api/names.ts';
import { podNamedIn } from '../daemons/claim-identity.ts';
import type { Milliseconds, Timer } from '../kube/clock.ts';
import type { DaemonProcess } from '../embedded/impala/daemon-process.ts';
import type { DemoCluster } from './demo-cluster.ts';
import { daemonsOf, leaseOf, reasonOf, subscribersOf } from './snapshot.ts';

/** How often it looks. */
const PERIOD: Milliseconds = 10;

/** A change of the active, as it was measured; times are from the end of the daemon before. */
export interface HandOver {
  readonly component: PairComponent;
  readonly from: string;
  readonly to: string;
  readonly term: number;
  readonly reason: string;
  /** Until another pod held the Lease, in seconds; unknown when nobody saw a daemon end before. */
  readonly active: number | undefined;
  /** Until its daemon answered. */
  serving?: number;
  /** Until everybody on a live node was registered with it; of the statestore alone. */
  followed?: number;
}

interface Watched {
  /** The last one that was seen alive, and when it was first seen dead. */
  daemon: DaemonProcess | undefined;
  diedAt: Milliseconds | undefined;
  holder: string | undefined;
  /** The hand-over that is under way, and what its times count from. */
  open: { readonly handOver: HandOver; readonly since: Milliseconds | undefined } | undefined;
}

/** Looks at the daemons all the time: measures hand-overs, and sees when two live at once. */
export class Meter {
  readonly handOvers: HandOver[] = [];
  /** What must never happen, and did. */
  readonly violations: string[] = [];
  readonly #demo: DemoCluster;
  readonly #watched = new Map<PairComponent, Watched>();
  #timer: Timer | undefined;

  constructor(demo: DemoCluster) {
    this.#demo = demo;
    for (const component of PAIR_COMPONENTS) {
      this.#watched.set(component, { daemon: undefined, diedAt: undefined, holder: undefined, open: undefined });
    }
  }

  start(): void {
    this.#timer = this.#demo.cluster.clock.setTimer(PERIOD, () => {
      for (const component of PAIR_COMPONENTS) this.#look(component);
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(component: PairComponent): void {
    const watched = this.#watched.get(component)!;
    const daemons = daemonsOf(this.#demo, component);
    if (daemons.length > 1) {
      const pods = daemons.map(({ identity }) => identity.pod).join(' and ');
      const violation = `two daemons of the ${component} lived at once, on ${pods}`;
      if (!this.violations.includes(violation)) this.violations.push(violation);
    }
    const now = this.#demo.cluster.clock.now();
    const [daemon] = daemons;
    if (watched.daemon !== undefined && !watched.daemon.alive && watched.diedAt === undefined) watched.diedAt = now;
    this.#claimed(component, watched, now);
    if (daemon !== undefined && daemon !== watched.daemon) {
      watched.daemon = daemon;
      watched.diedAt = undefined;
    }
    if (daemon?.serving === true) this.#serves(component, watched, daemon, now);
  }

  /** Whether another claim holds the Lease. */
  #claimed(component: PairComponent, watched: Watched, now: Milliseconds): void {
    const lease = leaseOf(this.#demo, component);
    const { holderIdentity = '', leaseTransitions = 0 } = lease?.spec ?? {};
    if (holderIdentity === '' || holderIdentity === watched.holder) return;
    const before = watched.holder;
    watched.holder = holderIdentity;
    if (before === undefined) return;
    const since = watched.diedAt;
    const handOver: HandOver = {
      component,
      from: podNamedIn(before),
      to: podNamedIn(holderIdentity),
      term: leaseTransitions,
      reason: reasonOf(lease),
      active: since === undefined ? undefined : (now - since) / 1000,
    };
    watched.open = { handOver, since };
    this.handOvers.push(handOver);
  }

  #serves(component: PairComponent, watched: Watched, daemon: DaemonProcess, now: Milliseconds): void {
    if (watched.open === undefined || daemon.identity.pod !== watched.open.handOver.to) return;
    const { handOver, since } = watched.open;
    const seconds = since === undefined ? undefined : (now - since) / 1000;
    if (seconds !== undefined) handOver.serving ??= seconds;
    if (component === 'statestore' && !this.#allRegisteredWith(daemon)) return;
    if (component === 'statestore' && seconds !== undefined) handOver.followed = seconds;
    watched.open = undefined;
  }

  #allRegisteredWith(daemon: DaemonProcess): boolean {
    const all = subscribersOf(this.#demo);
    return all.every(
      ({ connected, registeredWith }) =>
        connected && registeredWith !== undefined && daemon.identity.pod.includes(`-statestore-${registeredWith}-`),
    );
  }
}
