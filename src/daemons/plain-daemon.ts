import { names } from '../api/names.ts';
import type { PairComponent } from '../api/names.ts';
import { podAddress } from './addresses.ts';
import type { ClusterLocation } from './addresses.ts';
import type { DaemonContainer, PairDaemon } from './daemon.ts';

/** A daemon of a pair without its pair: no guard, no agent, kubelet is its judge. */
export interface PlainDaemon extends DaemonContainer {
  readonly component: PairComponent;
  /** Entrypoint, binary, every flag. */
  readonly argv: readonly string[];
  /** `/healthz` on this port: within the start timeout once, and then never so many times in a row in vain. */
  readonly health: {
    readonly port: number;
    readonly periodSeconds: number;
    readonly timeoutSeconds: number;
    readonly failureThreshold: number;
    readonly startTimeoutSeconds: number;
  };
}

/** The daemon of a member as it runs alone, under the name of the plain pod. */
export function plainDaemon(location: ClusterLocation, { agent, argv, ...daemon }: PairDaemon): PlainDaemon {
  const { component } = daemon;
  const hostname = podAddress(location, component, names.plainPod(location.cluster, component));
  return {
    ...daemon,
    // A catalogd has its Service's name whoever it is.
    argv: component === 'statestore' ? argv.map((word) => (isHostname(word) ? `-hostname=${hostname}` : word)) : argv,
    health: {
      port: agent.healthPort,
      periodSeconds: agent.healthPeriodSeconds,
      timeoutSeconds: agent.healthTimeoutSeconds,
      failureThreshold: agent.failureThreshold,
      startTimeoutSeconds: agent.startTimeoutSeconds,
    },
  };
}

const isHostname = (word: string): boolean => word.startsWith('-hostname=');
