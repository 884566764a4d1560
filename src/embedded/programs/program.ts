import type { V1Container } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import type { AgentCounters } from '../../agent/reporter.ts';
import type { PairComponent } from '../../api/names.ts';
import type { Pod } from '../../controllers/kubernetes-types.ts';
import type { Clock, Milliseconds } from '../../kube/clock.ts';
import type { KubernetesApi } from '../../kube/kubernetes-api.ts';
import type { Random } from '../../kube/random.ts';
import type { PodVolume } from '../guard/pod-volume.ts';
import type { DaemonProcess } from '../impala/daemon-process.ts';
import type { ImpalaDirectory } from '../impala/impala-directory.ts';
import type { NetworkNode, ServiceNetwork } from '../impala/service-network.ts';
import type { PromiseNetwork } from '../node/promise-network.ts';

/** A container that runs: a program that this process knows how to play. */
export interface Program {
  /** What its startup probe would find. */
  readonly started: boolean;
  /** What its readiness probe would find. */
  readonly ready: boolean;
  /** SIGTERM to its first process. */
  terminate(): void;
  /** SIGKILL to all of it. */
  kill(): void;
  /** SIGSTOP to all of it. */
  stop(): void;
  /** SIGCONT to all of it. */
  proceed(): void;
}

/** A client of the API server that may keep connections. */
export type Connection = KubernetesApi & { close?(): void };

/** What all virtual nodes have around them. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** @param user whom the API server takes it for */
  readonly connect: (user: string) => Connection;
  readonly network: ServiceNetwork;
  readonly promises: PromiseNetwork;
  readonly impala: ImpalaDirectory;
  /** How long a daemon takes from its exec to its first healthy answer. */
  readonly loadTime: Readonly<Record<PairComponent | 'impalad', Milliseconds>>;
  readonly agentCounters: AgentCounters;
}

/** What the containers of a pod share. */
export interface PodRoom {
  readonly volume: PodVolume;
  /** The daemon that the guard runs. */
  daemon: DaemonProcess | undefined;
}

/** What a program is started with. */
export interface ProgramContext {
  readonly surroundings: Surroundings;
  readonly host: NetworkNode;
  readonly pod: Pod;
  readonly address: string;
  readonly container: V1Container;
  readonly environment: Readonly<Record<string, string>>;
  readonly room: PodRoom;
  /** To be called once, when it has ended by itself or by a signal. */
  readonly exited: (code: number) => void;
}
