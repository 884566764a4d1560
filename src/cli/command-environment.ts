import type { Clock } from '../kube/clock.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';

/** What a command works with. */
export interface CommandEnvironment {
  readonly api: KubernetesApi;
  /** The namespace of the cluster that it is about. */
  readonly namespace: string;
  readonly clock: Clock;
  /** Writes one line for the person who gave the command. */
  readonly print: (line: string) => void;
  /**
   * Asks the person a question.
   * @returns the answer; nothing when nobody is there who could answer
   */
  readonly ask: (question: string) => Promise<string | undefined>;
}
