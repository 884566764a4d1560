import type { KubernetesObject, EndpointSlice, Lease } from '../../kube/kubernetes-object.ts';
import { age, asText, atJsonPath } from './cells.ts';

export interface Column {
  readonly name: string;
  readonly type?: string;
  readonly priority?: number;
  cell(object: KubernetesObject, now: Date): string | number;
}

const at = (object: KubernetesObject, path: string): unknown => atJsonPath(object, path);
const textAt =
  (path: string, otherwise = '<none>') =>
  (object: KubernetesObject): string => {
    const value = at(object, path);
    return value === undefined ? otherwise : asText(value);
  };
const numberAt =
  (path: string) =>
  (object: KubernetesObject): number =>
    Number(at(object, path) ?? 0);

const column = (name: string, cell: Column['cell'], extra: { type?: string; priority?: number } = {}): Column => ({
  name,
  cell,
  ...extra,
});

const NAME = column('Name', ({ metadata }) => metadata.name);
const AGE = column('Age', ({ metadata }, now) => age(metadata.creationTimestamp, now));
const PLAIN = [NAME, AGE];

interface ContainerStatus {
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string };
    readonly terminated?: { readonly reason?: string };
  };
}

interface PodObject extends KubernetesObject {
  readonly spec?: { readonly containers?: unknown[]; readonly initContainers?: { readonly restartPolicy?: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly containerStatuses?: ContainerStatus[];
    readonly initContainerStatuses?: ContainerStatus[];
  };
}

const sidecarStatuses = ({ spec, status }: PodObject): ContainerStatus[] =>
  (status?.initContainerStatuses ?? []).filter((_, index) => spec?.initContainers?.[index]?.restartPolicy === 'Always');

const statuses = (pod: PodObject): ContainerStatus[] => [
  ...sidecarStatuses(pod),
  ...(pod.status?.containerStatuses ?? []),
];

function podReady(object: KubernetesObject): string {
  const pod = object as PodObject;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').length;
  const ready = statuses(pod).filter((one) => one.ready === true).length;
  return `${ready}/${(pod.spec?.containers?.length ?? 0) + sidecars}`;
}

function podStatus(object: KubernetesObject): string {
  const pod = object as PodObject;
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const waiting = statuses(pod).find(({ state }) => state?.waiting?.reason !== undefined)?.state?.waiting?.reason;
  if (waiting !== undefined && waiting !== 'PodInitializing') return waiting;
  return pod.status?.reason ?? pod.status?.phase ?? 'Unknown';
}

const restarts = (object: KubernetesObject): string =>
  String(statuses(object as PodObject).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0));

function nodeStatus(object: KubernetesObject): string {
  const ready = at(object, '.status.conditions[?(@.type=="Ready")].status');
  const status =
    ready === 'True' ? 'Ready' : ready === 'False' ? 'NotReady' : ready === 'Unknown' ? 'NotReady' : 'Unknown';
  return at(object, '.spec.unschedulable') === true ? `${status},SchedulingDisabled` : status;
}

const ports = (object: KubernetesObject): string => {
  const list = at(object, '.spec.ports');
  if (!Array.isArray(list) || list.length === 0) return '<none>';
  return list.map(({ port, protocol = 'TCP' }: { port: number; protocol?: string }) => `${port}/${protocol}`).join(',');
};

const sliceEndpoints = (object: KubernetesObject): string => {
  const addresses = ((object as EndpointSlice).endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
  return addresses.length === 0 ? '<unset>' : addresses.join(',');
};
const slicePorts = (object: KubernetesObject): string => {
  const list = ((object as EndpointSlice).ports ?? []).map(({ port }) => String(port));
  return list.length === 0 ? '<unset>' : list.join(',');
};

const eventColumns: readonly Column[] = [
  column('Last Seen', (event, now) => {
    const series = at(event, '.series.lastObservedTime') ?? at(event, '.eventTime');
    return age(series === undefined ? event.metadata.creationTimestamp : asText(series), now);
  }),
  column('Type', textAt('.type')),
  column('Reason', textAt('.reason')),
  column('Object', (event) => {
    const subject = (at(event, '.involvedObject') ?? at(event, '.regarding')) as { kind?: string; name?: string };
    return `${(subject.kind ?? '').toLowerCase()}/${subject.name ?? ''}`;
  }),
  column('Message', (event) => textAt('.message', textAt('.note', '')(event))(event)),
];

/** What `kubectl get` shows of the built-in kinds. */
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    NAME,
    column('Ready', podReady),
    column('Status', podStatus),
    column('Restarts', restarts),
    AGE,
    column('IP', textAt('.status.podIP'), { priority: 1 }),
    column('Node', textAt('.spec.nodeName'), { priority: 1 }),
    column('Nominated Node', () => '<none>', { priority: 1 }),
    column('Readiness Gates', () => '<none>', { priority: 1 }),
  ],
  Node: [
    NAME,
    column('Status', nodeStatus),
    column('Roles', () => '<none>'),
    AGE,
    column('Version', textAt('.status.nodeInfo.kubeletVersion')),
  ],
  Namespace: [NAME, column('Status', textAt('.status.phase')), AGE],
  Service: [
    NAME,
    column('Type', textAt('.spec.type', 'ClusterIP')),
    column('Cluster-IP', textAt('.spec.clusterIP')),
    column('External-IP', () => '<none>'),
    column('Port(s)', ports),
    AGE,
  ],
  StatefulSet: [
    NAME,
    column('Ready', (set) => `${numberAt('.status.readyReplicas')(set)}/${numberAt('.spec.replicas')(set)}`),
    AGE,
  ],
  Deployment: [
    NAME,
    column('Ready', (set) => `${numberAt('.status.readyReplicas')(set)}/${numberAt('.spec.replicas')(set)}`),
    column('Up-to-date', numberAt('.status.updatedReplicas'), { type: 'integer' }),
    column('Available', numberAt('.status.availableReplicas'), { type: 'integer' }),
    AGE,
  ],
  Lease: [NAME, column('Holder', (lease) => (lease as Lease).spec?.holderIdentity ?? ''), AGE],
  EndpointSlice: [
    NAME,
    column('AddressType', textAt('.addressType')),
    column('Ports', slicePorts),
    column('Endpoints', sliceEndpoints),
    AGE,
  ],
  PodDisruptionBudget: [
    NAME,
    column('Min Available', textAt('.spec.minAvailable', 'N/A')),
    column('Max Unavailable', textAt('.spec.maxUnavailable', 'N/A')),
    column('Allowed Disruptions', numberAt('.status.disruptionsAllowed'), { type: 'integer' }),
    AGE,
  ],
  Secret: [
    NAME,
    column('Type', textAt('.type', 'Opaque')),
    column('Data', (secret) => Object.keys(at(secret, '.data') ?? {}).length, { type: 'integer' }),
    AGE,
  ],
  ConfigMap: [NAME, column('Data', (map) => Object.keys(at(map, '.data') ?? {}).length, { type: 'integer' }), AGE],
  Event: eventColumns,
  CustomResourceDefinition: [NAME, column('Created At', ({ metadata }) => metadata.creationTimestamp ?? '')],
};

export const columnsOf = (kind: string): readonly Column[] => COLUMNS[kind] ?? PLAIN;
