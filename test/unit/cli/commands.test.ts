import { beforeEach, describe, expect, test } from '@jest/globals';
import { withDefaults } from '../../../src/api/defaults.ts';
import type { ImpalaCluster } from '../../../src/api/impala-cluster.ts';
import { impalaClusters } from '../../../src/api/impala-clusters.ts';
import { annotations } from '../../../src/api/names.ts';
import type { PairStatus, SwitchoverStatus } from '../../../src/api/status.ts';
import type { CommandEnvironment } from '../../../src/cli/command-environment.ts';
import { explain } from '../../../src/cli/command-error.ts';
import { newProgram } from '../../../src/cli/program.ts';
import { readGone } from '../../../src/daemons/lease-notes.ts';
import { EmbeddedApiServer } from '../../../src/embedded/embedded-api-server.ts';
import type { KubernetesApi } from '../../../src/kube/kubernetes-api.ts';
import type { Lease } from '../../../src/kube/kubernetes-object.ts';
import { leases } from '../../../src/kube/resource.ts';
import { seededRandom } from '../embedded/seeded-random.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';

const LEASE = { resource: leases, namespace: 'shop', name: 'sales-statestore' };
const CLUSTER = { resource: impalaClusters, namespace: 'shop', name: 'sales' };
const CLAIM = 'sales-statestore-a-0/uid-a/x1y2';

let clock: VirtualClock;
let api: KubernetesApi;
let printed: string[];
let answer: string | undefined;
let questions: string[];

beforeEach(async () => {
  clock = new VirtualClock();
  api = new EmbeddedApiServer({ clock, random: seededRandom(1) }).client('admin');
  printed = [];
  questions = [];
  answer = undefined;
  const cluster = withDefaults({ metadata: { name: 'sales', namespace: 'shop' }, spec: {} });
  await api.create(CLUSTER, { ...cluster, apiVersion: impalaClusters.apiVersion, kind: impalaClusters.kind });
  const signIn = JSON.stringify({ uid: 'uid', ready: true, template: 't' });
  await api.create<Lease>(LEASE, {
    metadata: {
      name: LEASE.name,
      namespace: 'shop',
      annotations: { [annotations.signIn('a')]: signIn, [annotations.signIn('b')]: signIn },
    },
    spec: {
      holderIdentity: CLAIM,
      leaseDurationSeconds: 9,
      leaseTransitions: 3,
      renewTime: '2026-01-01T00:00:00.000000Z',
    },
  });
});

/** Gives a command as a person would. @returns what went wrong, as they read it */
async function impala(words: string): Promise<string | undefined> {
  const connect = async ({ namespace = 'shop' }: { namespace?: string }): Promise<CommandEnvironment> => ({
    api,
    namespace,
    clock,
    print: (line) => printed.push(line),
    ask: async (question) => {
      questions.push(question);
      return answer;
    },
  });
  let outcome: string | undefined;
  const program = newProgram(connect)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  const done = program.parseAsync(words.split(' '), { from: 'user' }).then(
    () => true,
    (error: unknown) => {
      outcome = explain(error);
      return true;
    },
  );
  for (let ended: boolean | undefined; ended !== true;) {
    await clock.advance(250);
    ended = await Promise.race([done, Promise.resolve(undefined)]);
  }
  return outcome;
}

const cluster = (): Promise<ImpalaCluster> => api.get<ImpalaCluster>(CLUSTER);
const lease = (): Promise<Lease> => api.get<Lease>(LEASE);

const setStatus = (statestore: PairStatus): Promise<unknown> => {
  const { apiVersion, kind } = impalaClusters;
  const body = { apiVersion, kind, metadata: { name: 'sales', namespace: 'shop' }, status: { statestore } };
  return api.apply(CLUSTER, body, { fieldManager: 'operator', force: true, subresource: 'status' });
};

/** What the operator would do, that long after now. */
function later(milliseconds: number, action: () => Promise<unknown>): void {
  clock.setTimer(milliseconds, () => void action());
}

describe('switchover', () => {
  const served = async (outcome: SwitchoverStatus['outcome'], message: string): Promise<void> => {
    const time = (await cluster()).metadata.annotations?.[annotations.switchoverRequestedAt('statestore')] ?? '';
    await setStatus({
      switchover: { member: 'b', request: `b at ${time}`, outcome, message, time: '2026-01-01T00:00:00Z' },
    });
  };

  test('asks for the standby, waits, and tells how long it took', async () => {
    later(1_000, () => served('Completed', 'it took 1.0 s'));
    expect(await impala('switchover sales statestore')).toBeUndefined();
    expect((await cluster()).spec.statestore.preferredActive).toBe('b');
    expect((await cluster()).spec.catalog.preferredActive).toBeUndefined();
    expect(printed).toEqual([
      'asked for the statestore to move from sales-statestore-a-0 to sales-statestore-b-0',
      'it took 1.0 s',
    ]);
  });

  test('tells why the operator refused', async () => {
    later(1_000, () => served('Refused', 'b is not ready'));
    expect(await impala('switchover sales statestore b')).toBe('b is not ready');
  });

  test('does not wait when it is told so', async () => {
    expect(await impala('switchover sales statestore b --wait 0')).toBeUndefined();
    expect((await cluster()).spec.statestore.preferredActive).toBe('b');
  });

  test('says that the operator may be down when nothing comes of it', async () => {
    expect(await impala('switchover sales statestore b --wait 3')).toContain('is it running?');
  });

  test('to the active does nothing', async () => {
    expect(await impala('switchover sales statestore a')).toBeUndefined();
    expect(printed).toEqual(['sales-statestore-a-0 is active already']);
    expect((await cluster()).spec.statestore.preferredActive).toBeUndefined();
  });

  test.each([
    [
      'a member that is not ready',
      { [annotations.signIn('b')]: '{"uid":"u","ready":false,"problem":"bad flag"}' },
      /not ready to take over \(bad flag\)/,
    ],
    ['a member that is not there', { [annotations.signIn('b')]: null }, /has not signed in/],
  ])('to %s is refused at once', async (_name, notes, message) => {
    await api.mergePatch(LEASE, { metadata: { annotations: notes } });
    expect(await impala('switchover sales statestore b')).toMatch(message);
    expect((await cluster()).spec.statestore.preferredActive).toBeUndefined();
  });

  test.each([
    ['switchover sales statestore c', /c is no member: write a or b/],
    ['switchover sales executor', /executor is no component: write statestore or catalog/],
    ['switchover other statestore', /there is no ImpalaCluster other in the namespace shop/],
    ['switchover sales statestore -n elsewhere', /in the namespace elsewhere/],
    ['switchover sales catalog', /there is no Lease sales-catalog/],
  ])('%s says what is wrong', async (words, message) => {
    expect(await impala(words)).toMatch(message);
  });

  test('of a paused cluster is refused', async () => {
    await api.mergePatch(CLUSTER, { spec: { paused: true } });
    expect(await impala('switchover sales statestore')).toMatch(/is paused/);
  });
});

describe('force-takeover', () => {
  const takeOver = async (): Promise<void> => {
    const live = await lease();
    await api.replace(LEASE, {
      ...live,
      spec: { ...live.spec, holderIdentity: 'sales-statestore-b-0/uid-b/z', leaseTransitions: 4 },
    });
  };

  test('says what it risks, asks for the name, and then says that the claim is gone', async () => {
    answer = 'sales-statestore-a-0';
    later(12_000, takeOver);
    expect(await impala('force-takeover sales statestore')).toBeUndefined();
    expect(readGone(await lease())).toEqual({ claim: CLAIM, because: 'ForceTakeover' });
    expect(questions).toHaveLength(1);
    expect(printed.join('\n')).toContain('two statestoreds will run');
    expect(printed.at(-1)).toBe('sales-statestore-b-0 has taken over (term 4)');
  });

  test('does nothing for another answer, or none', async () => {
    answer = 'yes';
    expect(await impala('force-takeover sales statestore')).toMatch(/not its name/);
    answer = undefined;
    expect(await impala('force-takeover sales statestore')).toMatch(/--yes/);
    expect(readGone(await lease())).toBeUndefined();
  });

  test('does not ask when it is told so', async () => {
    expect(await impala('force-takeover sales statestore --yes --wait 0')).toBeUndefined();
    expect(questions).toEqual([]);
    expect(readGone(await lease())?.claim).toBe(CLAIM);
  });

  test('refuses a holder that renews its Lease', async () => {
    later(5_000, () => api.mergePatch(LEASE, { spec: { renewTime: '2026-01-01T00:00:03.000000Z' } }));
    expect(await impala('force-takeover sales statestore --yes')).toMatch(/whoever holds it lives/);
    expect(readGone(await lease())).toBeUndefined();
  });

  test('has nothing to do when nobody holds the Lease', async () => {
    await api.mergePatch(LEASE, { spec: { holderIdentity: '' } });
    expect(await impala('force-takeover sales statestore --yes')).toMatch(/nobody holds the Lease/);
  });

  test('says so when nobody takes over', async () => {
    expect(await impala('force-takeover sales statestore --yes --wait 5')).toMatch(/nobody has taken over within 5 s/);
  });
});

describe('restart', () => {
  const noted = async (component?: 'catalog' | 'coordinator'): Promise<boolean> =>
    (await cluster()).metadata.annotations?.[annotations.restartedAt(component)] !== undefined;

  test('of a cluster is noted on it', async () => {
    expect(await impala('restart sales')).toBeUndefined();
    expect([await noted(), await noted('catalog')]).toEqual([true, false]);
  });

  test('of a component, in the singular or the plural, is noted for it', async () => {
    await impala('restart sales catalog');
    await impala('restart sales coordinators');
    expect([await noted(), await noted('catalog'), await noted('coordinator')]).toEqual([false, true, true]);
  });

  test('of a paused cluster says that it waits', async () => {
    await api.mergePatch(CLUSTER, { spec: { paused: true } });
    await impala('restart sales');
    expect(printed.at(-1)).toMatch(/paused/);
  });
});

describe('status', () => {
  test('shows both members, who could take over, and what the operator says', async () => {
    await setStatus({
      members: [
        { name: 'a', pod: 'sales-statestore-a-0', node: 'node-1', ready: true, role: 'active' },
        { name: 'b', pod: 'sales-statestore-b-0', node: 'node-2', ready: true, role: 'standby' },
      ],
    });
    await impala('status sales');
    const text = printed.join('\n');
    expect(text).toMatch(/statestore +sales-statestore-a-0 +node-1 +active +yes/);
    expect(text).toMatch(/statestore +sales-statestore-b-0 +node-2 +standby +yes +yes/);
    expect(text).toContain('statestore: sales-statestore-a-0 is active in term 3');
    expect(text).toContain('catalog: there is no Lease yet');
  });

  test('of no cluster says where to look', async () => {
    expect(await impala('status none')).toMatch(/kubectl get impala -A/);
  });

  test('of a cluster that the operator never saw says so', async () => {
    await impala('status sales');
    expect(printed.at(-1)).toMatch(/is it running\?/);
  });
});

test('an unknown command is refused with a hint', async () => {
  expect(await impala('takeover sales')).toMatch(/unknown command/);
});
