import type { KubernetesObject } from '../../kube/kubernetes-object.ts';
import { isFields } from '../json.ts';
import type { ServedKind } from '../kinds/served-kind.ts';
import { labelSelectorText } from '../label-selector.ts';
import { badRequest, StatusError } from '../status-error.ts';
import { atJsonPath } from './cells.ts';

const UNSUPPORTED = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource');

/** autoscaling/v1 Scale of an object. */
export function readScale({ scale }: ServedKind, object: KubernetesObject): object {
  if (scale === undefined) throw UNSUPPORTED();
  const selector = atJsonPath(object, `.${scale.selector}`);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(atJsonPath(object, `.${scale.specReplicas}`) ?? 0) },
    status: {
      replicas: Number(atJsonPath(object, `.${scale.statusReplicas}`) ?? 0),
      selector: isFields(selector) ? labelSelectorText(selector) : (selector ?? ''),
    },
  };
}

/** The merge patch that a Scale amounts to. */
export function writeScale({ scale }: ServedKind, wanted: unknown): object {
  if (scale === undefined) throw UNSUPPORTED();
  const replicas = atJsonPath(wanted, '.spec.replicas');
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw badRequest('spec.replicas must be a whole number of at least 0');
  }
  const version = atJsonPath(wanted, '.metadata.resourceVersion');
  const metadata = typeof version === 'string' && version !== '' ? { metadata: { resourceVersion: version } } : {};
  const content = scale.specReplicas
    .split('.')
    .reverse()
    .reduce<unknown>((value, field) => ({ [field]: value }), replicas);
  return { ...metadata, ...(content as object) };
}
