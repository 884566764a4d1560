import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { api, paths } from '../api.ts';
import { now, seconds } from '../clock.ts';
import type { Instant } from '../clock.ts';
import { Missing, missing, until } from '../conditions.ts';
import { NAMESPACE, SLOW_IMAGE_REPOSITORY } from '../environment.ts';
import { smallCluster } from '../manifests.ts';
import { record } from '../measurements.ts';
import { Observer } from '../observer.ts';
import { activeOf } from '../pair.ts';
import { testOnTestCluster } from '../test-cluster.ts';

const LOAD = seconds(30);

interface WithConditions {
  status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
}

/** Small clusters of their own: what happens to their catalogs would only disturb the shared one. */
describe('a catalogd that starts', () => {
  const clusters = ['slow', 'broken'];
  let observer: Observer;

  beforeAll(async () => {
    observer = await Observer.start();
  });
  afterAll(async () => {
    for (const name of clusters) await api.delete(paths.clusters(NAMESPACE, name));
    observer.stop();
  });

  const serving = (cluster: string, since: Instant) => () => {
    const active = activeOf(observer, 'catalog', cluster);
    if (active instanceof Missing) return active;
    return (active.process?.healthy ?? 0) >= since ? active : missing('not healthy yet');
  };

  testOnTestCluster('slowly is not taken for one that hangs', async () => {
    const begin = now();
    await api.apply(paths.clusters(NAMESPACE, 'slow'), smallCluster('slow', { repository: SLOW_IMAGE_REPOSITORY }));
    const { process, term } = await until('the slow catalog', serving('slow', begin), seconds(90));
    const daemons = observer.processes.filter((one) => observer.podName(one).startsWith('slow-catalog-'));
    expect(daemons).toHaveLength(1);
    expect((process?.healthy ?? 0) - (process?.started ?? 0)).toBeGreaterThan(LOAD);
    expect(observer.leases.filter(({ name, holder }) => name === 'slow-catalog' && holder !== '').at(0)?.term).toBe(
      term,
    );
    expect(await observer.violations(begin)).toEqual([]);
    await api.delete(paths.clusters(NAMESPACE, 'slow'));
  });

  testOnTestCluster('and crashes at once, after a good pre-flight, is reported and not tried without end', async () => {
    const begin = now();
    const path = paths.clusters(NAMESPACE, 'broken');
    // They pass the pre-flight, which reads no file. Internal TLS is on, and its files are read, only with all three.
    const file = '/opt/impala/conf/missing.pem';
    const flags = { ssl_server_certificate: file, ssl_private_key: file, ssl_client_ca_certificate: file };
    await api.apply(path, smallCluster('broken', { catalog: { flags } }));
    const degraded = await until(
      'Degraded, with the reason',
      async () => {
        const { status = {} } = await api.get<WithConditions>(path);
        const condition = status.conditions?.find(({ type }) => type === 'Degraded');
        const told = condition?.status === 'True' && /catalog/i.test(condition.message);
        return told ? condition : missing(JSON.stringify(status.conditions));
      },
      seconds(60),
      200,
    );
    expect(degraded.reason).toMatch(/^[A-Z][A-Za-z]+$/);

    // The wait before each try doubles, from 1 s on: half a minute sees at most six of them, whoever tries.
    const since = now();
    await until('half a minute', () => (now() - since > seconds(30) ? true : missing('it goes on')), seconds(31));
    const tries = observer.processes.filter(
      (one) => observer.podName(one).startsWith('broken-catalog-') && one.started >= since,
    );
    expect(tries.length).toBeLessThanOrEqual(6);

    const mended = now();
    await api.apply(path, smallCluster('broken'));
    const { process } = await until('the mended catalog', serving('broken', mended), seconds(60));
    const value = (process?.healthy ?? NaN) - mended;
    record({ subject: 'catalog', fault: 'bad flag mended', moment: 'healthy', value, unit: 'ms', bound: seconds(60) });
    expect(value).toBeLessThanOrEqual(seconds(60));
    expect(await observer.violations(begin)).toEqual([]);
  });
});
