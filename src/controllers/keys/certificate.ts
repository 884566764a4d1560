import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Milliseconds } from '../../kube/clock.ts';

/** A certificate, with what the decisions about it go by. */
export interface Certificate {
  readonly pem: string;
  /** Tells certificates apart. */
  readonly fingerprint: string;
  /** Wall clock, milliseconds since 1970. */
  readonly notBefore: Milliseconds;
  readonly notAfter: Milliseconds;
  /** The alternative names, as in `DNS:sales-catalog.shop`. */
  readonly names: string;
  /** Whether it may sign others. */
  readonly isAuthority: boolean;
}

/** A certificate and its private key. */
export interface KeyPair {
  readonly certificate: Certificate;
  /** PKCS #8, PEM. It must not get into a log, an event, a status or an error's message. */
  readonly privateKey: string;
}

/** The certificate in a PEM text, or nothing when there is none that can be read. */
export function readCertificate(pem: string | undefined): Certificate | undefined {
  const parsed = pem === undefined ? undefined : parse(pem);
  if (parsed === undefined) return undefined;
  return {
    pem: parsed.toString(),
    fingerprint: parsed.fingerprint256,
    notBefore: parsed.validFromDate.getTime(),
    notAfter: parsed.validToDate.getTime(),
    names: parsed.subjectAltName ?? '',
    isAuthority: parsed.ca,
  };
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** All certificates in a PEM text that can be read, each once. */
export function readCertificates(pem: string | undefined): Certificate[] {
  const found = (pem?.match(BLOCK) ?? []).map(readCertificate).filter((certificate) => certificate !== undefined);
  return [...new Map(found.map((certificate) => [certificate.fingerprint, certificate])).values()];
}

/** A certificate and its key, or nothing when one of them cannot be read or they do not belong together. */
export function readKeyPair(certificate: string | undefined, privateKey: string | undefined): KeyPair | undefined {
  const read = readCertificate(certificate);
  if (read === undefined || privateKey === undefined) return undefined;
  try {
    const fits = new X509Certificate(read.pem).checkPrivateKey(createPrivateKey(privateKey));
    return fits ? { certificate: read, privateKey } : undefined;
  } catch {
    // The message might show what could not be read.
    return undefined;
  }
}

/** Whether one certificate was signed by the other's key. */
export function isSignedBy(certificate: Certificate, authority: Certificate): boolean {
  const [signed, signer] = [parse(certificate.pem), parse(authority.pem)];
  return signed !== undefined && signer !== undefined && signed.checkIssued(signer) && signed.verify(signer.publicKey);
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
