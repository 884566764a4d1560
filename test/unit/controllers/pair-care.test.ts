import { beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { ImpalaCluster } from '../../../src/api/impala-cluster.ts';
import { annotations } from '../../../src/api/names.ts';
import type { Member } from '../../../src/api/names.ts';
import type { Node, Pod } from '../../../src/controllers/kubernetes-types.ts';
import { LastWords } from '../../../src/controllers/lost-nodes/last-words.ts';
import { NodeReader } from '../../../src/controllers/lost-nodes/node-reader.ts';
import { PairCare } from '../../../src/controllers/pair-care.ts';
import type { PairCareReport } from '../../../src/controllers/pair-care.ts';
import { readGone, readPreference } from '../../../src/daemons/lease-notes.ts';
import { EmbeddedApiServer } from '../../../src/embedded/embedded-api-server.ts';
import { KubernetesApiError } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesApi, ObjectReference } from '../../../src/kube/kubernetes-api.ts';
import type { KubernetesObject, Lease } from '../../../src/kube/kubernetes-object.ts';
import { leases, nodes, pods } from '../../../src/kube/resource.ts';
import type { Resource } from '../../../src/kube/resource.ts';
import { seededRandom } from '../embedded/seeded-random.ts';
import { VirtualClock } from '../kube/virtual-clock.ts';
import { clusterWith, podOf, statestoreLike } from './fixtures.ts';

const LEASE = { resource: leases, namespace: 'shop', name: 'sales-statestore' };
const NAMES = { a: 'sales-statestore-a-0', b: 'sales-statestore-b-0' } as const;

let clock: VirtualClock;
let server: EmbeddedApiServer;
let api: KubernetesApi;
let forbidden: string;
let care: PairCare;

beforeEach(() => {
  clock = new VirtualClock();
  forbidden = '';
  const authorize = ({ user, verb, resource }: { user: string; verb: string; resource: Resource }): boolean =>
    user === 'admin' || `${verb} ${resource.kind}` !== forbidden;
  server = new EmbeddedApiServer({ clock, random: seededRandom(1), authorize });
  api = server.client('operator');
  const logger = pino({ level: 'silent' });
  care = new PairCare({
    api,
    clock,
    logger,
    lastWords: new LastWords(),
    apiUnbrokenFor: () => Infinity,
    onEndpointRepaired: () => undefined,
  });
});

const admin = (): KubernetesApi => server.client('admin');

/** Creates an object, and its status as its controller would. */
async function put<T extends KubernetesObject & { status?: unknown }>(resource: Resource, object: T): Promise<T> {
  const { namespace, name } = object.metadata;
  const type = { apiVersion: resource.apiVersion, kind: resource.kind };
  const where = namespace === undefined ? { resource } : { resource, namespace };
  await admin().create(where, { ...object, ...type, metadata: { ...object.metadata, uid: undefined } } as never);
  return setStatus<T>({ ...where, name }, object.status as object);
}

const setStatus = <T extends KubernetesObject>(reference: ObjectReference, status: object): Promise<T> => {
  const { resource, name, namespace } = reference;
  const metadata = namespace === undefined ? { name } : { name, namespace };
  const body = { apiVersion: resource.apiVersion, kind: resource.kind, metadata, status };
  return admin().apply<T>(reference, body, { fieldManager: 'controller', subresource: 'status', force: true });
};

const nodeStatus = (ready: 'True' | 'Unknown') => ({ conditions: [{ type: 'Ready', status: ready }] });

interface World {
  /** The member that holds the Lease. */
  holder: Member;
  /** The members whose nodes are lost. */
  lost?: readonly Member[];
}

/** Two members on nodes of their own; one holds the Lease, both are signed in. */
async function pairOnTwoNodes({ holder, lost = [] }: World): Promise<string> {
  const uids: Record<string, string> = {};
  for (const member of ['a', 'b'] as const) {
    const isLost = lost.includes(member);
    const pod = podOf(member);
    const conditions = [
      { type: 'Ready', status: isLost ? 'False' : 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
      { type: 'ContainersReady', status: 'True' },
    ];
    await put<Node>(nodes, { metadata: { name: `node-${member}` }, status: nodeStatus(isLost ? 'Unknown' : 'True') });
    const made = await put<Pod>(pods, { ...pod, status: { ...pod.status, conditions } });
    uids[member] = made.metadata.uid ?? '';
  }
  const signIns = (['a', 'b'] as const).map((member) => [
    annotations.signIn(member),
    JSON.stringify({ uid: uids[member], ready: true, template: 't', healthyStart: member === holder ? 3 : 1 }),
  ]);
  const claim = `${NAMES[holder]}/${uids[holder] ?? ''}/x1y2`;
  await admin().create<Lease>(LEASE, {
    metadata: {
      name: LEASE.name,
      namespace: 'shop',
      annotations: Object.fromEntries(signIns) as Record<string, string>,
    },
    spec: { holderIdentity: claim, leaseTransitions: 3 },
  });
  return claim;
}

const lease = (): Promise<Lease> => admin().get<Lease>(LEASE);

const pod = async (member: Member): Promise<Pod | undefined> =>
  admin()
    .get<Pod>({ resource: pods, namespace: 'shop', name: NAMES[member] })
    .catch((error: unknown) => {
      if (error instanceof KubernetesApiError && error.reason === 'NotFound') return undefined;
      throw error;
    });

/** One look at the pair, as the controller would take it; what it reads may be changed before it acts. */
async function tend(
  cluster: Partial<ImpalaCluster> = {},
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<PairCareReport> {
  const snapshot = statestoreLike({ lease: await lease(), pods: { a: await pod('a'), b: await pod('b') } });
  const states = await new NodeReader(api, clock).read(['node-a', 'node-b']);
  await meanwhile();
  return care.tend({ ...snapshot, cluster: { ...clusterWith(), ...cluster }, nodes: states });
}

const reasons = ({ events }: PairCareReport): string[] => events.map(({ reason }) => reason);

describe('a lost node', () => {
  test('has its standby deleted for good, at once', async () => {
    await pairOnTwoNodes({ holder: 'a', lost: ['b'] });
    const report = await tend();
    expect(reasons(report)).toEqual(['LostPodDeleted']);
    expect([(await pod('a')) !== undefined, await pod('b')]).toEqual([true, undefined]);
  });

  test('keeps its active as long as that holds the Lease, and is looked at again', async () => {
    await pairOnTwoNodes({ holder: 'a', lost: ['a'] });
    const report = await tend();
    expect(reasons(report)).toEqual([]);
    expect(await pod('a')).toBeDefined();
    expect(report.again).toEqual([3_000]);
    expect(readGone(await lease())).toBeUndefined();
  });

  test('keeps its pod when that has become the active meanwhile', async () => {
    await pairOnTwoNodes({ holder: 'a', lost: ['b'] });
    const takeOver = async (): Promise<void> => {
      const live = await lease();
      await admin().replace(LEASE, { ...live, spec: { ...live.spec, holderIdentity: `${NAMES.b}/uid/y` } });
    };
    const report = await tend({}, takeOver);
    expect(await pod('b')).toBeDefined();
    expect(report.again).toEqual([100]);
  });

  test('whose object is deleted makes its holder known to be gone, by the very claim, and its pod replaced', async () => {
    const claim = await pairOnTwoNodes({ holder: 'a', lost: ['a'] });
    await admin().delete({ resource: nodes, name: 'node-a' });
    const report = await tend();
    expect(reasons(report)).toEqual(['HolderGone', 'LostPodDeleted']);
    expect(readGone(await lease())).toEqual({ claim, because: 'NodeDeleted' });
    expect(await pod('a')).toBeUndefined();
  });

  test('is said of nobody when the Lease has another holder meanwhile', async () => {
    await pairOnTwoNodes({ holder: 'a', lost: ['a'] });
    await admin().delete({ resource: nodes, name: 'node-a' });
    const takeOver = async (): Promise<void> => {
      const live = await lease();
      await admin().replace(LEASE, { ...live, spec: { ...live.spec, holderIdentity: `${NAMES.b}/uid/y` } });
    };
    const report = await tend({}, takeOver);
    expect(readGone(await lease())).toBeUndefined();
    expect(report.again).toEqual([100]);
  });

  test('that may not be read is named, with what to grant', async () => {
    await pairOnTwoNodes({ holder: 'a', lost: ['a'] });
    forbidden = 'get Node';
    const { problems } = await tend();
    expect(problems).toMatchObject([{ reason: 'Forbidden', component: 'statestore' }]);
    expect(problems[0]?.message).toContain('grant it get on nodes');
  });

  test('has its pod named when that may not be deleted', async () => {
    await pairOnTwoNodes({ holder: 'a', lost: ['b'] });
    forbidden = 'delete Pod';
    const { problems } = await tend();
    expect(problems[0]?.message).toContain('grant it delete on pods');
    expect(await pod('b')).toBeDefined();
  });

  test('has its standby deleted for good when high availability was turned off, and its active not', async () => {
    const off = clusterWith({ statestore: { highAvailability: { enabled: false } } });
    await pairOnTwoNodes({ holder: 'a', lost: ['b'] });
    expect(reasons(await tend(off))).toEqual(['LostPodDeleted']);
    expect([(await pod('a')) !== undefined, await pod('b')]).toEqual([true, undefined]);
  });

  test('is left alone while the cluster is paused', async () => {
    await pairOnTwoNodes({ holder: 'a', lost: ['b'] });
    expect(reasons(await tend(clusterWith({ paused: true })))).toEqual([]);
    expect(await pod('b')).toBeDefined();
  });
});

describe('a switchover', () => {
  const wanted = clusterWith({ statestore: { preferredActive: 'b' } });
  const request = { member: 'b', request: 'b in generation 1' };

  test('is put to the holder by the Lease, without touching anything else in it', async () => {
    await pairOnTwoNodes({ holder: 'a' });
    const before = await lease();
    const report = await tend(wanted);
    expect(report.switchovers.statestore).toMatchObject({ ...request, outcome: 'Requested' });
    const after = await lease();
    expect(readPreference(after)).toEqual(request);
    expect(after.spec).toEqual(before.spec);
    expect(after.metadata.annotations).toMatchObject(before.metadata.annotations ?? {});
  });

  test('is taken off the Lease when it is done', async () => {
    await pairOnTwoNodes({ holder: 'a' });
    const { switchovers } = await tend(wanted);
    const live = await lease();
    const claim = `${NAMES.b}/${(await pod('b'))?.metadata.uid ?? ''}/y`;
    await admin().replace(LEASE, { ...live, spec: { ...live.spec, holderIdentity: claim, leaseTransitions: 4 } });
    const { statestore } = switchovers;
    const claimed = await tend({
      ...wanted,
      status: { ...(statestore && { statestore: { switchover: statestore } }) },
    });
    expect(claimed.switchovers.statestore).toMatchObject({ ...request, outcome: 'Requested' });
    const healthy = { uid: (await pod('b'))?.metadata.uid, ready: true, template: 't', healthyStart: 4 };
    const notes = { [annotations.signIn('b')]: JSON.stringify(healthy) };
    await admin().mergePatch(LEASE, { metadata: { annotations: notes } });
    const done = await tend({ ...wanted, status: { ...(statestore && { statestore: { switchover: statestore } }) } });
    expect(done.switchovers.statestore).toMatchObject({ ...request, outcome: 'Completed' });
    expect(readPreference(await lease())).toBeUndefined();
  });

  test('to a member that has not signed in is refused, and that is a problem', async () => {
    await pairOnTwoNodes({ holder: 'a' });
    await admin().mergePatch(LEASE, { metadata: { annotations: { [annotations.signIn('b')]: null } } });
    const report = await tend(wanted);
    expect(report.switchovers.statestore).toMatchObject({ outcome: 'Refused' });
    expect(report.problems).toEqual([
      {
        reason: 'SwitchoverRefused',
        component: 'statestore',
        message:
          `the statestore stays on ${NAMES.a}: ${NAMES.b} has not signed in; ask again, or take ` +
          'spec.statestore.preferredActive back',
      },
    ]);
    expect(readPreference(await lease())).toBeUndefined();
  });

  test('is asked for again by another time in the annotation', async () => {
    await pairOnTwoNodes({ holder: 'a' });
    const asked = (time: string): ImpalaCluster => ({
      ...wanted,
      metadata: { ...wanted.metadata, annotations: { [annotations.switchoverRequestedAt('statestore')]: time } },
    });
    const first = await tend(asked('10:00'));
    const served = { ...first.switchovers.statestore, outcome: 'Completed' as const };
    const status = { statestore: { switchover: served } } as ImpalaCluster['status'];
    expect((await tend({ ...asked('10:00'), ...(status && { status }) })).switchovers.statestore).toEqual(served);
    const again = await tend({ ...asked('11:00'), ...(status && { status }) });
    expect(again.switchovers.statestore).toMatchObject({ request: 'b at 11:00' });
  });

  test('is decided on again when the Lease was renewed meanwhile', async () => {
    await pairOnTwoNodes({ holder: 'a' });
    const renew = async (): Promise<void> => {
      await admin().mergePatch(LEASE, { spec: { renewTime: '2026-01-01T00:00:00.000001Z' } });
    };
    const report = await tend(wanted, renew);
    expect([report.switchovers.statestore, report.again]).toEqual([undefined, [100]]);
    expect(readPreference(await lease())).toBeUndefined();
  });
});
