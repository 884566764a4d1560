import { readFile } from 'node:fs/promises';
import { systemClock, type Clock, type Milliseconds } from './clock.ts';
import type { ConnectionConfiguration } from './connection-configuration.ts';

/** Where kubelet mounts a service account's token, authority and namespace. */
const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Kubelet renews a token well before it ends (client-go reads it once a minute too). */
const TOKEN_AGE: Milliseconds = 60_000;

export interface InClusterOptions {
  directory?: string;
  environment?: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
}

/**
 * The connection of a process that runs in a pod with a service account.
 * @throws Error when it does not, or its files cannot be read
 */
export async function inClusterConfiguration(options: InClusterOptions = {}): Promise<ConnectionConfiguration> {
  const { directory = SERVICE_ACCOUNT_DIRECTORY, environment = process.env, clock = systemClock } = options;
  const host = environment.KUBERNETES_SERVICE_HOST;
  const port = environment.KUBERNETES_SERVICE_PORT;
  if (!host || !port) {
    throw new Error('not in a Kubernetes pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
  }
  const token = new ServiceAccountToken(`${directory}/token`, clock);
  await token.read();
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await readFile(`${directory}/ca.crt`, 'utf8'),
    headers: async () => ({ Authorization: `Bearer ${await token.read()}` }),
    onUnauthorized: () => token.expire(),
  };
}

/**
 * The namespace of the pod's service account.
 * @throws Error when the file cannot be read
 */
export async function inClusterNamespace(directory: string = SERVICE_ACCOUNT_DIRECTORY): Promise<string> {
  return (await readFile(`${directory}/namespace`, 'utf8')).trim();
}

/** A token in a file that its owner replaces from time to time. */
class ServiceAccountToken {
  readonly #path: string;
  readonly #clock: Clock;
  #token: string | undefined;
  #readAt: Milliseconds = -Infinity;
  #reading: Promise<string> | undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** @throws Error when the file cannot be read and never could */
  async read(): Promise<string> {
    if (this.#token !== undefined && this.#clock.now() - this.#readAt < TOKEN_AGE) return this.#token;
    this.#reading ??= this.#readFile().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /** The server refused it: the next use reads the file first. */
  expire(): void {
    this.#readAt = -Infinity;
  }

  async #readFile(): Promise<string> {
    const startedAt = this.#clock.now();
    try {
      const token = (await readFile(this.#path, 'utf8')).trim();
      if (token === '') throw new Error(`${this.#path} is empty`);
      this.#token = token;
      this.#readAt = startedAt;
      return token;
    } catch (error) {
      // The one we have may still be good, and the server is the judge of that.
      if (this.#token !== undefined) return this.#token;
      throw error;
    }
  }
}
