import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { describe, expect, test } from '@jest/globals';
import { kubeconfigConfiguration, loadKubeconfig } from '../../../src/kube/kubeconfig-configuration.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function configOf(user: object, cluster: object = {}, context: object = {}): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://api.test:6443', ...cluster } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }],
      'current-context': 'x',
    }),
  );
  return config;
}

describe('the connection of a kubeconfig', () => {
  test('with a client certificate', async () => {
    const { connection, namespace } = await kubeconfigConfiguration(
      configOf(
        { 'client-certificate-data': base64('certificate'), 'client-key-data': base64('key') },
        { 'certificate-authority-data': base64('authority'), 'tls-server-name': 'other.test' },
        { namespace: 'space' },
      ),
    );
    expect(connection).toMatchObject({
      server: 'https://api.test:6443',
      ca: 'authority',
      cert: 'certificate',
      key: 'key',
      servername: 'other.test',
    });
    expect(connection).not.toHaveProperty('skipTlsVerify');
    expect(await connection.headers?.()).toEqual({});
    expect(namespace).toBe('space');
  });

  test.each([
    ['a token', { token: 'secret' }, 'Bearer secret'],
    ['a password', { username: 'me', password: 'secret' }, `Basic ${base64('me:secret')}`],
    [
      'an exec plugin',
      {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: process.execPath,
          args: ['-e', 'console.log(JSON.stringify({ status: { token: "from the plugin" } }))'],
        },
      },
      'Bearer from the plugin',
    ],
  ])('with %s', async (_, user, authorization) => {
    const { connection, namespace } = await kubeconfigConfiguration(
      configOf(user, { 'insecure-skip-tls-verify': true }),
    );
    expect(await connection.headers?.()).toEqual({ Authorization: authorization });
    expect(connection.skipTlsVerify).toBe(true);
    expect(namespace).toBe('default');
  });

  test('says what it cannot do', async () => {
    const proxied = configOf({}, { 'proxy-url': 'http://proxy.test' });
    await expect(kubeconfigConfiguration(proxied)).rejects.toThrow('proxy-url, which is not supported');
    await expect(kubeconfigConfiguration(new KubeConfig())).rejects.toThrow('no current context');
  });
});

describe('a kubeconfig that is chosen', () => {
  const inFile = async (action: (file: string) => Promise<void>): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    const clusters = ['one', 'two'].map((name) => ({ name, cluster: { server: `https://${name}.test` } }));
    const contexts = ['one', 'two'].map((name) => ({ name, context: { cluster: name, user: 'u', namespace: name } }));
    const users = [{ name: 'u', user: { token: 't' } }];
    const config = { apiVersion: 'v1', kind: 'Config', clusters, users, contexts, 'current-context': 'one' };
    const file = join(directory, 'config');
    try {
      await writeFile(file, JSON.stringify(config));
      await action(file);
    } finally {
      await rm(directory, { recursive: true });
    }
  };

  test('has its own current context', () =>
    inFile(async (file) => {
      const { connection, namespace } = await kubeconfigConfiguration(loadKubeconfig({ file }));
      expect([connection.server, namespace]).toEqual(['https://one.test', 'one']);
    }));

  test('may be used with another context', () =>
    inFile(async (file) => {
      const { connection, namespace } = await kubeconfigConfiguration(loadKubeconfig({ file, context: 'two' }));
      expect([connection.server, namespace]).toEqual(['https://two.test', 'two']);
    }));

  test('is refused without the context', () =>
    inFile(async (file) => {
      expect(() => loadKubeconfig({ file, context: 'three' })).toThrow(/no context three/);
    }));
});
