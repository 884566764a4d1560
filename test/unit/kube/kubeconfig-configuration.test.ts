import { KubeConfig } from '@kubernetes/client-node';
import { describe, expect, test } from '@jest/globals';
import { kubeconfigConfiguration } from '../../../src/kube/kubeconfig-configuration.ts';

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
