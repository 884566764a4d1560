import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTls, createServer } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyFiles } from '../../../../src/agent/promise/keys.ts';
import { PromiseClient } from '../../../../src/agent/promise/promise-client.ts';
import type { PromiseAnswer, PromisePeer, PromiseRequest } from '../../../../src/agent/promise/promise-message.ts';
import { PromiseServer } from '../../../../src/agent/promise/promise-server.ts';
import { TlsPromises } from '../../../../src/agent/promise/tls-promises.ts';
import type { KeyPair } from '../../../../src/controllers/keys/certificate.ts';
import { issueCertificate, makeAuthority } from '../../../../src/controllers/keys/issue-certificate.ts';
import { systemClock } from '../../../../src/kube/clock.ts';
import type { Clock } from '../../../../src/kube/clock.ts';
import { MountedKeys, secretFiles } from './mounted-keys.ts';

const NAME = 'sales-catalog.shop';
const HOST = '127.0.0.1';
const TIMEOUT = 2_000;
const never = new AbortController().signal;

let authority: KeyPair;
let newAuthority: KeyPair;
let stranger: KeyPair;
let keys: KeyPair;

beforeAll(async () => {
  const now = Date.now();
  [authority, newAuthority, stranger] = await Promise.all([makeAuthority(now), makeAuthority(now), makeAuthority(now)]);
  keys = await issueCertificate(authority, NAME, now);
});

/** One agent's end, with keys of its own. */
class End {
  readonly mounted: MountedKeys;
  readonly files: KeyFiles;
  readonly server: PromiseServer;
  readonly asked: PromiseRequest[] = [];
  readonly problems: string[] = [];

  private constructor(mounted: MountedKeys) {
    this.mounted = mounted;
    this.server = new PromiseServer({
      host: HOST,
      port: 0,
      name: NAME,
      clock: systemClock,
      answer: (request) => {
        this.asked.push(request);
        return { kind: 'promised', round: request.round };
      },
      onProblem: (problem) => this.problems.push(problem),
    });
    this.files = new KeyFiles({
      directory: mounted.directory,
      name: NAME,
      clock: systemClock,
      onChange: (changed) => this.server.use(changed),
      onProblem: (problem) => this.problems.push(problem),
    });
  }

  static async with(own: KeyPair, ...trusted: KeyPair[]): Promise<End> {
    const mounted = await MountedKeys.empty();
    const end = new End(mounted);
    await end.bring(own, ...trusted);
    await eventually(() => end.server.port !== undefined);
    return end;
  }

  async bring(own: KeyPair, ...trusted: KeyPair[]): Promise<void> {
    await this.mounted.bringKeys(own, ...trusted);
    await this.files.look();
  }

  get port(): number {
    return this.server.port ?? 0;
  }

  async close(): Promise<void> {
    this.server.close();
    await this.mounted.remove();
  }
}

/** A clock on which the files and the port are looked at again at once. */
const impatient: Clock = {
  ...systemClock,
  setTimer: (delay, callback) => systemClock.setTimer([1_000, 5_000, 10_000].includes(delay) ? 20 : delay, callback),
};

async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 500) throw new Error(`it did not come about: ${String(holds)}`);
    await pause(10);
  }
}

const peer: PromisePeer = { pod: 'sales-catalog-b-0', uid: 'uid-b', address: HOST };
const request = (round: number, change: Partial<PromiseRequest> = {}): PromiseRequest => ({
  namespace: 'shop',
  pair: 'sales-catalog',
  to: peer.uid,
  from: { pod: 'sales-catalog-a-0', uid: 'uid-a' },
  round,
  records: [{ leaseUid: 'lease', resourceVersion: '7', holder: 'sales-catalog-a-0/uid-a/x' }],
  durationSeconds: 9,
  ...change,
});

let asker: End;
let answerer: End;
let client: PromiseClient;

const clientOf = (end: End): PromiseClient =>
  new PromiseClient({ port: answerer.port, name: NAME, clock: systemClock, keys: () => end.files.current });
const ask = (round: number, timeout = TIMEOUT) => client.ask(peer, request(round), timeout, never);

beforeEach(async () => {
  answerer = await End.with(keys, authority);
  asker = await End.with(keys, authority);
  client = clientOf(asker);
});

afterEach(async () => {
  client.close();
  await Promise.all([asker.close(), answerer.close()]);
  expect([...asker.problems, ...answerer.problems]).toEqual([]);
});

/** Whatever happened before: the right peer is answered. */
async function expectAnswers(round = 99): Promise<void> {
  expect(await ask(round)).toEqual({ kind: 'promised', round });
}

describe('an agent of the pair', () => {
  test('is answered', async () => {
    expect(await ask(1)).toEqual({ kind: 'promised', round: 1 });
    expect(answerer.asked).toEqual([request(1)]);
  });

  test('asks again over the same connection', async () => {
    for (let round = 1; round <= 5; round += 1) await expectAnswers(round);
    expect(answerer.server.connections).toBe(1);
  });

  test('asks one question at a time, however many there are at once', async () => {
    const answers = await Promise.all([1, 2, 3].map((round) => ask(round)));
    expect(answers.map(({ round }) => round)).toEqual([1, 2, 3]);
    expect(answerer.server.connections).toBe(1);
  });

  test('that comes back, with its connection lost, is answered at once', async () => {
    await ask(1);
    const { port } = answerer;
    await answerer.close();
    answerer = await End.with(keys, authority);
    client.close();
    client = clientOf(asker);
    expect(answerer.port).not.toBe(port);
    await expectAnswers();
  });

  test('asks over a new connection when the other end has closed the one that it kept', async () => {
    const { ca, cert, key } = tlsOptions(keys, authority);
    let asked = 0;
    const flighty = createServer({ ca, cert, key, requestCert: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => {
        asked += 1;
        if (asked === 2) socket.destroy();
        else socket.write('{"kind":"promised","round":5}\n');
      });
    });
    await new Promise<void>((resolve) => flighty.listen(0, HOST, resolve));
    const { port } = flighty.address() as AddressInfo;
    client = new PromiseClient({ port, name: NAME, clock: systemClock, keys: () => asker.files.current });
    await expectAnswers(5);
    await expectAnswers(5);
    expect(asked).toBe(3);
    client.close();
    flighty.close();
  });

  test('gets no answer from where nobody listens, and from who does not answer, in time', async () => {
    answerer.server.close();
    await expect(ask(1)).rejects.toThrow('ECONNREFUSED');
    await expect(client.ask({ ...peer, address: '192.0.2.1' }, request(2), 200, never)).rejects.toThrow();
  });

  test('does not wait for an answer when it is told to stop', async () => {
    const stopping = new AbortController();
    const asking = client.ask(peer, request(1), TIMEOUT, stopping.signal);
    stopping.abort();
    await expect(asking).rejects.toThrow('not asked to the end');
    await expect(client.ask(peer, request(1), TIMEOUT, AbortSignal.abort())).rejects.toThrow('not asked to the end');
    await expectAnswers();
  });
});

describe('who is not of the pair', () => {
  const cases: [string, () => Promise<[KeyPair, KeyPair]>][] = [
    ['has keys of another authority', async () => [await issueCertificate(stranger, NAME, Date.now()), authority]],
    [
      'is of another pair of the cluster',
      async () => [await issueCertificate(authority, 'sales-statestore.shop', Date.now()), authority],
    ],
    [
      'is of a pair of the same name in another namespace',
      async () => [await issueCertificate(authority, 'sales-catalog.attic', Date.now()), authority],
    ],
    [
      'has keys that have expired',
      async () => [await issueCertificate(authority, NAME, Date.now() - 91 * 24 * 3_600_000), authority],
    ],
    [
      'has signed its keys with the keys of an agent',
      async () => [await issueCertificate(keys, NAME, Date.now()), authority],
    ],
  ];

  test.each(cases)('gets no answer: one that %s', async (_, make) => {
    const [own, trusted] = await make();
    await expectNoAnswer({ ...tlsOptions(own, trusted), checkServerIdentity: () => undefined });
    await expectAnswers();
  });

  test('gets no answer: one that has no certificate', async () => {
    await expectNoAnswer({ ca: authority.certificate.pem, checkServerIdentity: () => undefined });
    await expectAnswers();
  });

  test('gets no answer: one that speaks an older TLS', async () => {
    await expectNoAnswer({ ...tlsOptions(keys, authority), maxVersion: 'TLSv1.2' });
    await expectAnswers();
  });

  test.each(cases)('is not asked: one that %s', async (_, make) => {
    const [own, trusted] = await make();
    client.close();
    client = new PromiseClient({
      port: await listening(own, trusted),
      name: NAME,
      clock: systemClock,
      keys: () => asker.files.current,
    });
    await expect(ask(1)).rejects.toThrow();
  });

  const servers: PromiseServer[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** A server that takes anybody, with keys that nobody checks. */
  async function listening(own: KeyPair, trusted: KeyPair): Promise<number> {
    const server = new PromiseServer({
      host: HOST,
      port: 0,
      name: NAME,
      clock: systemClock,
      answer: ({ round }) => ({ kind: 'promised', round }),
      onProblem: () => undefined,
    });
    servers.push(server);
    const { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key } = secretFiles(own, trusted);
    server.use({ options: { ca, cert, key }, context: undefined as never, expires: new Date() });
    await eventually(() => server.port !== undefined);
    return server.port ?? 0;
  }
});

const tlsOptions = (own: KeyPair, trusted: KeyPair) => {
  const { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key } = secretFiles(own, trusted);
  return { ca, cert, key };
};

const line = (round = 1): string => `${JSON.stringify(request(round))}\n`;

/** All that a connection brings until it is closed. */
async function everythingFrom(socket: Socket): Promise<string> {
  let all = '';
  socket.on('data', (chunk: Buffer) => (all += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  await once(socket, 'close').catch(() => undefined);
  return all;
}

async function expectNoAnswer(options: ConnectionOptions): Promise<void> {
  const socket = connectTls({ host: HOST, port: answerer.port, servername: NAME, ...options });
  socket.on('secureConnect', () => socket.write(line()));
  expect(await everythingFrom(socket)).toBe('');
  expect(answerer.asked).toEqual([]);
}

describe('an agent lives, answers its peer, and keeps nothing, when there comes', () => {
  const raw = (): Socket => connectTcp({ host: HOST, port: answerer.port });
  const trusted = () =>
    connectTls({ host: HOST, port: answerer.port, servername: NAME, ...tlsOptions(keys, authority) });

  afterEach(async () => {
    await expectAnswers();
    client.close();
    await eventually(() => answerer.server.connections === 0);
  });

  test('plain HTTP', async () => {
    const socket = raw();
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await everythingFrom(socket)).not.toContain('HTTP');
  });

  test('what is no request, of a peer', async () => {
    for (const text of ['{}\n', 'x\n', '\n', `${JSON.stringify({ ...request(1), round: -1 })}\n`]) {
      const socket = trusted();
      socket.write(text);
      expect(await everythingFrom(socket)).toBe('');
    }
    expect(answerer.asked).toEqual([]);
  });

  test('a request that is too long, with and without an end', async () => {
    for (const text of [`${'x'.repeat(5_000)}\n`, 'x'.repeat(1 << 20)]) {
      const socket = trusted();
      socket.write(text);
      expect(await everythingFrom(socket)).toBe('');
    }
  });

  test('a request that breaks off', async () => {
    const socket = trusted();
    socket.write(line().slice(0, 30));
    await once(socket, 'secureConnect');
    await pause(20);
    socket.destroy();
  });

  test('a request, byte by byte, that has no end', async () => {
    const socket = trusted();
    const dripping = setInterval(() => socket.writable && socket.write('x'), 20);
    const begun = performance.now();
    expect(await everythingFrom(socket)).toBe('');
    clearInterval(dripping);
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  test('a connection that says nothing at all', async () => {
    const begun = performance.now();
    expect(await everythingFrom(raw())).toBe('');
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  test('a flood of requests of a peer', async () => {
    const socket = trusted();
    for (let round = 1; round <= 1_000; round += 1) socket.write(line(round));
    await everythingFrom(socket);
    expect(answerer.asked.length).toBeLessThan(50);
  });

  test('a flood of connections, while the peer asks over its own', async () => {
    await expectAnswers(1);
    const sockets = Array.from({ length: 500 }, raw);
    const closed = Promise.all(sockets.map(everythingFrom));
    const random = Buffer.alloc(2_000, 0xa5);
    for (const [index, socket] of sockets.entries()) if (index % 2 === 0) socket.write(random);
    for (let round = 2; round <= 10; round += 1) await expectAnswers(round);
    expect(answerer.server.connections).toBeLessThan(15);
    await closed;
    // The same address has used up what it may begin: the peer has another.
    await pause(600);
  });
});

describe('keys that change', () => {
  const rounds = { next: 1 };
  const expectBothWays = async (): Promise<void> => {
    await expectAnswers(rounds.next++);
    expect(await back.ask(peer, request(7), TIMEOUT, never)).toEqual({ kind: 'promised', round: 7 });
  };
  let back: PromiseClient;

  beforeEach(() => {
    const { port } = asker;
    back = new PromiseClient({ port, name: NAME, clock: systemClock, keys: () => answerer.files.current });
  });

  afterEach(() => back.close());

  test('are taken up at either end at any moment, without a lost question', async () => {
    await expectBothWays();
    const renewed = await issueCertificate(authority, NAME, Date.now());
    await answerer.bring(renewed, authority);
    await expectBothWays();
    await expectBothWays();
    await asker.bring(renewed, authority);
    await expectBothWays();
    await expectBothWays();
  });

  test('go over to a new authority in the operator’s steps, without a lost question', async () => {
    const renewed = await issueCertificate(newAuthority, NAME, Date.now());
    const steps: [KeyPair, ...KeyPair[]][] = [
      [keys, newAuthority, authority],
      [renewed, newAuthority, authority],
      [renewed, newAuthority],
    ];
    for (const [own, ...trusted] of steps) {
      for (const end of [answerer, asker]) {
        await end.bring(own, ...trusted);
        await expectBothWays();
        await expectBothWays();
      }
    }
    await expectNoAnswerOfOld();
  });

  async function expectNoAnswerOfOld(): Promise<void> {
    answerer.asked.length = 0;
    await expectNoAnswer({ ...tlsOptions(keys, newAuthority), checkServerIdentity: () => undefined });
  }

  test('end the connections that were begun with the former ones', async () => {
    await expectAnswers(1);
    await answerer.bring(keys, newAuthority, authority);
    await expectAnswers(2);
    await eventually(() => answerer.server.connections === 0);
  });
});

describe('the files', () => {
  const bad: [string, Record<string, string> | (() => Promise<Record<string, string>>)][] = [
    ['are missing', {}],
    ['are no keys', { 'ca.crt': 'x', 'tls.crt': 'y', 'tls.key': 'z' }],
    ['do not belong together', async () => ({ ...secretFiles(keys, authority), 'tls.key': authority.privateKey })],
    ['are another pair’s', async () => secretFiles(await issueCertificate(authority, 'a.b', Date.now()), authority)],
  ];

  test.each(bad)('are said to be wrong once, and the last good ones stay, when they %s', async (_, files) => {
    const before = answerer.files.current;
    await answerer.mounted.bring(typeof files === 'function' ? await files() : files);
    for (let looks = 0; looks < 3; looks += 1) await answerer.files.look();
    const problems = answerer.problems.splice(0);
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toMatch(/BEGIN|PRIVATE/);
    expect(answerer.files.current).toBe(before);
    await expectAnswers();
    await answerer.bring(keys, authority);
    expect(answerer.files.current).not.toBe(before);
  });
});

describe('the whole', () => {
  test('begins when the keys arrive, and ends everything when it is told to', async () => {
    const mounted = await MountedKeys.empty();
    const told: string[] = [];
    const stopping = new AbortController();
    const promises = new TlsPromises({
      directory: mounted.directory,
      name: NAME,
      host: HOST,
      port: answerer.port,
      clock: impatient,
      answer: ({ round }) => ({ kind: 'refused', round, because: 'unseen' }),
      onKeys: () => told.push('keys'),
      onProblem: (problem) => told.push(/ENOENT|cannot listen/.exec(problem)?.[0] ?? problem),
    });
    const running = promises.run(stopping.signal);
    await eventually(() => told.length > 0);
    await mounted.bringKeys(keys, authority);
    await eventually(() => told.length > 2);
    // The port is taken by the other end: it goes on trying, and asks meanwhile.
    expect(told.slice(0, 3)).toEqual(['ENOENT', 'keys', 'cannot listen']);
    const elsewhere = await promises.ask(peer, request(1), TIMEOUT, never);
    expect(elsewhere).toEqual({ kind: 'promised', round: 1 });
    answerer.server.close();
    let own: PromiseAnswer | undefined;
    while (own?.kind !== 'refused') {
      own = await promises.ask(peer, request(2), TIMEOUT, never).catch(() => undefined);
      await pause(10);
    }
    stopping.abort();
    await running;
    await expect(client.ask(peer, request(3), TIMEOUT, never)).rejects.toThrow('ECONNREFUSED');
    await mounted.remove();
  });
});
