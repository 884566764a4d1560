import { KubernetesApiError } from '../kube/kubernetes-api.ts';

/** Why a command did not do what it was asked for: one sentence for a person, which says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What a person is told of an error of whatever kind. */
export function explain(error: unknown): string {
  if (!(error instanceof KubernetesApiError)) return error instanceof Error ? error.message : String(error);
  switch (error.reason) {
    case 'Unauthorized':
      return `${error.message}: log in to the cluster again`;
    case 'Forbidden':
      return `${error.message}: ask whoever looks after the cluster for that right`;
    case 'Disconnected':
    case 'Timeout':
      return `${error.message}: is the API server of this context reachable?`;
    default:
      return error.message;
  }
}
