import type { Clock } from '../../kube/clock.ts';
import type { EmbeddedApiServer } from '../embedded-api-server.ts';

/**
 * What scheduler, controllers and kubelets share: the API server, which they reach without a network, and whether it
 * serves. While it does not they neither hear nor change anything.
 */
export interface ControlPlane {
  readonly server: EmbeddedApiServer;
  readonly clock: Clock;
  readonly serving: boolean;
  /** Takes note of what went wrong with one object and must not end the rest. */
  defect(error: unknown): void;
  /** Calls back each time it serves again. */
  onServing(callback: () => void): void;
}
