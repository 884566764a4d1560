import type { Server } from 'node:http';
import express from 'express';
import type { Registry } from 'prom-client';

export interface ServerOptions {
  readonly port: number;
  readonly registry: Registry;
  /** Why this replica cannot work yet, or no longer will; nothing when it is ready. */
  readonly unreadiness: () => string | undefined;
}

/**
 * Serves /healthz, /readyz and /metrics. /healthz says only that the process answers: it asks nothing of the API server,
 * whose outage no restart of ours would mend.
 * @throws Error when the port is taken
 */
export async function startServer({ port, registry, unreadiness }: ServerOptions): Promise<Server> {
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok\n');
  });
  app.get('/readyz', (_request, response) => {
    const reason = unreadiness();
    response
      .type('text/plain')
      .status(reason === undefined ? 200 : 503)
      .send(`${reason ?? 'ok'}\n`);
  });
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  return new Promise((resolve, reject) => {
    const server = app.listen(port, (error) => {
      if (error) reject(error);
      else resolve(server);
    });
  });
}

/** Takes no more requests, and ends the connections that are open. */
export function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
