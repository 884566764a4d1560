import { describe, expect, test } from '@jest/globals';
import { age, atJsonPath } from '../../../src/embedded/http/cells.ts';
import { jsonPatch } from '../../../src/embedded/http/json-patch.ts';
import { strategicMerge } from '../../../src/embedded/http/strategic-merge.ts';

describe('a strategic merge patch', () => {
  const pod = {
    metadata: { finalizers: ['one'] },
    spec: {
      containers: [
        { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] },
        { name: 'b', image: 'b:1' },
      ],
      nodeName: 'node-1',
    },
  };

  test('merges the elements of a keyed list by their keys', () => {
    const patch = { spec: { containers: [{ name: 'a', image: 'a:2' }] } };
    expect(strategicMerge('Pod', pod, patch)).toMatchObject({
      spec: {
        containers: [
          { name: 'a', image: 'a:2', env: [{ name: 'X' }] },
          { name: 'b', image: 'b:1' },
        ],
      },
    });
  });

  test('adds an element that is not there, and deletes one that it is told to', () => {
    const patch = { spec: { containers: [{ name: 'c' }, { name: 'a', $patch: 'delete' }] } };
    expect(strategicMerge('Pod', pod, patch)).toMatchObject({ spec: { containers: [{ name: 'b' }, { name: 'c' }] } });
  });

  test('removes a field that is null, and replaces an object that it is told to', () => {
    const patch = { spec: { nodeName: null, $patch: 'replace', containers: [] } };
    expect(strategicMerge('Pod', pod, { spec: { nodeName: null } })).not.toHaveProperty('spec.nodeName');
    expect(strategicMerge('Pod', pod, patch)).toHaveProperty('spec.containers', []);
  });

  test('merges lists of plain values, and takes out what it is told to', () => {
    expect(strategicMerge('Pod', pod, { metadata: { finalizers: ['two'] } })).toMatchObject({
      metadata: { finalizers: ['one', 'two'] },
    });
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': ['one'] } };
    expect(strategicMerge('Pod', pod, patch)).toMatchObject({ metadata: { finalizers: [] } });
  });

  test('keeps nothing beside what it retains', () => {
    const patch = { spec: { $retainKeys: ['nodeName'] } };
    expect(strategicMerge('Pod', pod, patch)).toMatchObject({ spec: { nodeName: 'node-1' } });
    expect(strategicMerge('Pod', pod, patch)).not.toHaveProperty('spec.containers');
  });
});

describe('a JSON patch', () => {
  test.each([
    ['adds a field', [{ op: 'add', path: '/b', value: 2 }], { a: [1, 2], b: 2 }],
    ['inserts into a list', [{ op: 'add', path: '/a/1', value: 9 }], { a: [1, 9, 2] }],
    ['appends to a list', [{ op: 'add', path: '/a/-', value: 3 }], { a: [1, 2, 3] }],
    ['replaces', [{ op: 'replace', path: '/a/0', value: 5 }], { a: [5, 2] }],
    ['removes', [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    ['moves', [{ op: 'move', from: '/a', path: '/c' }], { c: [1, 2] }],
    ['goes on when a test holds', [{ op: 'test', path: '/a/1', value: 2 }], { a: [1, 2] }],
  ])('%s', (_what, patch, wanted) => {
    expect(jsonPatch({ a: [1, 2] }, patch)).toEqual(wanted);
  });

  test.each([
    ['a test that does not hold', [{ op: 'test', path: '/a/1', value: 3 }]],
    ['a field that is not there', [{ op: 'remove', path: '/b' }]],
    ['an index beyond the list', [{ op: 'replace', path: '/a/2', value: 1 }]],
  ])('is refused for %s', (_what, patch) => {
    expect(() => jsonPatch({ a: [1, 2] }, patch)).toThrow(/rejected/);
  });
});

describe('a cell of a table', () => {
  test('is found by a path with a filter', () => {
    const object = {
      status: {
        conditions: [
          { type: 'Other', status: 'no' },
          { type: 'Available', status: 'True' },
        ],
      },
    };
    expect(atJsonPath(object, '.status.conditions[?(@.type=="Available")].status')).toBe('True');
    expect(atJsonPath(object, '.status.conditions[0].status')).toBe('no');
    expect(atJsonPath(object, '.status.missing.field')).toBeUndefined();
  });

  test.each([
    [5, '5s'],
    [119, '119s'],
    [125, '2m5s'],
    [1800, '30m'],
    [4 * 3600 + 120, '4h2m'],
    [3 * 86_400, '3d'],
  ])('shows an age of %d s as %s', (seconds, text) => {
    const now = new Date('2026-01-10T00:00:00Z');
    const then = new Date(now.getTime() - seconds * 1000).toISOString();
    expect(age(then, now)).toBe(text);
  });
});
