import type { EndpointSlice, KubernetesObject, Lease, ObjectMeta } from '../../../src/kube/kubernetes-object.ts';
import type { Credentials } from '../api-client.ts';
import type { Instant } from '../clock.ts';

/** What the observer is told when it starts. */
export interface Settings {
  credentials: Credentials;
  namespace: string;
  /** Whether the nodes' processes are this machine's, and pods can be reached at their addresses. */
  local: boolean;
}

export type PairDaemon = 'statestored' | 'catalogd';

export interface Pod extends KubernetesObject {
  metadata: ObjectMeta & { uid: string };
  spec: { nodeName?: string; initContainers?: { name: string; image: string }[] };
  status: {
    phase?: string;
    podIP?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}
export interface ContainerStatus {
  name: string;
  containerID?: string;
  restartCount: number;
  ready: boolean;
  state?: { running?: { startedAt?: string } };
  lastState?: { terminated?: { reason?: string; exitCode?: number } };
}

/** What an impalad says of itself on its page `/lite`, as far as it matters here. */
export interface ImpaladState {
  registered: boolean;
  recoveryMode: boolean;
  registrationId: string;
  statestoreId: string;
  catalogd: string;
  catalogServiceId: string;
  catalogReady: boolean;
  members: number;
}

/** A kind of object that is watched. */
export interface Watched {
  pods: Pod;
  leases: Lease;
  slices: EndpointSlice;
}

/** What the observer saw, each with the moment when it saw it. */
export type Sighting =
  | { kind: 'started'; at: Instant; pid: number; daemon: PairDaemon; podUid: string; parent: number }
  /** `at`: the first sample that did not find it alive; `lastSeen`: the last one that did. */
  | { kind: 'ended'; at: Instant; lastSeen: Instant; pid: number; podUid: string }
  | { kind: 'healthy'; at: Instant; pid: number }
  | { kind: 'object'; at: Instant; of: keyof Watched; deleted: boolean; object: KubernetesObject }
  | { kind: 'impalad'; at: Instant; pod: string; podUid: string; state: ImpaladState | undefined }
  /** More than 50 ms went by between two samples. */
  | { kind: 'gap'; at: Instant; length: number }
  | { kind: 'trouble'; at: Instant; what: string }
  /** The answer to `report`: everything that was seen up to `at` has been sent. */
  | { kind: 'report'; at: Instant; samples: number; cpuSeconds: number };
