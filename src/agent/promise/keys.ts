import { constants, X509Certificate } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { DetailedPeerCertificate, SecureContext, SecureContextOptions } from 'node:tls';
import { sleep } from '../../kube/clock.ts';
import type { Clock, Milliseconds } from '../../kube/clock.ts';

/** The keys of a pair as one version of the Secret has them, checked. They must not get into a log. */
export interface Keys {
  /** For the end that listens. */
  readonly options: SecureContextOptions;
  /** For the end that connects. */
  readonly context: SecureContext;
  /** Wall clock. */
  readonly expires: Date;
}

/** How often kubelet's link is looked at: kubelet itself takes up to two minutes. */
const LOOK: Milliseconds = 10_000;
/** How often while there are no keys. */
const FIRST_LOOK: Milliseconds = 1_000;

export interface KeyFilesOptions {
  /** Where kubelet has mounted the Secret. */
  readonly directory: string;
  /** What both ends have to be called in their certificates. */
  readonly name: string;
  readonly clock: Clock;
  readonly onChange: (keys: Keys) => void;
  /** Told once of each thing that is wrong with the files; the last good keys stay in use. */
  readonly onProblem: (problem: string) => void;
}

/**
 * Whether a peer's certificate, whose chain is verified already, is one of this pair's: it has that one name and no
 * other.
 */
export const isOfPair = (peer: Pick<DetailedPeerCertificate, 'subjectaltname'> | undefined, name: string): boolean =>
  peer?.subjectaltname === `DNS:${name}`;

/** The keys in a mounted Secret, read anew whenever kubelet brings others. */
export class KeyFiles {
  readonly #options: KeyFilesOptions;
  #keys: Keys | undefined;
  #version: string | undefined;
  #problem: string | undefined;

  constructor(options: KeyFilesOptions) {
    this.#options = options;
  }

  /** Nothing as long as there were no good ones. */
  get current(): Keys | undefined {
    return this.#keys;
  }

  /** Looks at the files until aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await sleep(this.#options.clock, this.#keys === undefined ? FIRST_LOOK : LOOK, signal);
    }
  }

  /** Takes over what kubelet has brought since the last look, if it is good. Never throws. */
  async look(): Promise<void> {
    const { directory, name, onChange, onProblem } = this.#options;
    try {
      // Kubelet brings all files of a version at once, by turning this link to another directory.
      const version = await readlink(join(directory, '..data'));
      if (version === this.#version) return;
      const keys = await readKeys(join(directory, version), name);
      this.#version = version;
      this.#problem = undefined;
      this.#keys = keys;
      onChange(keys);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.#problem) onProblem(problem);
      this.#problem = problem;
    }
  }
}

/** @throws Error that says what is wrong with the files, without what is in them */
async function readKeys(directory: string, name: string): Promise<Keys> {
  const read = (file: string): Promise<string> => readFile(join(directory, file), 'latin1');
  const [ca, cert, key] = [await read('ca.crt'), await read('tls.crt'), await read('tls.key')];
  const certificate = new X509Certificate(cert);
  if (certificate.subjectAltName !== `DNS:${name}`) {
    throw new Error(`the certificate is made out to ${certificate.subjectAltName ?? 'nobody'}, not to ${name}`);
  }
  const options: SecureContextOptions = {
    ca,
    cert,
    key,
    minVersion: 'TLSv1.3',
    // A session taken up again would not look at the certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  return { options, context: createSecureContext(options), expires: certificate.validToDate };
}
