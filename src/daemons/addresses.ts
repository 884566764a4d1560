import { names } from '../api/names.ts';
import type { Component, PairComponent } from '../api/names.ts';

/** Where a cluster lives. */
export interface ClusterLocation {
  readonly cluster: string;
  readonly namespace: string;
  /** The Kubernetes cluster's DNS domain. */
  readonly clusterDomain: string;
}

/** The full name of the Service that follows a pair's active pod. */
export function pairAddress({ cluster, namespace, clusterDomain }: ClusterLocation, component: PairComponent): string {
  return `${shortPairAddress({ cluster, namespace }, component)}.${clusterDomain}`;
}

/** The same without the cluster domain: equal to the resolver, another address to who compares strings. */
export function shortPairAddress(
  { cluster, namespace }: Pick<ClusterLocation, 'cluster' | 'namespace'>,
  component: PairComponent,
): string {
  return `${names.pair(cluster, component)}.${namespace}.svc`;
}

/**
 * The full name of a pod, by its component's headless Service. Kubelet writes it to the pod's own /etc/hosts, so that a
 * daemon can resolve it before DNS knows it.
 */
export function podAddress(
  { cluster, namespace, clusterDomain }: ClusterLocation,
  component: Component,
  pod: string,
): string {
  return `${pod}.${names.headlessService(cluster, component)}.${namespace}.svc.${clusterDomain}`;
}
