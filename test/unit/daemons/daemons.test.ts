import { describe, expect, test } from '@jest/globals';
import { COMPONENTS } from '../../../src/api/names.ts';
import type { Component } from '../../../src/api/names.ts';
import { OWNED_FLAGS, UNSUPPORTED_FLAGS } from '../../../src/api/owned-flags.ts';
import { daemonsOf } from '../../../src/daemons/daemons.ts';
import type { Daemons } from '../../../src/daemons/daemons.ts';
import { isKnownFlag } from '../../../src/daemons/flags/known-flags.ts';
import { clusterWith, flagsOf, validDaemons } from './cluster.ts';

const VERSIONS = ['4.2.0', '4.3.0', '4.4.0', '4.4.1', '4.5.0', '5.0.0'];
const SPEC_NAME = {
  statestore: 'statestore',
  catalog: 'catalog',
  coordinator: 'coordinators',
  executor: 'executors',
} as const satisfies Record<Component, string>;

const argumentsOf = (daemons: Daemons, component: Component): readonly string[] => {
  if (component === 'coordinator' || component === 'executor') return daemons[component].args;
  return daemons[component].a.argv.slice(2);
};
const emitted = (component: Component, spec: object = {}): Record<string, string> =>
  flagsOf(argumentsOf(validDaemons(spec), component));

function problemsOf(spec: object): string[] {
  const result = daemonsOf(clusterWith(spec));
  return result.kind === 'valid' ? [] : result.problems.map(({ message }) => message);
}

describe('the daemons of a cluster', () => {
  test('come from the images that Apache publishes', () => {
    const { statestore, catalog, coordinator, executor } = validDaemons({
      image: { repository: 'registry:5000/impala', tag: '4.4.1' },
    });
    expect([statestore.a, catalog.b, coordinator, executor].map(({ image, name }) => [image, name])).toEqual([
      ['registry:5000/impala:4.4.1-statestored', 'statestored'],
      ['registry:5000/impala:4.4.1-catalogd', 'catalogd'],
      ['registry:5000/impala:4.4.1-impalad_coordinator', 'impalad'],
      ['registry:5000/impala:4.4.1-impalad_executor', 'impalad'],
    ]);
  });

  test.each(VERSIONS)('are given no flag that Impala %s does not know', (tag) => {
    const daemons = validDaemons({ image: { tag } });
    for (const component of COMPONENTS) {
      const flags = Object.keys(flagsOf(argumentsOf(daemons, component)));
      expect(flags.length).toBeGreaterThan(12);
      expect(flags.filter((flag) => !isKnownFlag(flag, daemons.version))).toEqual([]);
    }
  });

  test('have ports that no two share a number or a name, and names that Kubernetes takes', () => {
    const { statestore, catalog, coordinator, executor } = validDaemons();
    for (const { ports, servicePorts } of [statestore.a, catalog.a, coordinator, executor]) {
      expect(ports.length).toBeGreaterThan(2);
      expect(new Set(ports.map(({ port }) => port)).size).toBe(ports.length);
      expect(new Set(ports.map(({ name }) => name)).size).toBe(ports.length);
      for (const { name } of ports) expect(name).toMatch(/^(?=.{1,15}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
      for (const port of servicePorts) expect(ports).toContainEqual(port);
    }
  });

  test('are the same again for the same spec, in whatever order its flags come', () => {
    const one = { executors: { flags: { mem_limit: '1g', v: '1' } } };
    const other = { executors: { flags: { v: '1', mem_limit: '1g' } } };
    expect(validDaemons(one)).toEqual(validDaemons(other));
    expect(JSON.stringify(validDaemons(one))).toBe(JSON.stringify(validDaemons(other)));
  });
});

describe("the image's ENTRYPOINT, which the guard's command replaces,", () => {
  // docker/{statestored,catalogd}/Dockerfile, the same from 4.3 to 5.0. A flag that is bound to have another value here
  // stands with that.
  const own = { use_resolved_hostname: 'false' };
  test.each([
    ['statestore', { log_dir: '/opt/impala/logs', ...own }],
    [
      'catalog',
      {
        log_dir: '/opt/impala/logs',
        abort_on_config_error: 'false',
        state_store_host: 'sales-statestore.shop.svc.cluster.local',
        catalog_topic_mode: 'minimal',
        hms_event_polling_interval_s: '1',
        invalidate_tables_on_memory_pressure: 'true',
        ...own,
      },
    ],
  ] as const)('is restated for the %s', (component, flags) => {
    expect(emitted(component)).toMatchObject(flags);
    expect(validDaemons()[component].b.argv.slice(0, 2)).toEqual([
      '/opt/impala/bin/daemon_entrypoint.sh',
      `/opt/impala/bin/${component}d`,
    ]);
  });
});

describe('a statestored', () => {
  test('is known by the name of its own pod', () => {
    const { a, b } = validDaemons({ clusterDomain: 'k8s.example' }).statestore;
    expect(flagsOf(a.argv)['hostname']).toBe('sales-statestore-a-0.sales-statestore-pods.shop.svc.k8s.example');
    expect(flagsOf(b.argv)['hostname']).toBe('sales-statestore-b-0.sales-statestore-pods.shop.svc.k8s.example');
  });

  test('has threads enough for a node full of subscribers that do not answer', () => {
    expect(emitted('statestore')).toMatchObject({
      statestore_num_heartbeat_threads: '64',
      statestore_num_update_threads: '32',
      statestore_num_priority_update_threads: '32',
      statestore_heartbeat_tcp_timeout_seconds: '2',
      statestore_update_tcp_timeout_seconds: '60',
    });
  });

  test('tells its agent where its health is, and how long to be patient', () => {
    expect(validDaemons().statestore.b.agent).toEqual({
      cluster: 'sales',
      component: 'statestore',
      member: 'b',
      pairName: 'sales-statestore',
      leaseDurationSeconds: 9,
      renewDeadlineSeconds: 6,
      retryPeriodSeconds: 3,
      healthPort: 25011,
      healthPeriodSeconds: 1,
      healthTimeoutSeconds: 1,
      failureThreshold: 3,
      startTimeoutSeconds: 60,
      maxOutageSeconds: 900,
      agentPort: 8480,
      promisePort: 8481,
      spellings: [],
    });
  });
});

describe('a catalogd', () => {
  test('registers under the name of its Service, whichever member it is', () => {
    const { a, b } = validDaemons().catalog;
    expect(a.argv).toEqual(b.argv);
    expect(flagsOf(a.argv)['hostname']).toBe('sales-catalog.shop.svc.cluster.local');
  });

  test('has two equal spellings of it, the first of which is the one in its flags', () => {
    const { argv, agent } = validDaemons().catalog.a;
    expect(agent.spellings).toEqual([
      '-hostname=sales-catalog.shop.svc.cluster.local',
      '-hostname=sales-catalog.shop.svc',
    ]);
    expect(argv).toContain(agent.spellings[0]);
  });

  test('offers on its Service also the port that the statestored connects back to', () => {
    expect(validDaemons().catalog.a.servicePorts.map(({ port }) => port)).toEqual([26000, 23020, 25020]);
  });

  test('ends when its heap is exhausted, instead of living on half dead', () => {
    expect(validDaemons().catalog.a.environment).toContainEqual({
      name: 'JAVA_TOOL_OPTIONS',
      value: '-XX:+ExitOnOutOfMemoryError',
    });
  });
});

describe('impalads', () => {
  test.each(['coordinator', 'executor', 'catalog'] as const)(
    'and catalogd: a %s finds a new statestored soon',
    (who) => {
      expect(emitted(who)).toMatchObject({
        state_store_host: 'sales-statestore.shop.svc.cluster.local',
        statestore_subscriber_timeout_seconds: '5',
        statestore_client_rpc_timeout_ms: '2000',
        statestore_subscriber_cnxn_retry_interval_ms: '1000',
        statestore_subscriber_cnxn_attempts: '10',
      });
    },
  );

  test.each(['coordinator', 'executor'] as const)('a %s is known by the name of its own pod', (role) => {
    expect(emitted(role)).toMatchObject({
      use_resolved_hostname: 'false',
      hostname: `$(POD_NAME).sales-${role}-pods.shop.svc.cluster.local`,
    });
    expect(validDaemons()[role].environment).toContainEqual({ name: 'POD_NAME', fieldPath: 'metadata.name' });
  });

  test('never have a shorter limit for calls to the catalog, which would run statements twice', () => {
    for (const component of COMPONENTS) expect(emitted(component)).not.toHaveProperty('catalog_client_rpc_timeout_ms');
  });

  test.each([
    ['4.3.0', undefined],
    ['4.4.1', '120000'],
    ['4.5.0', '120000'],
  ])('at %s have %p as limit of the lightweight calls', (tag, limit) => {
    expect(emitted('coordinator', { image: { tag } })['catalog_lightweight_rpc_timeout_ms']).toBe(limit);
    expect(emitted('executor', { image: { tag } })['catalog_lightweight_rpc_timeout_ms']).toBeUndefined();
  });

  test('receive heartbeats at their address, unless TLS wants the name', () => {
    const flag = 'statestore_subscriber_use_resolved_address';
    const tls = { flags: { ssl_client_ca_certificate: '/tls/ca.crt' } };
    expect(emitted('executor')[flag]).toBe('true');
    expect(emitted('executor', { executors: tls })[flag]).toBe('false');
    expect(emitted('coordinator', { coordinators: tls })[flag]).toBe('false');
    expect(emitted('coordinator', { executors: tls })[flag]).toBe('true');
  });

  test("coordinators shun executors for as long as the statestored's heartbeats say", () => {
    const statestore = { flags: { statestore_heartbeat_frequency_ms: '500', statestore_max_missed_heartbeats: '20' } };
    expect(emitted('coordinator', { statestore })).toMatchObject(statestore.flags);
    expect(emitted('coordinator')).not.toHaveProperty('statestore_heartbeat_frequency_ms');
  });

  test('leave gracefully, within limits that follow their flags', () => {
    const { executor } = validDaemons();
    expect(executor.terminationGracePeriodSeconds).toBe(3630);
    expect(executor.preStop.join(' ')).toContain('graceful_shutdown_backends.sh 3610');
    const short = validDaemons({ executors: { flags: { shutdown_deadline_s: '20' } } }).executor;
    expect(short.terminationGracePeriodSeconds).toBe(50);
    expect(short.preStop.join(' ')).toContain('graceful_shutdown_backends.sh 30');
  });

  test.each([
    [{}, 21000],
    [{ coordinators: { flags: { beeswax_port: '0' } } }, undefined],
    [{ image: { tag: '5.0.0' } }, undefined],
    [{ image: { tag: '5.0.0' }, coordinators: { flags: { beeswax_port: '21001' } } }, 21001],
  ])('with %j offer Beeswax at %p', (spec, port) => {
    const { ports, servicePorts } = validDaemons(spec).coordinator;
    expect(servicePorts.find(({ name }) => name === 'beeswax')?.port).toBe(port);
    expect(ports.find(({ name }) => name === 'beeswax')?.port).toBe(port);
  });
});

describe('flags of the user', () => {
  test("come last, replace the operator's, and stay as they are spelled", () => {
    const flags = { v: '2', statestore_subscriber_timeout_seconds: '10', default_query_options: 'a=b,c="d e"' };
    const args = validDaemons({ executors: { flags } }).executor.args;
    expect(args.slice(-3)).toEqual([
      '-default_query_options=a=b,c="d e"',
      '-statestore_subscriber_timeout_seconds=10',
      '-v=2',
    ]);
    expect(args.filter((argument) => argument.includes('statestore_subscriber_timeout_seconds'))).toHaveLength(1);
  });

  test.each(COMPONENTS.flatMap((component) => OWNED_FLAGS[component].map((flag) => [component, flag] as const)))(
    'are refused for %s when the operator owns them: -%s',
    (component, flag) => {
      expect(problemsOf({ [SPEC_NAME[component]]: { flags: { [flag]: '1' } } })).toEqual([
        `spec.${SPEC_NAME[component]}.flags: -${flag} is set by the operator: leave it out`,
      ]);
    },
  );

  test.each(COMPONENTS)('of %s are refused when health checks could not live with them', (component) => {
    for (const flag of UNSUPPORTED_FLAGS) {
      expect(problemsOf({ [SPEC_NAME[component]]: { flags: { [flag]: 'x' } } })[0]).toMatch(
        `-${flag} is not supported`,
      );
    }
  });

  test('are refused when the version does not know them, each by name', () => {
    expect(
      problemsOf({
        image: { tag: '4.3.0' },
        catalog: { flags: { enable_workload_mgmt: 'true' } },
        executors: { flags: { mem_limits: '1g', mem_limit: '1g' } },
      }),
    ).toEqual([
      'spec.catalog.flags: -enable_workload_mgmt is not a flag of Impala 4.3.0, whose daemons would stop at it: leave it out',
      'spec.executors.flags: -mem_limits is not a flag of Impala 4.3.0, whose daemons would stop at it: leave it out',
    ]);
  });

  test.each(['1h', '-1', '', '0x10', '1e3'])('are refused when the operator cannot read the number %p', (value) => {
    expect(problemsOf({ executors: { flags: { shutdown_deadline_s: value } } })).toEqual([
      `spec.executors.flags: -shutdown_deadline_s is not a whole number: ${value}`,
    ]);
  });

  test('that the operator owns are flags that Impala has', () => {
    const { version } = validDaemons({ image: { tag: '5.0.0' } });
    for (const component of COMPONENTS) {
      expect([...OWNED_FLAGS[component], ...UNSUPPORTED_FLAGS].filter((flag) => !isKnownFlag(flag, version))).toEqual(
        [],
      );
    }
  });

  test('are owned wherever an identity or an address is emitted', () => {
    for (const component of COMPONENTS) {
      const addresses = Object.keys(emitted(component)).filter((flag) => /hostname|_host$|_port$/.test(flag));
      expect(addresses.length).toBeGreaterThan(3);
      expect(addresses.filter((flag) => !OWNED_FLAGS[component].includes(flag))).toEqual([]);
    }
  });
});

describe('the version', () => {
  test.each([
    [{ tag: 'nightly' }, /^spec\.image\.version: the tag nightly does not begin with x\.y\.z/],
    [{ tag: '4.1.2' }, /^spec\.image\.tag: Impala 4\.1\.2 is not supported: write 4\.2\.0 or later/],
    [{ tag: 'nightly', version: '3.4.0' }, /^spec\.image\.version: Impala 3\.4\.0 is not supported/],
  ])('of %j is refused', (image, message) => {
    expect(problemsOf({ image })).toEqual([expect.stringMatching(message)]);
  });

  test('that is written goes before the one in the tag', () => {
    expect(validDaemons({ image: { tag: '4.3.0-mine', version: '4.5.0' } }).version).toEqual({
      major: 4,
      minor: 5,
      patch: 0,
    });
  });
});
