import type { ObjectReference } from '../kube/kubernetes-api.ts';
import type { KubernetesObject } from '../kube/kubernetes-object.ts';
import type { KindRules } from './kind-rules.ts';
import { metadataCauses, type StoredMeta } from './metadata-rules.ts';
import { badRequest, conflict, internalError, invalid } from './status-error.ts';
import type { StoredObject } from './versioned-store.ts';

/** What a request names, and the part of the object that it may write. */
export type Target = ObjectReference & { readonly subresource?: 'status' | undefined };

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

/** Whether the body is of the kind, and says the place, that the request names. @throws StatusError 400 */
export function checkAddress(target: Target, body: KubernetesObject): void {
  const { resource, namespace, name } = target;
  const { apiVersion = resource.apiVersion, kind = resource.kind } = body;
  if (apiVersion !== resource.apiVersion || kind !== resource.kind) {
    throw badRequest(`${kind} in version ${apiVersion} cannot be handled as a ${resource.kind}`);
  }
  const { name: ownName = name, namespace: ownNamespace = namespace } = body.metadata;
  if (ownName !== name) {
    throw badRequest(`the name of the object (${ownName}) does not match the name on the URL (${name})`);
  }
  if (ownNamespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

/** Whether the object is the one of this uid, where one is given. @throws StatusError 409 */
export function checkUid(target: ObjectReference, uid: string, stored: StoredObject | undefined): void {
  const actual = stored?.object.metadata.uid ?? '';
  if (uid === '' || uid === actual) return;
  throw conflict(target, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actual}`);
}

/** As a patch of the metadata, a uid is no precondition but a field that cannot be changed: 422 instead of 409. */
export function checkSameUid(target: ObjectReference, uid = '', { object }: StoredObject): void {
  if (uid === '' || uid === object.metadata.uid) return;
  throw invalid(target, [{ field: 'metadata.uid', message: `Invalid value: "${uid}": field is immutable` }]);
}

/** Whether the object is still as it was read, where a version is given. @throws StatusError 409 */
export function checkVersion(target: ObjectReference, version: string, { object }: StoredObject): void {
  if (version === '' || version === '0') return;
  if (!/^\d+$/.test(version)) throw internalError(`resource version ${JSON.stringify(version)} is no number`);
  if (version !== object.metadata.resourceVersion) throw conflict(target, MODIFIED);
}

/** Only a DELETE begins a deletion. Once it has begun, it is not the clients' to change, and what they send is ignored. */
export function checkNotMarked(target: ObjectReference, { metadata }: KubernetesObject, old: StoredMeta): void {
  if (old.deletionTimestamp !== undefined || metadata.deletionTimestamp === undefined) return;
  const message = `Invalid value: "${metadata.deletionTimestamp}": field is immutable`;
  throw invalid(target, [{ field: 'metadata.deletionTimestamp', message }]);
}

/** Whether the object keeps the rules of its kind. @throws StatusError 422 */
export function checkValid(
  rules: KindRules,
  target: Target,
  object: KubernetesObject,
  previous: KubernetesObject | undefined,
): void {
  const causes = [
    ...metadataCauses(object.metadata, previous?.metadata),
    ...(rules.validate?.(object, previous) ?? []),
  ];
  if (causes.length > 0) throw invalid(target, causes);
}
