import { describe, expect, test } from '@jest/globals';
import { Type } from '@sinclair/typebox';
import { customResourceDefinition } from '../../../src/api/custom-resource-definition.ts';
import { MEMBERS, names, PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { OWNED_FLAGS } from '../../../src/api/owned-flags.ts';
import { structuralSchema } from '../../../src/api/structural-schema.ts';

interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  maxProperties?: number;
  items?: Schema;
  'x-kubernetes-validations'?: { rule: string; message?: string; messageExpression?: string }[];
}

const definition = customResourceDefinition();
const version = definition.spec.versions[0];
if (version === undefined) throw new Error('the definition has no version');
const root = version.schema.openAPIV3Schema as Schema;

/** Every schema below the root, by its path. */
function everySchema(schema: Schema, path = ''): [string, Schema][] {
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    everySchema(child, `${path}.${name}`),
  );
  const values = schema.additionalProperties === undefined ? [] : everySchema(schema.additionalProperties, `${path}.*`);
  const items = schema.items === undefined ? [] : everySchema(schema.items, `${path}[]`);
  return [[path, schema], ...children, ...values, ...items];
}

const schemas = everySchema(root);
const at = (path: string): Schema => {
  const found = schemas.find(([candidate]) => candidate === path)?.[1];
  if (found === undefined) throw new Error(`no ${path}`);
  return found;
};

describe('the CustomResourceDefinition', () => {
  test('describes every field, for kubectl explain', () => {
    const fields = schemas.filter(([path]) => /\.\w+$/.test(path) && path !== '.metadata');
    expect(fields.length).toBeGreaterThan(80);
    expect(fields.filter(([, schema]) => !schema.description).map(([path]) => path)).toEqual([]);
  });

  test('requires only the spec of its user', () => {
    expect(root.required).toEqual(['spec']);
    const required = schemas.filter(([path, schema]) => path.startsWith('.spec') && schema.required !== undefined);
    expect(required.map(([path]) => path)).toEqual([
      '.spec.image.pullSecrets[]',
      '.spec.configuration.from[].configMap',
      '.spec.configuration.from[].secret',
    ]);
  });

  test('gives every rule a message', () => {
    const rules = schemas.flatMap(([, schema]) => schema['x-kubernetes-validations'] ?? []);
    expect(rules.length).toBeGreaterThan(15);
    expect(rules.filter(({ message, messageExpression }) => !message && !messageExpression)).toEqual([]);
  });

  test('bounds every map of the spec, which the cost limit of the rules rests on', () => {
    const maps = schemas.filter(([path, schema]) => path.startsWith('.spec') && schema.additionalProperties);
    expect(maps.length).toBeGreaterThan(8);
    expect(maps.filter(([, schema]) => schema.maxProperties === undefined).map(([path]) => path)).toEqual([]);
  });

  test.each([
    ['.spec.statestore.flags', 'statestore'],
    ['.spec.catalog.flags', 'catalog'],
    ['.spec.coordinators.flags', 'coordinator'],
    ['.spec.executors.flags', 'executor'],
  ] as const)('refuses in %s every flag that the operator owns', (path, component) => {
    const rules = (at(path)['x-kubernetes-validations'] ?? []).map(({ rule }) => rule).join('\n');
    for (const flag of OWNED_FLAGS[component]) expect(rules).toContain(`'${flag}'`);
  });

  test('leaves room in names for what Kubernetes appends to them in labels', () => {
    const [, most] = /name\.size\(\) <= (\d+)/.exec(JSON.stringify(root)) ?? [];
    const cluster = 'a'.repeat(Number(most));
    const longest = Math.max(
      ...PAIR_COMPONENTS.flatMap((component) => [
        names.plainStatefulSet(cluster, component).length,
        ...MEMBERS.map((member) => names.memberPod(cluster, component, member).replace(/-0$/, '').length),
      ]),
      names.impalads(cluster, 'coordinator').length,
    );
    // controller-revision-hash: the StatefulSet's name, a dash and a hash of up to ten digits; a label has 63 characters.
    expect(longest).toBe(63 - 11);
  });

  test('scales executors', () => {
    expect(version.subresources.scale).toEqual({
      specReplicasPath: '.spec.executors.replicas',
      statusReplicasPath: '.status.executors.replicas',
      labelSelectorPath: '.status.executors.selector',
    });
    expect(at('.spec.executors.replicas').default).toBe(1);
    expect(at('.status.executors.replicas').type).toBe('integer');
    expect(at('.status.executors.selector').type).toBe('string');
  });

  test('shows in its columns only what the status has', () => {
    for (const { jsonPath } of version.additionalPrinterColumns) {
      if (!jsonPath.startsWith('.status.conditions') && !jsonPath.startsWith('.metadata')) {
        expect(at(jsonPath).type).toBe('string');
      }
    }
    expect(version.additionalPrinterColumns.map(({ name }) => name)).toEqual([
      'Ready',
      'Statestore',
      'Catalog',
      'Coordinators',
      'Executors',
      'Version',
      'Age',
    ]);
  });
});

describe('structuralSchema', () => {
  test('refuses what has no structural form', () => {
    expect(() => structuralSchema(Type.Union([Type.String(), Type.Object({})]))).toThrow(/no structural schema/);
  });
});
