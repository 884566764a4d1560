import { describe, expect, test } from '@jest/globals';
import { covers } from '../../../src/kube/covers.ts';

const statefulSet = (template: object): object => ({ kind: 'StatefulSet', spec: { template: { spec: template } } });

describe('a live object covers a desired one', () => {
  const cases: [string, object, object][] = [
    ['that states nothing', {}, {}],
    ['when it has more fields', { spec: { replicas: 1, strategy: 'x' }, status: {} }, { spec: { replicas: 1 } }],
    ['whose undefined fields state nothing', { a: 1 }, { a: 1, b: undefined }],
    ['whose null fields are absent', { a: 1 }, { a: 1, b: null }],
    [
      'with labels and annotations of others',
      { metadata: { labels: { a: '1', b: '2' } } },
      { metadata: { labels: { a: '1' } } },
    ],
    ['with keys of others in a ConfigMap', { data: { a: 'x', b: 'y' } }, { data: { a: 'x' } }],
    [
      'with a container that somebody injected in front, and defaults in ours',
      statefulSet({ containers: [{ name: 'proxy' }, { name: 'impalad', image: 'i', terminationMessagePath: '/dev' }] }),
      statefulSet({ containers: [{ name: 'impalad', image: 'i' }] }),
    ],
    [
      'with an environment variable of somebody else',
      statefulSet({
        containers: [
          {
            name: 'c',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
        ],
      }),
      statefulSet({ containers: [{ name: 'c', env: [{ name: 'A', value: '1' }] }] }),
    ],
    [
      'with a defaulted protocol and a node port',
      { kind: 'Service', spec: { ports: [{ name: 'p', port: 1, protocol: 'TCP', targetPort: 1, nodePort: 3 }] } },
      { kind: 'Service', spec: { ports: [{ name: 'p', port: 1 }] } },
    ],
    ['with the same list', { rules: [{ verbs: ['get', 'watch'] }] }, { rules: [{ verbs: ['get', 'watch'] }] }],
    [
      'with a second owner',
      { metadata: { ownerReferences: [{ uid: '2' }, { uid: '1', name: 'n' }] } },
      { metadata: { ownerReferences: [{ uid: '1', name: 'n' }] } },
    ],
  ];
  test.each(cases)('%s', (_, live, desired) => {
    expect(covers(live, desired)).toBe(true);
  });
});

describe('a live object does not cover a desired one', () => {
  const cases: [string, object, object][] = [
    ['when a value differs', { spec: { replicas: 2 } }, { spec: { replicas: 1 } }],
    ['when a value has another type', { a: '1' }, { a: 1 }],
    ['when a field is missing', { spec: {} }, { spec: { replicas: 0 } }],
    ['when an empty object is missing', { volume: {} }, { volume: { emptyDir: {} } }],
    ['when an object stands where a value should', { a: {} }, { a: 'x' }],
    ['when a value stands where an object should', { a: 'x' }, { a: {} }],
    ['when a field that must be absent is there', { a: 1 }, { a: null }],
    ['when a list became shorter', { args: ['a'] }, { args: ['a', 'b'] }],
    ['when a list became longer', { args: ['a', 'b'] }, { args: ['a'] }],
    ['when a list has another order', { args: ['b', 'a'] }, { args: ['a', 'b'] }],
    ['when a list is missing', {}, { args: [] }],
    [
      'when a rule of a Role was narrowed',
      { rules: [{ verbs: ['get'], resourceNames: ['x'] }] },
      { rules: [{ verbs: ['get'] }] },
    ],
    ['when a rule was added', { rules: [{ verbs: ['get'] }, { verbs: ['*'] }] }, { rules: [{ verbs: ['get'] }] }],
    ['when a selector was narrowed', { spec: { selector: { a: '1', b: '2' } } }, { spec: { selector: { a: '1' } } }],
    [
      'when a port was added to an EndpointSlice',
      { kind: 'EndpointSlice', ports: [{ port: 1 }, { port: 2 }] },
      { kind: 'EndpointSlice', ports: [{ port: 1 }] },
    ],
    [
      'when a container is missing',
      statefulSet({ containers: [{ name: 'other' }] }),
      statefulSet({ containers: [{ name: 'impalad' }] }),
    ],
    [
      'when an environment variable has another value',
      statefulSet({ containers: [{ name: 'c', env: [{ name: 'A', value: '2' }] }] }),
      statefulSet({ containers: [{ name: 'c', env: [{ name: 'A', value: '1' }] }] }),
    ],
    [
      'when a key was made optional',
      statefulSet({
        containers: [
          { name: 'c', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } }] },
        ],
      }),
      statefulSet({
        containers: [{ name: 'c', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }],
      }),
    ],
    [
      'when the containers stand in another order',
      statefulSet({ initContainers: [{ name: 'b' }, { name: 'a' }] }),
      statefulSet({ initContainers: [{ name: 'a' }, { name: 'b' }] }),
    ],
    [
      'when a port has another protocol',
      { kind: 'Service', spec: { ports: [{ port: 1, protocol: 'UDP' }] } },
      { kind: 'Service', spec: { ports: [{ port: 1 }] } },
    ],
  ];
  test.each(cases)('%s', (_, live, desired) => {
    expect(covers(live, desired)).toBe(false);
  });
});
