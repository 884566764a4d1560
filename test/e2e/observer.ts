import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { termIn } from '../../src/kube/election/term.ts';
import type { EndpointSlice, Lease } from '../../src/kube/kubernetes-object.ts';
import { annotations } from '../../src/api/names.ts';
import { api } from './api.ts';
import { now } from './clock.ts';
import type { Instant } from './clock.ts';
import { until, missing } from './conditions.ts';
import { NAMESPACE, onTestCluster } from './environment.ts';
import { LONGEST_GAP } from './measurements.ts';
import { overlaps, termsThatWentBack } from './never.ts';
import type { ImpaladState, PairDaemon, Pod, Sighting } from './observer/protocol.ts';

/** A daemon's process, from the first sample that found it to the first one that did not. */
export interface DaemonProcess {
  readonly pid: number;
  readonly daemon: PairDaemon;
  readonly podUid: string;
  readonly started: Instant;
  /** The last sample that found it alive; undefined while it runs. */
  lastSeen?: Instant;
  /** The first sample that did not; undefined while it runs. */
  ended?: Instant;
  /** The first good answer of its /healthz. */
  healthy?: Instant;
}

/** What an EndpointSlice said from a moment on. */
export interface SliceChange {
  readonly at: Instant;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly term: number | undefined;
  readonly deleted: boolean;
}

export interface LeaseChange {
  readonly at: Instant;
  readonly name: string;
  /** The pod that the holder's identity names; empty while nobody holds it. */
  readonly holder: string;
  readonly identity: string;
  readonly term: number;
  readonly deleted: boolean;
}

/** Watches a namespace from outside, in a process of its own, and keeps what it saw. */
export class Observer {
  readonly processes: DaemonProcess[] = [];
  readonly slices: SliceChange[] = [];
  readonly leases: LeaseChange[] = [];
  /** By uid; a pod that is gone stays, since its processes may not be. */
  readonly pods = new Map<string, Pod>();
  readonly livePods = new Map<string, Pod>();
  readonly impalads = new Map<string, { at: Instant; podUid: string; state: ImpaladState | undefined }>();
  readonly gaps: { at: Instant; length: number }[] = [];
  readonly troubles: string[] = [];
  readonly started = now();
  /** Share of one CPU that observing took. */
  load = 0;
  #reported = 0;
  #anew: Instant = 0;
  readonly #child: ChildProcess;

  private constructor() {
    const program = resolve(import.meta.dirname, 'observer/main.ts');
    const inherit = ['inherit', 'inherit', 'inherit', 'ipc'] as const;
    // Real-time priority: a machine that is kept busy by the very faults must not keep the observer from looking.
    const realTime = { execPath: 'chrt', execArgv: ['--rr', '5', process.execPath] };
    const plain = { execArgv: [] };
    this.#child = fork(program, { stdio: [...inherit], ...(onTestCluster ? realTime : plain) });
    this.#child.on('message', (sighting: Sighting) => this.#note(sighting));
  }

  /** Starts to watch, and waits until there is a first look at everything. */
  static async start(): Promise<Observer> {
    const observer = new Observer();
    const local = onTestCluster !== undefined;
    observer.#child.send({ credentials: api.credentials, namespace: NAMESPACE, local });
    await observer.catchUp();
    return observer;
  }

  stop(): void {
    this.#child.disconnect();
  }

  /** Waits until everything that was to be seen up to now has been noted. */
  async catchUp(): Promise<void> {
    const asked = now();
    this.#child.send('report');
    await until('the observer', () => (this.#reported >= asked ? true : missing('no report')), 10_000, 5);
  }

  /** The clusters were deleted and are made anew: their terms begin anew, too. */
  begunAnew(): void {
    this.#anew = now();
  }

  /** The pod of that name as it was last seen, if it exists. */
  pod(name: string): Pod | undefined {
    return this.livePods.get(name);
  }

  slice(name: string): SliceChange | undefined {
    return this.slices.findLast((change) => change.name === name);
  }

  lease(name: string): LeaseChange | undefined {
    return this.leases.findLast((change) => change.name === name);
  }

  /** The running processes of a daemon in pods whose names begin so. */
  running(podPrefix: string): DaemonProcess[] {
    return this.processes.filter(
      (process) => process.lastSeen === undefined && this.podName(process).startsWith(podPrefix),
    );
  }

  podName(process: DaemonProcess): string {
    return this.pods.get(process.podUid)?.metadata.name ?? '';
  }

  /**
   * What was seen since a moment that must never be: two daemons of a pair at once, a term that went back, or too little
   * to say so.
   * @param watchedSince from when on it must not have been away; before, it may
   */
  async violations(since: Instant, watchedSince = since): Promise<string[]> {
    await this.catchUp();
    const recent = this.processes.filter((process) => (process.lastSeen ?? Infinity) >= since);
    const pairOf = (process: DaemonProcess): string => {
      const name = this.podName(process);
      return name === '' ? `unknown pod ${process.podUid}` : name.replace(/(-[ab])?-0$/, '');
    };
    return [
      ...overlaps(recent, pairOf).map(([one, other, length]) => {
        const name = (process: DaemonProcess): string =>
          `${this.podName(process)} (process ${process.pid}, seen from ${process.started} to ${process.lastSeen ?? 'now'})`;
        return `two daemons of a pair at once for ${Math.round(length)} ms: ${name(one)} and ${name(other)}`;
      }),
      ...termsThatWentBack(this.slices.filter(({ at }) => at >= this.#anew))
        .filter(({ at }) => at >= since)
        .map(({ what }) => what),
      ...this.gaps
        .filter(({ at, length }) => at >= watchedSince && length > LONGEST_GAP)
        .map(
          ({ length }) => `the observer was away for ${Math.round(length)} ms: it cannot say that there never were two`,
        ),
    ];
  }

  /** The longest time between two samples since a moment, in milliseconds. */
  largestGap(since: Instant): number {
    return Math.max(0, ...this.gaps.filter(({ at }) => at >= since).map(({ length }) => length));
  }

  #note(sighting: Sighting): void {
    switch (sighting.kind) {
      case 'started': {
        const { pid, daemon, podUid, at } = sighting;
        this.processes.push({ pid, daemon, podUid, started: at });
        break;
      }
      case 'ended': {
        const process = this.#running(sighting.pid);
        if (process !== undefined) Object.assign(process, { lastSeen: sighting.lastSeen, ended: sighting.at });
        break;
      }
      case 'healthy': {
        const process = this.processes.findLast(({ pid }) => pid === sighting.pid);
        if (process !== undefined) process.healthy = sighting.at;
        break;
      }
      case 'object':
        this.#noteObject(sighting);
        break;
      case 'impalad': {
        const { at, podUid, state } = sighting;
        this.impalads.set(sighting.pod, { at, podUid, state });
        break;
      }
      case 'gap':
        this.gaps.push(sighting);
        break;
      case 'trouble':
        this.troubles.push(sighting.what);
        break;
      case 'report':
        this.#reported = sighting.at;
        this.load = sighting.cpuSeconds / ((sighting.at - this.started) / 1000);
        break;
    }
  }

  #running(pid: number): DaemonProcess | undefined {
    return this.processes.find((process) => process.pid === pid && process.lastSeen === undefined);
  }

  #noteObject({ at, of, deleted, object }: Sighting & { kind: 'object' }): void {
    const { name, uid = '' } = object.metadata;
    if (of === 'pods') {
      this.pods.set(uid, object as Pod);
      if (!deleted) this.livePods.set(name, object as Pod);
      else if (this.livePods.get(name)?.metadata.uid === uid) this.livePods.delete(name);
    } else if (of === 'slices') {
      const term = object.metadata.annotations?.[annotations.term];
      const addresses = ((object as EndpointSlice).endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
      this.slices.push({ at, name, addresses, term: termIn(term), deleted });
    } else {
      const { holderIdentity = '', leaseTransitions = 0 } = (object as Lease).spec ?? {};
      const holder = holderIdentity.split('/')[0] ?? '';
      this.leases.push({ at, name, holder, identity: holderIdentity, term: leaseTransitions, deleted });
    }
  }
}
