import { annotations, GROUP, KIND, labels, OPERATOR_FIELD_MANAGER, PLAIN, VERSION } from '../../api/names.ts';
import type { Component, Member } from '../../api/names.ts';
import type { KubernetesObject, ObjectMeta, OwnerReference } from '../../kube/kubernetes-object.ts';
import type { Resource } from '../../kube/resource.ts';
import { hashOf } from '../hash.ts';

/** Which ImpalaCluster an object belongs to. */
export interface ClusterIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object as it should be: what server-side apply is given, without what the operator leaves to others. */
export interface DesiredObject<T extends KubernetesObject = KubernetesObject> {
  readonly resource: Resource;
  readonly body: T;
}

/** What an object is part of; nothing for the objects that all components share. */
export interface Part {
  readonly component?: Component;
  readonly member?: Member | typeof PLAIN;
}

/** The labels that select the pods of a component, or of one member. They never change: a StatefulSet's selector cannot. */
export function selectorLabels(
  cluster: ClusterIdentity,
  component: Component,
  member?: Part['member'],
): Record<string, string> {
  return {
    [labels.cluster]: cluster.name,
    [labels.impalaComponent]: component,
    ...(member && { [labels.member]: member }),
  };
}

export function objectLabels(cluster: ClusterIdentity, part: Part): Record<string, string> {
  return {
    [labels.name]: 'impala',
    [labels.instance]: cluster.name,
    [labels.managedBy]: OPERATOR_FIELD_MANAGER,
    [labels.cluster]: cluster.name,
    ...(part.component && { [labels.component]: part.component, [labels.impalaComponent]: part.component }),
    ...(part.member && { [labels.member]: part.member }),
  };
}

export function ownerReference(cluster: ClusterIdentity): OwnerReference {
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    name: cluster.name,
    uid: cluster.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/**
 * Completes an object: its type, name, labels, owner, and the hash of all that, by which an unchanged object is known
 * without comparing it field by field.
 */
export function desired<T extends KubernetesObject>(
  resource: Resource,
  cluster: ClusterIdentity,
  part: Part,
  content: Omit<T, 'metadata' | 'apiVersion' | 'kind'> & {
    metadata: Pick<ObjectMeta, 'name' | 'labels' | 'annotations'>;
  },
): DesiredObject<T> {
  const body = {
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    ...content,
    metadata: {
      ...content.metadata,
      namespace: cluster.namespace,
      labels: { ...objectLabels(cluster, part), ...content.metadata.labels },
      ownerReferences: [ownerReference(cluster)],
    },
  };
  return { resource, body: stamped(body as unknown as T) };
}

/** The object with the hash of itself: the one way by which a field that is no longer stated makes a difference. */
export function stamped<T extends KubernetesObject>(object: T): T {
  const { [annotations.applied]: _, ...own } = object.metadata.annotations ?? {};
  const { annotations: __, ...metadata } = object.metadata;
  const plain = { ...object, metadata: { ...metadata, ...(Object.keys(own).length > 0 && { annotations: own }) } };
  return { ...plain, metadata: { ...plain.metadata, annotations: { ...own, [annotations.applied]: hashOf(plain) } } };
}
