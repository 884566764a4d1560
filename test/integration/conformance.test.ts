import { afterAll, beforeAll, describe } from '@jest/globals';
import { EmbeddedApiServer } from '../../src/embedded/embedded-api-server.ts';
import { EmbeddedHttpServer } from '../../src/embedded/http/embedded-http-server.ts';
import { namespaces } from '../../src/embedded/kinds/builtin-kinds.ts';
import { sleep, systemClock } from '../../src/kube/clock.ts';
import { RestClient } from '../../src/kube/rest-client.ts';
import { conformance } from '../conformance/conformance.ts';

describe('the embedded API server over HTTP', () => {
  const server = new EmbeddedApiServer({
    clock: systemClock,
    random: Math.random,
    garbageCollectionDelay: 50,
    namespacesMustExist: true,
  });
  const http = new EmbeddedHttpServer({ server, clock: systemClock, basePath: '/conformance' });
  const clients = new Map<string, RestClient>();
  beforeAll(async () => {
    await server.client('setup').create({ resource: namespaces }, { metadata: { name: 'conformance-test' } });
    await http.start();
  });
  afterAll(async () => {
    for (const client of clients.values()) client.close();
    await http.stop();
  });
  conformance({
    namespace: 'conformance-test',
    client: (user) => {
      const client = clients.get(user) ?? new RestClient({ server: http.url }, { userAgent: user });
      clients.set(user, client);
      return client;
    },
    settle: (promise) => promise,
    pause: (duration) => sleep(systemClock, duration),
  });
});
