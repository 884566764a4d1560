import { createServer, type Server } from 'node:http';

export interface AgentServerParts {
  readonly port: number;
  readonly ready: () => boolean;
  readonly metrics: () => Promise<string>;
}

/**
 * /healthz, /readyz and /metrics. Whether the agent is healthy depends on itself alone: a liveness probe that asked for
 * the API server would restart every agent of a cluster in an outage.
 */
export function startAgentServer({ port, ready, metrics }: AgentServerParts): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain'): void => {
      response.writeHead(status, { 'Content-Type': type }).end(body);
    };
    switch (request.url) {
      case '/healthz':
        return answer(200, 'ok\n');
      case '/readyz':
        return ready() ? answer(200, 'ok\n') : answer(503, 'not ready\n');
      case '/metrics':
        metrics().then(
          (text) => answer(200, text, 'text/plain; version=0.0.4; charset=utf-8'),
          (error: unknown) => answer(500, String(error)),
        );
        return;
      default:
        return answer(404, 'not found\n');
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => resolve(server));
  });
}
