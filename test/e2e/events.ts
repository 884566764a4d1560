import { api, paths } from './api.ts';
import { NAMESPACE } from './environment.ts';

export interface KubernetesEvent {
  metadata: { uid: string; resourceVersion: string };
  type: string;
  reason: string;
  note: string;
  regarding: { kind: string; name: string };
}

const identity = ({ metadata }: KubernetesEvent): string => `${metadata.uid}/${metadata.resourceVersion}`;
const list = (): Promise<KubernetesEvent[]> => api.list<KubernetesEvent>(paths.events(NAMESPACE));

/** What events there are, to be told from later ones. */
export async function eventsNow(): Promise<ReadonlySet<string>> {
  return new Set((await list()).map(identity));
}

/** Events that are new, or were repeated, since then. */
export async function newEvents(before: ReadonlySet<string>): Promise<KubernetesEvent[]> {
  return (await list()).filter((event) => !before.has(identity(event)));
}
