import { names } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import type { EndpointSlice } from '../../kube/kubernetes-object.ts';
import { endpointSlices } from '../../kube/resource.ts';
import { desired } from './metadata.ts';
import type { ClusterIdentity, DesiredObject } from './metadata.ts';
import type { NamedPort } from './services.ts';

/** The label that ties a slice to its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
/** The label by which slice controllers know their own; none of them touches a slice that names us. */
export const SLICE_MANAGER_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const SLICE_MANAGER = 'impala-operator.dev';

/**
 * The slice of a pair's Service, less `endpoints` and the term: those are the agents', and an apply that does not name
 * them leaves them alone. Every port of the Service must be here by the same name, or it leads nowhere.
 */
export function endpointSlice(
  cluster: ClusterIdentity,
  component: PairComponent,
  ports: readonly NamedPort[],
): DesiredObject<EndpointSlice> {
  const name = names.pair(cluster.name, component);
  return desired<EndpointSlice>(
    endpointSlices,
    cluster,
    { component },
    {
      metadata: { name, labels: { [SERVICE_NAME_LABEL]: name, [SLICE_MANAGER_LABEL]: SLICE_MANAGER } },
      addressType: 'IPv4',
      ports: ports.map(({ name, port }) => ({ name, port, protocol: 'TCP' })),
    },
  );
}
