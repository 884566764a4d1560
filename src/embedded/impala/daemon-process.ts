import type { PairComponent } from '../../api/names.ts';
import type { Milliseconds } from '../../kube/clock.ts';
import type { Child } from '../guard/virtual-guard.ts';
import type { VirtualProcess } from '../node/virtual-process.ts';
import type { NetworkNode } from './service-network.ts';

/** SIGKILL: gone when its memory is given back, some ten milliseconds a gigabyte. */
const DYING: Milliseconds = 5;

export interface DaemonIdentity {
  readonly component: PairComponent;
  readonly process: VirtualProcess;
  readonly host: NetworkNode;
  readonly address: string;
  readonly pod: string;
  readonly namespace: string;
  readonly term: number;
  readonly claim: string;
}

/** A process of statestored or catalogd, as the guard, the agent's health check and the network see it. */
export class DaemonProcess implements Child {
  readonly identity: DaemonIdentity;
  onEnd: () => void = () => undefined;
  code = 0;
  serving = false;
  /** Told when it has ended, before the guard knows. */
  readonly onDeath: (() => void)[] = [];
  readonly onServing: (() => void)[] = [];
  #dying = false;

  /** @param load how long from its exec to its first healthy answer */
  constructor(identity: DaemonIdentity, load: Milliseconds) {
    this.identity = identity;
    identity.process.setTimer(load, () => {
      this.serving = true;
      for (const callback of this.onServing) callback();
    });
  }

  get address(): string {
    return this.identity.address;
  }

  get alive(): boolean {
    return this.identity.process.alive;
  }

  /** Whether it answers what comes over the network. */
  get responsive(): boolean {
    return this.identity.process.running;
  }

  /** SIGTERM: Impala's daemons exit at once with 0; one that is stopped does not get it. */
  terminate(): void {
    this.identity.process.deliver(2, () => this.end(0));
  }

  kill(): void {
    if (this.#dying || !this.alive) return;
    this.#dying = true;
    // The kernel does not ask whether the process is stopped.
    setTimeout(() => this.end(137), DYING);
  }

  /** It is gone. */
  end(code: number): void {
    if (!this.alive) return;
    this.code = code;
    this.serving = false;
    this.identity.process.kill();
    for (const callback of this.onDeath) callback();
    this.onEnd();
  }
}
