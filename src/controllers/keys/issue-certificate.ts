import { webcrypto } from 'node:crypto';
import type { Milliseconds } from '../../kube/clock.ts';
import { GROUP } from '../../api/names.ts';
import { readKeyPair } from './certificate.ts';
import type { KeyPair } from './certificate.ts';
import { AUTHORITY_LIFE, CERTIFICATE_LIFE } from './renewal.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Clocks of nodes that are behind by less find a new certificate valid. */
const BACKDATING: Milliseconds = 60 * 60_000;

/** Loaded only when a certificate is made, which is rare: it takes several MiB. */
async function library(): Promise<typeof import('@peculiar/x509')> {
  // It asks for this polyfill, which has to be there first.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const validity = (now: Milliseconds, life: Milliseconds): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(now - BACKDATING),
  notAfter: new Date(now - BACKDATING + life),
});

/** Makes an authority that signs itself. */
export async function makeAuthority(now: Milliseconds): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  // Of two authorities of one name only one would be tried.
  const serial = Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex');
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: `O=${GROUP},CN=authority ${serial}`,
    ...validity(now, AUTHORITY_LIFE),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return keyPair(made.toString('pem'), keys.privateKey);
}

/** Makes a certificate for both ends of the connections between a pair's agents. */
export async function issueCertificate(authority: KeyPair, name: string, now: Milliseconds): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const signer = new x509.X509Certificate(authority.certificate.pem);
  const der = Buffer.from(authority.privateKey.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
  const made = await x509.X509CertificateGenerator.create({
    subject: `O=${GROUP},CN=agent`,
    issuer: signer.subject,
    ...validity(now, CERTIFICATE_LIFE),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
    ],
  });
  return keyPair(made.toString('pem'), keys.privateKey);
}

async function keyPair(certificate: string, privateKey: webcrypto.CryptoKey): Promise<KeyPair> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
  const pair = readKeyPair(certificate, pem);
  if (pair === undefined) throw new Error('a certificate that was just made cannot be read');
  return pair;
}
