import { readFile } from 'node:fs/promises';
import type https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ConnectionConfiguration } from './connection-configuration.ts';

/** What a kubeconfig says: the connection, and the namespace of its current context. */
export interface KubeconfigConfiguration {
  readonly connection: ConnectionConfiguration;
  readonly namespace: string;
}

/**
 * The kubeconfig that kubectl would use: that of KUBECONFIG, then ~/.kube/config.
 * @param choice another file, or another context than the current one
 * @throws Error when there is no such file or context
 */
export function loadKubeconfig(choice: { file?: string; context?: string } = {}): KubeConfig {
  const config = new KubeConfig();
  if (choice.file === undefined) config.loadFromDefault();
  else config.loadFromFile(choice.file);
  if (choice.context !== undefined) {
    if (config.getContextObject(choice.context) === null) {
      throw new Error(`the kubeconfig has no context ${choice.context}: kubectl config get-contexts lists them`);
    }
    config.setCurrentContext(choice.context);
  }
  return config;
}

/**
 * The connection that the current context of a kubeconfig names. Tokens and what exec plugins and other providers give
 * are asked of client-node before each request; a client certificate that a plugin gives is asked for once.
 * @throws Error when there is no current context, or it needs a proxy, which is not supported
 */
export async function kubeconfigConfiguration(config: KubeConfig = loadKubeconfig()): Promise<KubeconfigConfiguration> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current context, or it names no cluster');
  if (cluster.proxyUrl !== undefined) {
    throw new Error(`cluster ${cluster.name} of the kubeconfig has a proxy-url, which is not supported`);
  }
  const options = await authenticated(config);
  const ca = await pem(cluster.caFile, cluster.caData);
  const cert = text(options.cert);
  const key = text(options.key);
  const connection: ConnectionConfiguration = {
    server: cluster.server,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
    ...(cluster.skipTLSVerify ? { skipTlsVerify: true } : {}),
    headers: async () => headersOf(await authenticated(config)),
  };
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return { connection, namespace: namespace ?? 'default' };
}

async function authenticated(config: KubeConfig): Promise<https.RequestOptions> {
  const options: https.RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

function headersOf(options: https.RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name] = value;
  }
  if (typeof options.auth === 'string') {
    headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

async function pem(file: string | undefined, base64: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return readFile(file, 'utf8');
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}

function text(value: https.RequestOptions['cert'] | https.RequestOptions['key']): string | undefined {
  if (typeof value === 'string') return value;
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}
