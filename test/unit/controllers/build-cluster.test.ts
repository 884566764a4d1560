import { describe, expect, test } from '@jest/globals';
import { annotations, labels } from '../../../src/api/names.ts';
import { buildCluster } from '../../../src/controllers/build/build-cluster.ts';
import type { BuiltCluster } from '../../../src/controllers/build/build-cluster.ts';
import type { DesiredObject } from '../../../src/controllers/build/metadata.ts';
import { templateHashOf } from '../../../src/controllers/build/template.ts';
import type { Pod, PodTemplate, StatefulSet } from '../../../src/controllers/kubernetes-types.ts';
import type { ClusterSnapshot } from '../../../src/controllers/snapshot.ts';
import type { KubernetesObject } from '../../../src/kube/kubernetes-object.ts';
import { emptySnapshot, IMAGE, podOf, validCluster } from './fixtures.ts';

const build = (spec: object = {}, image = IMAGE, live: ClusterSnapshot = emptySnapshot()): BuiltCluster =>
  buildCluster(validCluster(spec), image, live, { statestore: 'holder', catalog: 'holder' });

const all = ({ objects, members, impalads }: BuiltCluster): DesiredObject[] => [
  ...objects,
  ...Object.values(impalads).map(({ statefulSet }) => statefulSet),
  ...Object.values(members).flatMap(({ a, b }) => [a.statefulSet, b.statefulSet]),
];

const nameOf = ({ body }: DesiredObject): string => `${body.kind} ${body.metadata.name}`;

function find<T extends KubernetesObject>(built: BuiltCluster, name: string): T {
  const found = all(built).find((object) => nameOf(object) === name);
  if (found === undefined) throw new Error(`${name} is not built`);
  return found.body as T;
}

const templateOf = (built: BuiltCluster, name: string): PodTemplate => {
  const template = find<StatefulSet>(built, `StatefulSet ${name}`).spec?.template;
  if (template === undefined) throw new Error(`${name} has no template`);
  return template;
};

const STATEFUL_SETS = [
  'sales-statestore-a',
  'sales-statestore-b',
  'sales-catalog-a',
  'sales-catalog-b',
  'sales-coordinator',
  'sales-executor',
];

describe('the objects of a cluster', () => {
  test('have the fixed names', () => {
    const pair = (name: string): string[] => [
      `ServiceAccount ${name}`,
      `Role ${name}`,
      `RoleBinding ${name}`,
      `Service ${name}`,
      `Service ${name}-pods`,
      `EndpointSlice ${name}`,
      `Lease ${name}`,
      `PodDisruptionBudget ${name}`,
    ];
    expect(new Set(all(build()).map(nameOf))).toEqual(
      new Set([
        ...pair('sales-statestore'),
        ...pair('sales-catalog'),
        'Service sales-coordinator',
        'Service sales-coordinator-pods',
        'Service sales-executor-pods',
        ...STATEFUL_SETS.map((name) => `StatefulSet ${name}`),
      ]),
    );
  });

  test('belong to the cluster, say who manages them, and carry the hash of what they are', () => {
    for (const { body } of all(build())) {
      expect(body.metadata.namespace).toBe('shop');
      expect(body.metadata.ownerReferences).toEqual([
        expect.objectContaining({ uid: 'cluster-uid', controller: true, blockOwnerDeletion: true }),
      ]);
      expect(body.metadata.labels).toMatchObject({ [labels.managedBy]: 'impala-operator', [labels.cluster]: 'sales' });
      expect(body.metadata.annotations?.[annotations.applied]).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  test('are the same for the same spec', () => {
    expect(build()).toEqual(build());
  });

  test('change their hash only where the spec changes them', () => {
    const hashes = (spec: object): Map<string, string | undefined> =>
      new Map(
        all(build(spec)).map((object) => [nameOf(object), object.body.metadata.annotations?.[annotations.applied]]),
      );
    const before = hashes({});
    const after = hashes({ catalog: { flags: { v: '1' } } });
    const changed = [...after].filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name);
    expect(changed).toEqual(['StatefulSet sales-catalog-a', 'StatefulSet sales-catalog-b']);
  });
});

describe('what an agent may do', () => {
  test.each(['statestore', 'catalog'])('of the %s is its own Lease and slice by name, and events', (component) => {
    const name = `sales-${component}`;
    const verbs = ['get', 'watch', 'update'];
    expect(find(build(), `Role ${name}`)).toMatchObject({
      rules: [
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [name], verbs },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], resourceNames: [name], verbs },
        { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
      ],
    });
  });
});

describe('the way to the active pod', () => {
  test.each([
    ['statestore', [24000, 25010, 25011]],
    ['catalog', [23020, 25020, 25021, 26000]],
  ])(
    'of the %s is a Service without selector, and a slice with the same ports and no endpoints',
    (component, ports) => {
      const service = find<KubernetesObject & { spec: object }>(build(), `Service sales-${component}`);
      expect(service.spec).not.toHaveProperty('selector');
      expect(service.spec).toMatchObject({ type: 'ClusterIP' });
      const numbers = (object: { ports?: { name: string; port: number }[] }) =>
        (object.ports ?? []).map(({ name, port }) => ({ name, port }));
      const slice = find<KubernetesObject>(build(), `EndpointSlice sales-${component}`);
      expect(numbers(slice as never)).toEqual(numbers(service.spec));
      expect(
        numbers(slice as never)
          .map(({ port }) => port)
          .sort(),
      ).toEqual(ports);
      expect(slice).not.toHaveProperty('endpoints');
      expect(slice.metadata.annotations).not.toHaveProperty([annotations.term]);
      expect(slice.metadata.labels).toMatchObject({
        'kubernetes.io/service-name': `sales-${component}`,
        'endpointslice.kubernetes.io/managed-by': 'impala-operator.dev',
      });
    },
  );

  test('clients reach coordinators through a Service that keeps each at its coordinator', () => {
    expect(find(build(), 'Service sales-coordinator')).toMatchObject({
      spec: { sessionAffinity: 'ClientIP', selector: { [labels.impalaComponent]: 'coordinator' } },
    });
  });
});

describe('every pod', () => {
  test.each(STATEFUL_SETS)('of %s is restricted, and gets no more than it needs', (name) => {
    const template = templateOf(build(), name);
    expect(template.spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    const containers = [...(template.spec?.initContainers ?? []), ...(template.spec?.containers ?? [])];
    expect(containers.length).toBeGreaterThan(0);
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      });
      const volumes = new Set(template.spec?.volumes?.map((volume) => volume.name));
      for (const mount of container.volumeMounts ?? []) expect(volumes).toContain(mount.name);
    }
    expect(template.metadata?.labels).toMatchObject({ [labels.managedBy]: 'impala-operator' });
  });

  test.each(STATEFUL_SETS)('of %s belongs to a StatefulSet that heals from a bad image', (name) => {
    const { spec } = find<StatefulSet>(build(), `StatefulSet ${name}`);
    expect(spec).toMatchObject({ podManagementPolicy: 'Parallel', updateStrategy: { type: 'RollingUpdate' } });
    expect(templateOf(build(), name).metadata?.labels).toMatchObject(
      spec?.selector.matchLabels ?? { missing: 'selector' },
    );
  });
});

describe('a pod of a pair', () => {
  test('never shares a node with its other member', () => {
    for (const name of STATEFUL_SETS.slice(0, 4)) {
      const [term] =
        templateOf(build(), name).spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      expect(term?.topologyKey).toBe('kubernetes.io/hostname');
      expect(templateOf(build(), name).metadata?.labels).toMatchObject(
        term?.labelSelector?.matchLabels ?? { missing: '' },
      );
    }
  });

  test('rather does not share one with the first active of the other pair', () => {
    const preferred = (name: string) =>
      templateOf(build(), name).spec?.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    expect(preferred('sales-catalog-a')).toMatchObject([
      {
        podAffinityTerm: {
          labelSelector: { matchLabels: { [labels.impalaComponent]: 'statestore', [labels.member]: 'a' } },
        },
      },
    ]);
    expect(preferred('sales-catalog-b')).toBeUndefined();
  });

  test('runs its daemon under the guard, without probes, and the agent beside it with the only token', () => {
    const spec = templateOf(build(), 'sales-catalog-b').spec;
    const [agent] = spec?.initContainers ?? [];
    const [daemon] = spec?.containers ?? [];
    expect(agent).toMatchObject({ name: 'ha-agent', image: IMAGE, restartPolicy: 'Always' });
    expect(agent?.volumeMounts?.map(({ name }) => name)).toEqual(['ha', 'agent-token', 'keys']);
    expect(daemon?.name).toBe('catalogd');
    expect(daemon?.command?.slice(0, 2)).toEqual(['/bin/bash', '/run/impala-ha/guard.sh']);
    expect(daemon?.command).toContain('/opt/impala/bin/catalogd');
    expect(daemon?.volumeMounts?.map(({ name }) => name)).not.toContain('agent-token');
    expect(daemon?.volumeMounts?.map(({ name }) => name)).not.toContain('keys');
    for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) expect(daemon).not.toHaveProperty(probe);
    expect(daemon?.resources?.limits).toBeUndefined();
  });

  test('has one hash for both members, so that a failed start of one counts for the other', () => {
    const { a, b } = build().members.catalog;
    expect(a.templateHash).toBe(b.templateHash);
    expect(templateHashOf(a.statefulSet.body)).toBe(a.templateHash);
    expect(a.statefulSet.body.spec?.template).not.toEqual(b.statefulSet.body.spec?.template);
  });
});

describe('a pod of coordinators or executors', () => {
  test.each(['sales-coordinator', 'sales-executor'])('of %s is never killed for what another daemon lacks', (name) => {
    const [daemon] = templateOf(build(), name).spec?.containers ?? [];
    expect(daemon?.readinessProbe?.httpGet).toMatchObject({ path: '/healthz', port: 25001 });
    expect(daemon?.livenessProbe).toHaveProperty('tcpSocket');
    expect(daemon?.livenessProbe).not.toHaveProperty('httpGet');
  });

  test('may take as long to stop as its flags say', () => {
    const built = build({ executors: { flags: { shutdown_deadline_s: '100' } } });
    expect(templateOf(built, 'sales-executor').spec?.terminationGracePeriodSeconds).toBe(130);
    expect(templateOf(built, 'sales-coordinator').spec?.terminationGracePeriodSeconds).toBe(3630);
    const [daemon] = templateOf(built, 'sales-executor').spec?.containers ?? [];
    expect(daemon?.lifecycle?.preStop?.exec?.command?.join(' ')).toContain('graceful_shutdown_backends.sh 110');
  });

  test('comes as often as asked for', () => {
    const built = build({ coordinators: { replicas: 2 }, executors: { replicas: 0 } });
    expect(find<StatefulSet>(built, 'StatefulSet sales-coordinator').spec?.replicas).toBe(2);
    expect(find<StatefulSet>(built, 'StatefulSet sales-executor').spec?.replicas).toBe(0);
  });
});

describe('what the user writes', () => {
  test('goes out as it is spelled', () => {
    const resources = { limits: { memory: '0.5Gi' }, requests: { cpu: '0.1', memory: '536870912' } };
    const tolerations = [{ key: 'impala', operator: 'Exists' }];
    const built = build({ catalog: { resources, tolerations, nodeSelector: { disk: 'ssd' } } });
    const { spec } = templateOf(built, 'sales-catalog-a');
    expect(spec?.containers[0]?.resources).toEqual(resources);
    expect(spec).toMatchObject({ tolerations, nodeSelector: { disk: 'ssd' } });
    expect(templateOf(built, 'sales-statestore-a').spec).not.toHaveProperty('nodeSelector');
  });

  test('as configuration goes into one directory, its own files last, so that they win', () => {
    const content = (kind: 'ConfigMap' | 'Secret', name: string) => ({ kind, name, data: { x: 'y' }, binaryData: {} });
    const cluster = validCluster({ configuration: { files: { 'core-site.xml': '<c/>' } } }, [
      content('ConfigMap', 'm'),
      content('Secret', 's'),
    ]);
    const built = buildCluster(cluster, IMAGE, emptySnapshot(), { statestore: 'holder', catalog: 'holder' });
    const name = cluster.configuration?.root.body.metadata.name ?? '';
    expect(name).toMatch(/^sales-configuration-[0-9a-f]{16}$/);
    expect(cluster.configuration?.root.body).toMatchObject({ immutable: true, data: { 'core-site.xml': '<c/>' } });
    for (const statefulSet of STATEFUL_SETS) {
      const { spec } = templateOf(built, statefulSet);
      expect(spec?.volumes?.find((volume) => volume.name === 'configuration')?.projected?.sources).toEqual([
        { configMap: { name: `${name}-0` } },
        { secret: { name: `${name}-1` } },
        { configMap: { name } },
      ]);
      expect(spec?.containers[0]?.volumeMounts).toContainEqual({
        name: 'configuration',
        mountPath: '/opt/impala/conf',
        readOnly: true,
      });
    }
  });

  test('as a changed file makes other pods', () => {
    const hash = (text: string): string =>
      build({ configuration: { files: { f: text } } }).members.catalog.a.templateHash;
    expect(hash('one')).not.toBe(hash('two'));
  });
});

describe('an upgrade of the operator', () => {
  const before = build();
  const withMembers = (spec: object, pods: { a?: Pod; b?: Pod } = {}): ClusterSnapshot => {
    const built = build(spec);
    const snapshot = emptySnapshot();
    const { a, b } = built.members.statestore;
    const statestore = {
      ...snapshot.pairs.statestore,
      statefulSets: { a: a.statefulSet.body, b: b.statefulSet.body },
      pods: { a: pods.a, b: pods.b },
    };
    return { ...snapshot, pairs: { ...snapshot.pairs, statestore } };
  };
  const agentIn = ({ members }: BuiltCluster, member: 'a' | 'b'): string | undefined =>
    members.statestore[member].statefulSet.body.spec?.template.spec?.initContainers?.[0]?.image;
  const waiting = (reason: string): Pod => ({
    ...podOf('a'),
    status: {
      initContainerStatuses: [
        { name: 'ha-agent', image: IMAGE, imageID: '', ready: false, restartCount: 3, state: { waiting: { reason } } },
      ],
    },
  });

  test('restarts nothing by itself', () => {
    const after = build({}, 'example/operator:2', withMembers({}));
    expect(after.members.statestore).toEqual(before.members.statestore);
  });

  test('reaches a pod together with the next change of its template', () => {
    const after = build({ statestore: { flags: { v: '1' } } }, 'example/operator:2', withMembers({}));
    expect(agentIn(after, 'a')).toBe('example/operator:2');
    expect(agentIn(after, 'b')).toBe('example/operator:2');
  });

  test.each(['ImagePullBackOff', 'ErrImagePull', 'CrashLoopBackOff'])(
    'replaces an agent that fails by %s',
    (reason) => {
      const after = build({}, 'example/operator:2', withMembers({}, { a: waiting(reason) }));
      expect(agentIn(after, 'a')).toBe('example/operator:2');
      expect(agentIn(after, 'b')).toBe(IMAGE);
    },
  );

  test('leaves an agent alone that is only starting', () => {
    const after = build({}, 'example/operator:2', withMembers({}, { a: waiting('PodInitializing') }));
    expect(agentIn(after, 'a')).toBe(IMAGE);
  });
});
