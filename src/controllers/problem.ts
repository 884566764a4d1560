import type { Component } from '../api/names.ts';

/**
 * Why a cluster is degraded: in the condition's reason, in events, and as the label of a metric.
 * - `InvalidSpec`: the spec contains what cannot be; the running cluster stays as it was.
 * - `ConfigurationMissing`: a ConfigMap or Secret that the spec names is not there; the running cluster stays as it was.
 * - `Forbidden`: the API server does not let the operator do something; it tries again.
 * - `ObjectForeign`: somebody else's object has a name that the operator needs.
 * - `LeaseForeign`: a Lease is held by an identity that no agent of the pair wrote.
 * - `EndpointSliceForeign`, `ServiceSelectorForeign`: clients of a pair's Service may be led elsewhere.
 * - `EndpointSliceAhead`: a slice has a later term than its Lease.
 * - `ImageUnavailable`: a node cannot get an image.
 * - `ContainerFailed`: a container cannot be made, or ends again and again.
 * - `StartFailed`: a daemon does not come up.
 * - `PreflightFailed`: a standby could not start its daemon.
 * - `SwitchoverRefused`, `SwitchoverFailed`: a switchover that was asked for did not take place.
 */
export const PROBLEM_REASONS = [
  'InvalidSpec',
  'ConfigurationMissing',
  'Forbidden',
  'ObjectForeign',
  'LeaseForeign',
  'EndpointSliceForeign',
  'ServiceSelectorForeign',
  'EndpointSliceAhead',
  'ImageUnavailable',
  'ContainerFailed',
  'StartFailed',
  'PreflightFailed',
  'SwitchoverFailed',
  'SwitchoverRefused',
] as const;
export type ProblemReason = (typeof PROBLEM_REASONS)[number];

export interface Problem {
  readonly reason: ProblemReason;
  /** Names the object or field, and says what to do where that is not obvious. */
  readonly message: string;
  readonly component?: Component;
}
