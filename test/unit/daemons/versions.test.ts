import { describe, expect, test } from '@jest/globals';
import { isKnownFlag } from '../../../src/daemons/flags/known-flags.ts';
import { compareVersions, formatVersion, parseVersion } from '../../../src/daemons/versions.ts';
import type { ImpalaVersion } from '../../../src/daemons/versions.ts';

const parsed = (text: string): ImpalaVersion => {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`no version in ${text}`);
  return version;
};

describe('parseVersion', () => {
  test.each([
    ['4.5.0', '4.5.0'],
    ['4.5.0-2024-12', '4.5.0'],
    ['5.0.0-SNAPSHOT', '5.0.0'],
    ['10.20.30_x', '10.20.30'],
  ])('finds the version of %s', (text, version) => {
    expect(formatVersion(parsed(text))).toBe(version);
  });

  test.each(['', 'latest', '4.5', '4.5.0.1', 'v4.5.0', '4.5.x', '4.5.01234567'])('finds none in %p', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});

describe('compareVersions', () => {
  test.each([
    ['4.5.0', '4.5.0', 0],
    ['4.4.9', '4.5.0', -1],
    ['4.10.0', '4.9.0', 1],
    ['5.0.0', '4.99.99', 1],
    ['4.5.1', '4.5.0', 1],
  ])('puts %s and %s in their order', (one, other, order) => {
    expect(Math.sign(compareVersions(parsed(one), parsed(other)))).toBe(order);
  });
});

describe('isKnownFlag', () => {
  test.each([
    ['mem_limit', '4.2.0', true],
    ['enable_catalogd_ha', '4.2.0', false],
    ['enable_catalogd_ha', '4.3.0', true],
    ['catalog_lightweight_rpc_timeout_ms', '4.3.9', false],
    ['catalog_lightweight_rpc_timeout_ms', '4.4.0', true],
    ['catalog_lightweight_rpc_timeout_ms', '4.4.1', true],
    ['statestore_ha_client_rpc_conn_timeout_ms', '4.4.1', false],
    ['statestore_ha_client_rpc_conn_timeout_ms', '4.5.0', true],
    ['statestore_ha_client_rpc_conn_timeout_ms', '4.6.0', true],
    ['cookie_secret_file', '4.5.0', false],
    ['cookie_secret_file', '5.0.0', true],
    ['gen_experimental_profile', '4.5.0', true],
    ['gen_experimental_profile', '5.0.0', false],
    ['mem_limit', '4.1.0', false],
    ['operator_preflight', '4.5.0', false],
    ['nouse_local_catalog', '4.5.0', false],
    ['use-local-catalog', '4.5.0', false],
    ['', '4.5.0', false],
  ])('of %s at %s says %p', (flag, version, known) => {
    expect(isKnownFlag(flag, parsed(version))).toBe(known);
  });
});
