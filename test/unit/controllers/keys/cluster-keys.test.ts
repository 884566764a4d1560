import { X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { PAIR_COMPONENTS } from '../../../../src/api/names.ts';
import { readCertificates, readKeyPair } from '../../../../src/controllers/keys/certificate.ts';
import { ClusterKeys } from '../../../../src/controllers/keys/cluster-keys.ts';
import { textOf } from '../../../../src/controllers/keys/keys-secret.ts';
import type { Secret } from '../../../../src/controllers/kubernetes-types.ts';
import { SETTLING } from '../../../../src/controllers/keys/renewal.ts';
import { KubernetesApiError } from '../../../../src/kube/kubernetes-api.ts';
import { secrets } from '../../../../src/kube/resource.ts';
import { VirtualClock } from '../../kube/virtual-clock.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { identity } from '../fixtures.ts';

const DAY = 24 * 3_600_000;
const AUTHORITY = 'sales-certificate-authority';

let world: FakeCluster;
let clock: VirtualClock;
let keys: ClusterKeys;

beforeEach(() => {
  world = new FakeCluster();
  clock = new VirtualClock();
  keys = new ClusterKeys(world, clock);
});

const tend = () => keys.tend(identity, PAIR_COMPONENTS);
const secret = (name: string): Secret => {
  const found = world.get<Secret>(secrets, 'shop', name);
  if (found === undefined) throw new Error(`there is no Secret ${name}`);
  return found;
};
const written = (): string[] => world.writes.map(({ verb, object }) => `${verb} ${object}`);
const certificateOf = (name: string): X509Certificate => new X509Certificate(textOf(secret(name), 'tls.crt') ?? '');
const trustedBy = (name: string) => readCertificates(textOf(secret(name), 'ca.crt'));
const fingerprint = (name: string): string => certificateOf(name).fingerprint256;

describe('the keys of a cluster', () => {
  test('are made once: an authority, and a certificate for each pair', async () => {
    const report = await tend();
    expect(written()).toEqual([
      `create Secret ${AUTHORITY}`,
      'create Secret sales-statestore',
      'create Secret sales-catalog',
    ]);
    expect(report).toMatchObject({ problems: [], blocked: [], awaited: [] });
    const certificate = certificateOf('sales-catalog');
    expect(certificate.subjectAltName).toBe('DNS:sales-catalog.shop');
    expect(certificate.checkIssued(certificateOf(AUTHORITY))).toBe(true);
    expect(certificate.verify(certificateOf(AUTHORITY).publicKey)).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(certificate.ca).toBe(false);
    expect(trustedBy('sales-catalog').map((one) => one.fingerprint)).toEqual([fingerprint(AUTHORITY)]);
    expect(Object.keys(secret('sales-catalog').data ?? {})).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(secret('sales-catalog').type).toBe('kubernetes.io/tls');
    expect(secret('sales-catalog').metadata.ownerReferences?.[0]?.uid).toBe(identity.uid);
    expect(readKeyPair(textOf(secret(AUTHORITY), 'tls.crt'), textOf(secret(AUTHORITY), 'tls.key'))).toBeDefined();
  });

  test('are for those pairs only that have agents', async () => {
    await keys.tend(identity, ['catalog']);
    expect(written()).toEqual([`create Secret ${AUTHORITY}`, 'create Secret sales-catalog']);
    world.writes.length = 0;
    await keys.tend(identity, []);
    expect(written()).toEqual([]);
  });

  test('are neither written again nor read all the time when all is in order', async () => {
    await tend();
    await clock.advance(DAY);
    world.writes.length = 0;
    const { again } = await tend();
    expect(again).toBe(DAY);
    world.reads.length = 0;
    for (let i = 0; i < 5; i += 1) await tend();
    expect(world.reads).toEqual([]);
    await clock.advance(60_000);
    await tend();
    expect(world.reads).toEqual([`get Secret ${AUTHORITY}`, 'get Secret sales-statestore', 'get Secret sales-catalog']);
    expect(world.writes).toEqual([]);
  });

  test('are renewed in time, by the same authority, and only they', async () => {
    await tend();
    const [before, authority] = [fingerprint('sales-catalog'), fingerprint(AUTHORITY)];
    world.writes.length = 0;
    await clock.advance(61 * DAY);
    const { made } = await tend();
    expect(made).toEqual([
      'Secret sales-statestore: a third of its life is left',
      'Secret sales-catalog: a third of its life is left',
    ]);
    expect(written()).toEqual(['replace Secret sales-statestore', 'replace Secret sales-catalog']);
    expect(fingerprint('sales-catalog')).not.toBe(before);
    expect(fingerprint(AUTHORITY)).toBe(authority);
  });

  test('that were destroyed are made anew, and what others wrote besides stays', async () => {
    await tend();
    world.edit<Secret>(secrets, 'sales-catalog', (live) => {
      live.data = { ...live.data, 'tls.key': 'bm9uZQ==' };
      live.metadata.labels = { ...live.metadata.labels, team: 'red' };
    });
    await clock.advance(60_000);
    await tend();
    const { data, metadata } = secret('sales-catalog');
    expect(
      readKeyPair(textOf({ metadata, data: data ?? {} }, 'tls.crt'), textOf(secret('sales-catalog'), 'tls.key')),
    ).toBeDefined();
    expect(metadata.labels?.team).toBe('red');
  });

  test('go over to a new authority in steps, and at each of them old and new understand each other', async () => {
    await tend();
    const old = fingerprint(AUTHORITY);
    world.remove(secrets, AUTHORITY);
    const seen = [];
    for (let step = 0; step < 4; step += 1) {
      await clock.advance(SETTLING + 1);
      await tend();
      const signer = certificateOf('sales-catalog').checkIssued(certificateOf(AUTHORITY)) ? 'new' : 'old';
      const trusted = trustedBy('sales-catalog').map((one) => (one.fingerprint === old ? 'old' : 'new'));
      seen.push([signer, trusted.sort().join()]);
    }
    expect(seen).toEqual([
      ['old', 'new,old'],
      ['new', 'new,old'],
      ['new', 'new'],
      ['new', 'new'],
    ]);
  });
});

describe('a Secret of one of the names', () => {
  const foreign = (name: string): Secret => ({ metadata: { name, namespace: 'shop' }, data: { password: 'c2VjcmV0' } });

  test('that is somebody else’s is not touched, and its pair is held back', async () => {
    world.put(secrets, foreign('sales-catalog'));
    const { problems, blocked } = await tend();
    expect(written()).toEqual([`create Secret ${AUTHORITY}`, 'create Secret sales-statestore']);
    expect(blocked).toEqual(['catalog']);
    expect(problems).toMatchObject([{ reason: 'ObjectForeign', component: 'catalog' }]);
    expect(secret('sales-catalog').data).toEqual({ password: 'c2VjcmV0' });
  });

  test('that is somebody else’s and the authority’s holds both pairs back', async () => {
    world.put(secrets, foreign(AUTHORITY));
    const { problems, blocked } = await tend();
    expect(written()).toEqual([]);
    expect(blocked).toEqual(['statestore', 'catalog']);
    expect(problems).toHaveLength(1);
  });

  test('that is left over of a deleted cluster is waited for', async () => {
    await keys.tend({ ...identity, uid: 'earlier' }, PAIR_COMPONENTS);
    world.writes.length = 0;
    const { awaited, blocked } = await tend();
    expect(written()).toEqual([]);
    expect(awaited).toEqual([`Secret ${AUTHORITY}`]);
    expect(blocked).toEqual(['statestore', 'catalog']);
  });

  test('that the operator has no right to is a problem with a name', async () => {
    world.refuse(`Secret ${AUTHORITY}`, 'Forbidden');
    const { problems, blocked } = await tend();
    expect(problems).toMatchObject([{ reason: 'Forbidden' }]);
    expect(blocked).toEqual(['statestore', 'catalog']);
  });

  test('that somebody else writes meanwhile is left to the next pass', async () => {
    world.refuse('Secret sales-catalog', 'AlreadyExists');
    await expect(tend()).rejects.toThrow(KubernetesApiError);
    world.refuse('Secret sales-catalog');
    expect(await tend()).toMatchObject({ blocked: [], made: ['Secret sales-catalog: there is none that can be used'] });
  });
});

describe('what the keys leave behind in reports', () => {
  test('contains neither a key nor a certificate', async () => {
    const reports = [await tend()];
    await clock.advance(61 * DAY);
    reports.push(await tend());
    const said = JSON.stringify(reports);
    const { data = {} } = secret('sales-catalog');
    expect(said).not.toMatch(/BEGIN|PRIVATE/);
    for (const value of Object.values(data)) expect(said).not.toContain(value.slice(60, 100));
  });
});
