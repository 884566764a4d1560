import type { V1Container } from '@kubernetes/client-node';
import type { Pod } from '../../controllers/kubernetes-types.ts';
import type { Milliseconds, Timer } from '../../kube/clock.ts';
import { PodVolume } from '../guard/pod-volume.ts';
import type { NetworkNode } from '../impala/service-network.ts';
import { startProgram } from '../programs/known-programs.ts';
import type { PodRoom, Surroundings } from '../programs/program.ts';
import { ContainerRunner } from './container-runner.ts';
import { environmentOf } from './container-environment.ts';
import { podStatus, type PodPhase } from './pod-status.ts';

/** From the binding to the first container, and from a sidecar's start to the next container (measured: 1 s; here in haste). */
const STARTING: Milliseconds = 100;
const PROBE_PERIOD: Milliseconds = 1_000;
const FIRST_PROBES: Milliseconds = 150;
/** How often it is probed in haste, before the probes take their usual pace. */
const FIRST_PROBE_COUNT = 20;
/** Between the exit of the last main container and the sidecars' SIGTERM. */
const SIDECARS_END_AFTER: Milliseconds = 90;
const SIDECAR_GRACE: Milliseconds = 2_000;

export interface PodWorkerParts {
  readonly surroundings: Surroundings;
  readonly host: NetworkNode;
  readonly pod: Pod;
  readonly address: string;
  /** Whether an image can be had. */
  readonly pulls: (image: string) => boolean;
  readonly report: (status: object) => void;
  /** All containers have ended after a deletion. */
  readonly ended: () => void;
}

/** A pod on its node: its containers in their order, their probes, its end. */
export class PodWorker {
  readonly room: PodRoom = { volume: new PodVolume(), daemon: undefined };
  readonly address: string;
  #pod: Pod;
  readonly #parts: PodWorkerParts;
  readonly #sidecars: readonly ContainerRunner[];
  readonly #mains: readonly ContainerRunner[];
  #phase: PodPhase = 'Pending';
  #timer: Timer | undefined;
  #probes = 0;
  #terminating = false;
  #over = false;
  #lastStatus = '';

  constructor(parts: PodWorkerParts) {
    this.#parts = parts;
    this.#pod = parts.pod;
    this.address = parts.address;
    const { initContainers = [], containers = [] } = parts.pod.spec ?? {};
    const runner = (container: V1Container): ContainerRunner => this.#runner(container);
    this.#sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always').map(runner);
    this.#mains = containers.map(runner);
  }

  get pod(): Pod {
    return this.#pod;
  }

  get terminating(): boolean {
    return this.#terminating;
  }

  container(name: string): ContainerRunner | undefined {
    return [...this.#sidecars, ...this.#mains].find((runner) => runner.name === name);
  }

  start(): void {
    this.#report();
    this.#after(STARTING, () => {
      const missing = this.#all().find((runner) => !this.#parts.pulls(runner.status().image));
      if (missing === undefined) this.#startNext();
      else missing.fail('ImagePullBackOff', `Back-off pulling image "${missing.status().image}"`);
    });
  }

  /** The object has changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate();
  }

  /** Stops everything in order, in what is left of the grace period. */
  #terminate(): void {
    if (this.#terminating) return;
    this.#terminating = true;
    this.#timer?.cancel();
    const { deletionGracePeriodSeconds: grace = 30 } = this.#pod.metadata as { deletionGracePeriodSeconds?: number };
    for (const runner of this.#all()) runner.finish();
    for (const runner of this.#mains) runner.program?.terminate();
    const { clock } = this.#parts.surroundings;
    clock.setTimer(grace * 1000, () => {
      for (const runner of this.#sidecars) runner.program?.terminate();
      for (const runner of this.#mains) runner.program?.kill();
      clock.setTimer(SIDECAR_GRACE, () => this.#killAll());
    });
    this.#changed();
  }

  /** The object is gone already: what runs is stopped in a hurry. */
  forceEnd(): void {
    this.#terminating = true;
    this.#timer?.cancel();
    for (const runner of this.#all()) runner.finish();
    for (const [delay, end] of FORCED_END) {
      this.#parts.surroundings.clock.setTimer(delay, () => end(this.#sidecars, this.#mains));
    }
    this.#changed();
  }

  /** The power is gone: everything is over at once, and nothing says so. */
  powerOff(): void {
    this.#over = true;
    this.#timer?.cancel();
    for (const runner of this.#all()) runner.finish();
    this.#killAll();
  }

  #killAll(): void {
    for (const runner of this.#all()) runner.program?.kill();
  }

  #all(): ContainerRunner[] {
    return [...this.#sidecars, ...this.#mains];
  }

  #runner(container: V1Container): ContainerRunner {
    const { surroundings, host, address } = this.#parts;
    return new ContainerRunner({
      clock: surroundings.clock,
      container,
      start: (_container, exited) =>
        startProgram({
          surroundings,
          host,
          address,
          container,
          exited,
          pod: this.#pod,
          room: this.room,
          environment: environmentOf(container, this.#pod, address),
        }),
      onChange: () => this.#changed(),
    });
  }

  /** Sidecars one after the other, each when the one before has started; then everything else. */
  #startNext(): void {
    if (this.#terminating || this.#over) return;
    const waiting = this.#sidecars.find((runner) => !runner.started);
    if (waiting !== undefined) {
      waiting.start();
      this.#after(STARTING, () => this.#startNext());
      return;
    }
    this.#phase = 'Running';
    for (const runner of this.#mains) runner.start();
    this.#probe();
  }

  #probe(): void {
    const news = this.#all().filter((runner) => runner.probe());
    if (news.length > 0) this.#changed();
    const hasty = this.#probes++ < FIRST_PROBE_COUNT;
    this.#after(hasty ? FIRST_PROBES : PROBE_PERIOD, () => this.#probe());
  }

  #changed(): void {
    if (this.#over) return;
    if (this.#terminating) {
      for (const runner of this.#all()) runner.probe();
      if (this.#mains.every(({ program }) => program === undefined)) this.#endSidecars();
    }
    this.#report();
  }

  #endSidecars(): void {
    if (this.#sidecars.every(({ program }) => program === undefined)) {
      this.#over = true;
      this.#parts.ended();
      return;
    }
    this.#parts.surroundings.clock.setTimer(SIDECARS_END_AFTER, () => {
      for (const runner of this.#sidecars) runner.program?.terminate();
    });
  }

  #report(): void {
    const { host, address, surroundings } = this.#parts;
    const status = podStatus(this.#pod, {
      phase: this.#phase,
      sidecars: this.#sidecars,
      mains: this.#mains,
      address,
      host: host.name,
      now: surroundings.clock.date(),
    });
    const text = JSON.stringify(status, (key, value: unknown) => (key === 'lastTransitionTime' ? undefined : value));
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    this.#parts.report(status);
  }

  /** What was reported was not heard: it will be said again. */
  reportAgain(): void {
    this.#lastStatus = '';
    if (!this.#over) this.#report();
  }

  #after(delay: Milliseconds, callback: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.surroundings.clock.setTimer(delay, callback);
  }
}

type Runners = readonly ContainerRunner[];

/** The times of a force deletion, measured. */
const FORCED_END: readonly (readonly [Milliseconds, (sidecars: Runners, mains: Runners) => void])[] = [
  [400, (_sidecars, mains) => mains.forEach(({ program }) => program?.terminate())],
  [1_400, (sidecars) => sidecars.forEach(({ program }) => program?.terminate())],
  [2_400, (_sidecars, mains) => mains.forEach(({ program }) => program?.kill())],
  [3_600, (sidecars) => sidecars.forEach(({ program }) => program?.kill())],
];
