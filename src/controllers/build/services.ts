import { names, PLAIN } from '../../api/names.ts';
import type { Component, PairComponent } from '../../api/names.ts';
import { services } from '../../kube/resource.ts';
import type { Route } from '../forms.ts';
import type { Service } from '../kubernetes-types.ts';
import { desired, selectorLabels } from './metadata.ts';
import type { ClusterIdentity, DesiredObject } from './metadata.ts';

export interface NamedPort {
  readonly name: string;
  readonly port: number;
}

const servicePorts = (ports: readonly NamedPort[]) =>
  ports.map(({ name, port }) => ({ name, port, targetPort: port, protocol: 'TCP' }));

/** What selects the pod that runs when a pair's high availability is off. */
export const plainSelector = (cluster: ClusterIdentity, component: PairComponent): Record<string, string> =>
  selectorLabels(cluster, component, PLAIN);

/**
 * The Service that follows a pair's active pod. It has no selector: its EndpointSlice is written by the holder of the
 * Lease. It has a cluster IP, so that a move reaches clients through kube-proxy and not through DNS caches. Where one
 * plain pod runs it selects that, ready or not: a catalogd's statestored connects back to it before it is.
 */
export function activeService(
  cluster: ClusterIdentity,
  component: PairComponent,
  ports: readonly NamedPort[],
  route: Route,
): DesiredObject<Service> {
  const plain = { selector: plainSelector(cluster, component), publishNotReadyAddresses: true };
  return desired<Service>(
    services,
    cluster,
    { component },
    {
      metadata: { name: names.pair(cluster.name, component) },
      spec: { type: 'ClusterIP', ...(route === 'plain' && plain), ports: servicePorts(ports) },
    },
  );
}

/**
 * Gives each pod of a component a name of its own. Names must resolve before the pods are ready: a daemon's statestored
 * connects back to it by name before it counts as ready.
 */
export function headlessService(
  cluster: ClusterIdentity,
  component: Component,
  ports: readonly NamedPort[],
): DesiredObject<Service> {
  return desired<Service>(
    services,
    cluster,
    { component },
    {
      metadata: { name: names.headlessService(cluster.name, component) },
      spec: {
        type: 'ClusterIP',
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: selectorLabels(cluster, component),
        ports: servicePorts(ports),
      },
    },
  );
}

/** How long a client stays with its coordinator: longer than Impala's sessions last unused is pointless. */
const SESSION_AFFINITY_SECONDS = 10_800;

/**
 * What clients connect to. A session lives in one coordinator, and HTTP clients open a connection per request: they must
 * come back to the same one.
 */
export function coordinatorService(cluster: ClusterIdentity, ports: readonly NamedPort[]): DesiredObject<Service> {
  return desired<Service>(
    services,
    cluster,
    { component: 'coordinator' },
    {
      metadata: { name: names.impalads(cluster.name, 'coordinator') },
      spec: {
        type: 'ClusterIP',
        selector: selectorLabels(cluster, 'coordinator'),
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: SESSION_AFFINITY_SECONDS } },
        ports: servicePorts(ports),
      },
    },
  );
}
