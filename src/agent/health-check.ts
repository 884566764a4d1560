import { get } from 'node:http';
import type { Milliseconds } from '../kube/clock.ts';

/**
 * One health check of the daemon beside us: /healthz on its metrics port, which asks for no credentials and takes no lock
 * of the daemon's, nor goes through its JVM. Never throws.
 */
export function checkHealth(port: number, timeout: Milliseconds): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/healthz', agent: false, signal: AbortSignal.timeout(timeout) },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode === 200));
        response.on('error', () => resolve(false));
      },
    );
    request.on('error', () => resolve(false));
  });
}
