import type { PairComponent } from '../../../src/api/names.ts';
import type { SimulatedProcess } from '../engine/simulated-process.ts';
import type { SeededRandom } from '../engine/random.ts';
import type { Timeline } from '../engine/timeline.ts';
import type { Child } from '../../../src/embedded/guard/virtual-guard.ts';

/** How a daemon process does. */
export interface DaemonCharacter {
  /** From exec to the first healthy answer, in true milliseconds. */
  readonly load: number;
  /** It exits with code 1 at the end of its start instead of serving. */
  readonly startFails: boolean;
}

/** A process of statestored or catalogd, as the guard, the agent's health check and the network see it. */
export class DaemonProcess implements Child {
  readonly component: PairComponent;
  readonly process: SimulatedProcess;
  readonly podUid: string;
  readonly ip: string;
  readonly term: number;
  readonly claim: string;
  onEnd: () => void = () => undefined;
  code = 0;
  serving = false;
  /** Told when it has ended, before the guard knows. */
  readonly onDeath: ((daemon: DaemonProcess) => void)[] = [];
  readonly onServing: (() => void)[] = [];
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  #dying = false;

  constructor(
    about: {
      component: PairComponent;
      process: SimulatedProcess;
      podUid: string;
      ip: string;
      term: number;
      claim: string;
    },
    character: DaemonCharacter,
    timeline: Timeline,
    random: SeededRandom,
  ) {
    this.component = about.component;
    this.process = about.process;
    this.podUid = about.podUid;
    this.ip = about.ip;
    this.term = about.term;
    this.claim = about.claim;
    this.#timeline = timeline;
    this.#random = random;
    this.process.setTimer(character.load, () => {
      if (character.startFails) this.end(1);
      else {
        this.serving = true;
        for (const callback of this.onServing) callback();
      }
    });
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** Whether it answers what comes over the network. */
  get responsive(): boolean {
    return this.process.running;
  }

  /** SIGTERM: Impala's daemons exit at once with 0; one that is stopped does not get it. */
  terminate(): void {
    this.process.deliver(this.#random.between(1, 5), () => this.end(0));
  }

  /** SIGKILL: gone when its memory is given back, some ten milliseconds a gigabyte. */
  kill(): void {
    if (this.#dying || !this.alive) return;
    this.#dying = true;
    const delay = this.#random.chance(0.2) ? this.#random.between(20, 45) : this.#random.between(1, 10);
    this.#timeline.after(delay, () => this.end(137));
  }

  /** It is gone. */
  end(code: number): void {
    if (!this.alive) return;
    this.code = code;
    this.process.kill();
    for (const callback of this.onDeath) callback(this);
    this.onEnd();
  }
}
