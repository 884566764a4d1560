import type { V1VolumeProjection } from '@kubernetes/client-node';
import type { ConfigurationSource } from '../../api/configuration.ts';
import type { ImpalaClusterSpec } from '../../api/impala-cluster.ts';
import { annotations, names } from '../../api/names.ts';
import type { OwnerReference } from '../../kube/kubernetes-object.ts';
import { configMaps, secrets } from '../../kube/resource.ts';
import { hashOf } from '../hash.ts';
import type { ConfigMap, Secret } from '../kubernetes-types.ts';
import { desired, objectLabels } from './metadata.ts';
import type { ClusterIdentity, DesiredObject } from './metadata.ts';

/** First on the daemons' class path, and empty in the images. */
export const CONFIGURATION_DIRECTORY = '/opt/impala/conf';

/** What a ConfigMap or Secret of the user's contains, as it was read. */
export interface SourceContent {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  /** Of a ConfigMap: what is no text, in base64. */
  readonly binaryData: Readonly<Record<string, string>>;
}

/**
 * All files of a configuration at one moment. They are mounted from objects of the operator's that never change and have
 * the hash of everything in their names: a change makes other objects, and so another template. What is not updated yet
 * comes back with the files it had.
 */
export interface MountedConfiguration {
  readonly hash: string;
  /** The ConfigMap with the files of the spec, perhaps none: the copies belong to it and go with it. */
  readonly root: DesiredObject<ConfigMap>;
  /** In the order in which they are mounted: of two files of one name kubelet takes the later. */
  readonly copies: readonly ConfigurationCopy[];
}

export interface ConfigurationCopy {
  readonly name: string;
  readonly source: SourceContent;
}

/** @returns nothing for a cluster without any */
export function mountedConfiguration(
  cluster: ClusterIdentity,
  { configuration }: ImpalaClusterSpec,
  sources: readonly SourceContent[],
): MountedConfiguration | undefined {
  const files = configuration?.files ?? {};
  if (Object.keys(files).length === 0 && sources.length === 0) return undefined;
  const hash = hashOf({ files, sources });
  const metadata = { name: names.configuration(cluster.name, hash) };
  return {
    hash,
    root: desired<ConfigMap>(configMaps, cluster, {}, { metadata, immutable: true, ...some({ data: files }) }),
    copies: sources.map((source, index) => ({ name: names.configurationCopy(cluster.name, hash, index), source })),
  };
}

/** Where the files come from: those of the spec itself last, so that they win. */
export function projections({ root, copies }: MountedConfiguration): V1VolumeProjection[] {
  const copied = copies.map(({ name, source }): V1VolumeProjection =>
    source.kind === 'Secret' ? { secret: { name } } : { configMap: { name } },
  );
  return [...copied, { configMap: { name: root.body.metadata.name } }];
}

/** The copy as an object. It belongs to the root, with which the garbage collector takes it. */
export function copiedObject(
  cluster: ClusterIdentity,
  { name, source }: ConfigurationCopy,
  root: { readonly name: string; readonly uid: string },
): DesiredObject<ConfigMap | Secret> {
  const owner: OwnerReference = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...root,
    controller: true,
    blockOwnerDeletion: false,
  };
  const metadata = {
    name,
    namespace: cluster.namespace,
    labels: objectLabels(cluster, {}),
    annotations: { [annotations.copyOf]: `${source.kind} ${source.name}` },
    ownerReferences: [owner],
  };
  const { data, binaryData } = source;
  const resource = source.kind === 'Secret' ? secrets : configMaps;
  const { apiVersion, kind } = resource;
  const content = source.kind === 'Secret' ? { type: 'Opaque', ...some({ data }) } : some({ data, binaryData });
  return { resource, body: { apiVersion, kind, metadata, immutable: true, ...content } };
}

/** The API server does not store empty maps. */
function some<T extends Record<string, Readonly<Record<string, string>>>>(maps: T): Partial<T> {
  return Object.fromEntries(Object.entries(maps).filter(([, map]) => Object.keys(map).length > 0)) as Partial<T>;
}

/** What an entry of `configuration.from` names. */
export function sourceReference({ configMap, secret }: ConfigurationSource): Pick<SourceContent, 'kind' | 'name'> {
  return secret ? { kind: 'Secret', name: secret.name } : { kind: 'ConfigMap', name: configMap?.name ?? '' };
}
