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
  /** Until another pod held the Lease, in seconds. */
  readonly active: number;
  /** Until its daemon answered. */
  serving?: number;
  /** Until everybody on a live node was registered with it; of the statestore alone. */
  followed?: number;
}

interface Watched {
  daemon: DaemonProcess | undefined;
  diedAt: Milliseconds | undefined;
  holder: string | undefined;
  open: HandOver | undefined;
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
      this.violations.push(`two daemons of the ${component} lived at once, on ${pods}`);
    }
    const now = this.#demo.cluster.clock.now();
    const [daemon] = daemons;
    if (watched.daemon !== undefined && !watched.daemon.alive && watched.diedAt === undefined) watched.diedAt = now;
    this.#claimed(component, watched, now);
    if (daemon !== undefined && daemon !== watched.daemon) watched.daemon = daemon;
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
    const active = (now - (watched.diedAt ?? now)) / 1000;
    watched.open = {
      component,
      from: podNamedIn(before),
      to: podNamedIn(holderIdentity),
      term: leaseTransitions,
      reason: reasonOf(lease),
      active,
    };
    this.handOvers.push(watched.open);
  }

  #serves(component: PairComponent, watched: Watched, daemon: DaemonProcess, now: Milliseconds): void {
    const { open } = watched;
    if (open === undefined) watched.diedAt = undefined;
    if (open === undefined || daemon.identity.pod !== open.to) return;
    const seconds = (now - (watched.diedAt ?? now)) / 1000;
    open.serving ??= seconds;
    if (component === 'statestore' && !this.#allRegisteredWith(daemon)) return;
    if (component === 'statestore') open.followed = seconds;
    watched.open = undefined;
    watched.diedAt = undefined;
  }

  #allRegisteredWith(daemon: DaemonProcess): boolean {
    const all = subscribersOf(this.#demo);
    return all.every(
      ({ connected, registeredWith }) =>
        connected && registeredWith !== undefined && daemon.identity.pod.includes(`-statestore-${registeredWith}-`),
    );
  }
}
