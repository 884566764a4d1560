import { get } from 'node:http';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-client.ts';
import type { Pod } from './observer/protocol.ts';

const PORT = { statestore: 25010, catalog: 25020, impalad: 25000 };

export interface WebAddress {
  namespace: string;
  pod: string;
  ip: string;
  port: number;
}

/** The address of the web pages of the daemon in a pod (its name tells which one); undefined while it has none. */
export function webAddress(pod: Pod): WebAddress | undefined {
  const { name, namespace = '' } = pod.metadata;
  const ip = pod.status.podIP;
  const component = /-(statestore|catalog)-[ab]-0$/.exec(name)?.[1] as 'statestore' | 'catalog' | undefined;
  return ip === undefined ? undefined : { namespace, pod: name, ip, port: PORT[component ?? 'impalad'] };
}

export interface WebAnswer {
  status: number;
  body: string;
}

/**
 * Reads a page of a pod: directly where the pods' network can be reached, through the API server elsewhere.
 * @param timeout for the whole answer, in milliseconds
 */
export function podPage(via: ApiClient | 'direct', address: WebAddress, path: string, timeout: number) {
  return via === 'direct' ? directly(address, path, timeout) : throughApiServer(via, address, path, timeout);
}

function directly(address: WebAddress, path: string, timeout: number): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout);
    const call = get({ host: address.ip, port: address.port, path, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    call.on('error', reject);
  });
}

async function throughApiServer(
  api: ApiClient,
  { namespace, pod, port }: WebAddress,
  path: string,
  timeout: number,
): Promise<WebAnswer> {
  try {
    const body = await api.text(`/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`, timeout);
    return { status: 200, body };
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, body: error.message };
    throw error;
  }
}
