import { OPERATOR_FIELD_MANAGER } from '../api/names.ts';
import { KubernetesApiError } from '../kube/kubernetes-api.ts';
import type { KubernetesApi } from '../kube/kubernetes-api.ts';
import type { Lease } from '../kube/kubernetes-object.ts';
import { leases } from '../kube/resource.ts';

/**
 * Writes one annotation of a Lease, or (without a value) takes back the one that it wrote, and touches nothing else. It
 * has a field manager of its own: what the operator applies otherwise does not bring it back, and it brings back nothing.
 * @param lease as it was read: when it has changed since, nothing is written
 * @returns false when the Lease has changed: it has to be read, and decided on, again
 * @throws KubernetesApiError
 */
export async function writeLeaseNote(
  api: KubernetesApi,
  lease: Lease,
  annotation: string,
  value: object | undefined,
): Promise<boolean> {
  const { name, namespace = '', uid, resourceVersion } = lease.metadata;
  const metadata = { name, namespace, uid, resourceVersion };
  const body = {
    apiVersion: leases.apiVersion,
    kind: leases.kind,
    metadata: value === undefined ? metadata : { ...metadata, annotations: { [annotation]: JSON.stringify(value) } },
  };
  const [, word = annotation] = annotation.split('/');
  try {
    const fieldManager = `${OPERATOR_FIELD_MANAGER}-${word}`;
    await api.apply({ resource: leases, namespace, name }, body, { fieldManager, force: true });
    return true;
  } catch (error) {
    const changed = error instanceof KubernetesApiError && (error.reason === 'Conflict' || error.reason === 'NotFound');
    if (changed) return false;
    throw error;
  }
}
