import { annotations } from '../../api/names.ts';
import type { PairComponent } from '../../api/names.ts';
import { secrets } from '../../kube/resource.ts';
import type { Secret } from '../kubernetes-types.ts';
import { objectLabels, ownerReference } from '../build/metadata.ts';
import type { ClusterIdentity } from '../build/metadata.ts';
import { readCertificates, readKeyPair } from './certificate.ts';
import type { StoredKeys } from './renewal.ts';

/** Which Secret is to be written. */
export interface SecretPlace {
  readonly cluster: ClusterIdentity;
  readonly name: string;
  /** What is there now. */
  readonly live: Secret | undefined;
  /** Absent for what all pairs share. */
  readonly component?: PairComponent;
}

/** One of a Secret's texts. */
export const textOf = (secret: Secret | undefined, key: string): string | undefined => {
  const encoded = secret?.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('latin1');
};

/** What of the Secret of a pair's keys can be used. */
export function storedKeys(secret: Secret | undefined): StoredKeys {
  const changed = Date.parse(secret?.metadata.annotations?.[annotations.keysChanged] ?? '');
  return {
    pair: readKeyPair(textOf(secret, 'tls.crt'), textOf(secret, 'tls.key')),
    trusted: readCertificates(textOf(secret, 'ca.crt')),
    changed: Number.isNaN(changed) ? undefined : changed,
  };
}

/** The Secret with these texts and no others. What others have written onto its metadata stays. */
export function keysSecret(
  { cluster, name, live, component }: SecretPlace,
  texts: Record<string, string>,
  changed: Date,
): Secret {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'latin1').toString('base64')]),
  );
  return {
    apiVersion: secrets.apiVersion,
    kind: secrets.kind,
    // It cannot be changed.
    type: live?.type ?? 'kubernetes.io/tls',
    metadata: {
      ...live?.metadata,
      name,
      namespace: cluster.namespace,
      labels: { ...live?.metadata.labels, ...objectLabels(cluster, { ...(component && { component }) }) },
      annotations: { ...live?.metadata.annotations, [annotations.keysChanged]: changed.toISOString() },
      ownerReferences: live?.metadata.ownerReferences ?? [ownerReference(cluster)],
    },
    data,
  };
}
