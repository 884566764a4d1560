import type { PairComponent } from '../api/names.ts';
import type { AgentConfiguration } from './agent-configuration.ts';

/** A TCP port that a daemon listens on. */
export interface Port {
  /** At most 15 characters, as Kubernetes wants it. */
  readonly name: string;
  readonly port: number;
}

/** A variable of a daemon's environment: a value, or a field of its pod (as in `metadata.name`). */
export type EnvironmentVariable =
  { readonly name: string; readonly value: string } | { readonly name: string; readonly fieldPath: string };

/** What the containers of all daemons have in common. */
export interface DaemonContainer {
  readonly image: string;
  /** The container's name. */
  readonly name: string;
  readonly ports: readonly Port[];
  readonly environment: readonly EnvironmentVariable[];
  /** Directories that it must be able to write to; its root file system is read-only. */
  readonly writableDirectories: readonly string[];
}

/** A daemon of a pair: the guard starts it. */
export interface PairDaemon extends DaemonContainer {
  readonly component: PairComponent;
  /** What the guard runs: entrypoint, binary, every flag (the image's ENTRYPOINT is replaced, so its flags are restated). */
  readonly argv: readonly string[];
  /** What its agent needs to know, less the hash of the template, which is known last. */
  readonly agent: Omit<AgentConfiguration, 'template'>;
  /** What the Service of the active one offers. */
  readonly servicePorts: readonly Port[];
}

/** A coordinator or an executor: it keeps the image's ENTRYPOINT. */
export interface ImpaladDaemon extends DaemonContainer {
  /** Follow the ENTRYPOINT's flags; of two the last wins. */
  readonly args: readonly string[];
  /** HTTP GET for readiness. There is no liveness: /healthz fails while the statestored or the catalogd is away. */
  readonly readiness: { readonly path: string; readonly port: number };
  /** The command of the preStop hook: it lets running queries end. */
  readonly preStop: readonly string[];
  /** How long a pod may take to stop, its preStop hook included. */
  readonly terminationGracePeriodSeconds: number;
  /** What clients connect to; none for executors. */
  readonly servicePorts: readonly Port[];
}
