import { names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import type { ClusterIdentity } from '../../../src/controllers/build/metadata.ts';
import { issueCertificate, makeAuthority } from '../../../src/controllers/keys/issue-certificate.ts';
import { keysSecret } from '../../../src/controllers/keys/keys-secret.ts';
import type { Secret } from '../../../src/controllers/kubernetes-types.ts';
import { keyName } from '../../../src/daemons/agent-configuration.ts';

const NAMESPACE = 'default';
const CLUSTER = 'impala';
const MADE = new Date(Date.UTC(2026, 0, 1));

async function makeTexts(): Promise<Map<string, Record<string, string>>> {
  const authority = await makeAuthority(MADE.getTime());
  const texts = new Map<string, Record<string, string>>();
  texts.set(names.certificateAuthority(CLUSTER), {
    'tls.crt': authority.certificate.pem,
    'tls.key': authority.privateKey,
  });
  for (const component of PAIR_COMPONENTS) {
    const name = names.pair(CLUSTER, component);
    const keys = await issueCertificate(authority, keyName(name, NAMESPACE), MADE.getTime());
    texts.set(name, {
      'ca.crt': authority.certificate.pem,
      'tls.crt': keys.certificate.pem,
      'tls.key': keys.privateKey,
    });
  }
  return texts;
}

/** Made once for all worlds: it takes real time, which a simulated operator does not have. */
let made: ReturnType<typeof makeTexts> | undefined;

/** The Secrets with the keys of a cluster, as an operator has made them some time ago. */
export async function keysOf(cluster: ClusterIdentity): Promise<Secret[]> {
  made ??= makeTexts();
  return [...(await made)].map(([name, texts]) => {
    const component = PAIR_COMPONENTS.find((one) => names.pair(CLUSTER, one) === name);
    return keysSecret({ cluster, name, live: undefined, ...(component && { component }) }, texts, MADE);
  });
}
