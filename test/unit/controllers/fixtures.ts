import { withDefaults } from '../../../src/api/defaults.ts';
import type { ImpalaCluster } from '../../../src/api/impala-cluster.ts';
import { annotations, labels, names } from '../../../src/api/names.ts';
import type { Member, PairComponent } from '../../../src/api/names.ts';
import type { SourceContent } from '../../../src/controllers/build/configuration.ts';
import type { ClusterIdentity } from '../../../src/controllers/build/metadata.ts';
import type { Pod } from '../../../src/controllers/kubernetes-types.ts';
import type { ClusterSnapshot, PairSnapshot } from '../../../src/controllers/snapshot.ts';
import { validate } from '../../../src/controllers/validate.ts';
import type { ValidCluster } from '../../../src/controllers/validate.ts';
import type { EndpointSlice, Lease } from '../../../src/kube/kubernetes-object.ts';

export const identity: ClusterIdentity = { namespace: 'shop', name: 'sales', uid: 'cluster-uid' };
export const IMAGE = 'example/operator:1';

/** A cluster `sales` in the namespace `shop`, as the API server hands it out. */
export const clusterWith = (spec: object = {}): ImpalaCluster =>
  withDefaults({ metadata: { name: 'sales', namespace: 'shop', uid: 'cluster-uid', generation: 1 }, spec });

const emptyPair = (component: PairComponent): PairSnapshot => ({
  component,
  lease: undefined,
  service: undefined,
  slice: undefined,
  foreignSlices: [],
  statefulSets: { a: undefined, b: undefined },
  pods: { a: undefined, b: undefined },
  plain: { statefulSet: undefined, pod: undefined },
});

export const emptySnapshot = (cluster: ImpalaCluster = clusterWith()): ClusterSnapshot => ({
  cluster,
  identity,
  pairs: { statestore: emptyPair('statestore'), catalog: emptyPair('catalog') },
  coordinators: undefined,
  executors: undefined,
  pods: [],
  sources: [],
  nodes: new Map(),
});

export function validCluster(spec: object = {}, contents: readonly SourceContent[] = []): ValidCluster {
  const sources = contents.map((content) => ({ kind: 'read', content }) as const);
  const validation = validate({ ...emptySnapshot(clusterWith(spec)), sources });
  if (validation.kind === 'invalid') throw new Error(JSON.stringify(validation.problems));
  return validation.cluster;
}

const ADDRESSES = { a: '10.1.0.1', b: '10.1.0.2' } as const;

/** A pod of the statestore, ready, on a node of its own. */
export const podOf = (member: Member, change: { uid?: string; ready?: boolean; leaving?: boolean } = {}): Pod => ({
  metadata: {
    name: names.memberPod('sales', 'statestore', member),
    namespace: 'shop',
    uid: change.uid ?? `pod-${member}`,
    labels: { [labels.cluster]: 'sales' },
    ...(change.leaving && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  },
  spec: { nodeName: `node-${member}`, containers: [] },
  status: {
    podIP: ADDRESSES[member],
    conditions: [{ type: 'Ready', status: change.ready === false ? 'False' : 'True' }],
  },
});

export const claimOf = (member: Member, uid = `pod-${member}`): string => `sales-statestore-${member}-0/${uid}/x1y2`;

export const leaseOf = (holder: string, term: number, notes: Record<string, string> = {}): Lease => ({
  metadata: { name: 'sales-statestore', namespace: 'shop', annotations: notes },
  spec: { holderIdentity: holder, leaseTransitions: term, acquireTime: '2026-01-01T00:00:00.000001Z' },
});

export const sliceOf = (address: string | undefined, term?: number, claim?: string): EndpointSlice => ({
  metadata: {
    name: 'sales-statestore',
    namespace: 'shop',
    annotations: {
      ...(term !== undefined && { [annotations.term]: String(term) }),
      ...(claim !== undefined && { [annotations.claim]: claim }),
    },
  },
  addressType: 'IPv4',
  ...(address !== undefined && { endpoints: [{ addresses: [address], conditions: { ready: true } }] }),
});

/** A snapshot whose statestore is like this; the rest is missing. */
export const statestoreLike = (
  pair: Partial<PairSnapshot>,
  status?: ImpalaCluster['status'],
): ClusterSnapshot & { statestore: PairSnapshot } => {
  const snapshot = emptySnapshot({ ...clusterWith(), ...(status && { status }) });
  const statestore = { ...snapshot.pairs.statestore, ...pair };
  return { ...snapshot, pairs: { ...snapshot.pairs, statestore }, statestore };
};
