import { beforeAll, describe } from '@jest/globals';
import { EmbeddedApiServer } from '../../../src/embedded/embedded-api-server.ts';
import { namespaces } from '../../../src/embedded/kinds/builtin-kinds.ts';
import { conformance } from '../../conformance/conformance.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { seededRandom } from './seeded-random.ts';

describe('the embedded API server', () => {
  const clock = new VirtualClock();
  const server = new EmbeddedApiServer({ clock, random: seededRandom(1), namespacesMustExist: true });
  beforeAll(() => server.client('setup').create({ resource: namespaces }, { metadata: { name: 'conformance-test' } }));
  conformance({
    namespace: 'conformance-test',
    client: (user) => server.client(user),
    settle: (promise) => clock.settle(promise),
    pause: (duration) => clock.advance(duration),
  });
});
