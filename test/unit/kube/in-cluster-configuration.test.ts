import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inClusterConfiguration, inClusterNamespace } from '../../../src/kube/in-cluster-configuration.ts';
import { VirtualClock } from './virtual-clock.ts';

const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
let directory: string;
let clock: VirtualClock;

beforeEach(async () => {
  clock = new VirtualClock();
  directory = await mkdtemp(join(tmpdir(), 'service-account-'));
  await writeFile(join(directory, 'token'), 'first\n');
  await writeFile(join(directory, 'ca.crt'), 'authority');
  await writeFile(join(directory, 'namespace'), 'space\n');
});

afterEach(() => rm(directory, { recursive: true }));

describe('the connection of a pod', () => {
  test('is what the environment and the mounted files say', async () => {
    const configuration = await inClusterConfiguration({ directory, environment, clock });
    expect(configuration).toMatchObject({ server: 'https://10.0.0.1:443', ca: 'authority' });
    expect(await configuration.headers?.()).toEqual({ Authorization: 'Bearer first' });
    expect(await inClusterNamespace(directory)).toBe('space');
  });

  test('may be over IPv6', async () => {
    const ipv6 = { ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' };
    expect((await inClusterConfiguration({ directory, environment: ipv6 })).server).toBe('https://[fd00::1]:443');
  });

  test('does not exist outside of a pod, or without the files', async () => {
    await expect(inClusterConfiguration({ directory, environment: {} })).rejects.toThrow('not in a Kubernetes pod');
    await rm(join(directory, 'token'));
    await expect(inClusterConfiguration({ directory, environment })).rejects.toThrow('token');
  });
});

describe('the token', () => {
  test('is read again when it is a minute old', async () => {
    const { headers } = await inClusterConfiguration({ directory, environment, clock });
    await writeFile(join(directory, 'token'), 'second');
    await clock.advance(59_999);
    expect(await headers?.()).toEqual({ Authorization: 'Bearer first' });
    await clock.advance(1);
    expect(await headers?.()).toEqual({ Authorization: 'Bearer second' });
  });

  test('is read again at once when the server refuses it', async () => {
    const { headers, onUnauthorized } = await inClusterConfiguration({ directory, environment, clock });
    await writeFile(join(directory, 'token'), 'second');
    onUnauthorized?.();
    expect(await Promise.all([headers?.(), headers?.()])).toEqual(Array(2).fill({ Authorization: 'Bearer second' }));
  });

  test('that we have is used while the file cannot be read', async () => {
    const { headers } = await inClusterConfiguration({ directory, environment, clock });
    await writeFile(join(directory, 'token'), '');
    await clock.advance(60_000);
    expect(await headers?.()).toEqual({ Authorization: 'Bearer first' });
    await writeFile(join(directory, 'token'), 'third');
    expect(await headers?.()).toEqual({ Authorization: 'Bearer third' });
  });
});
