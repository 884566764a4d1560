import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { withDefaults } from '../../../src/api/defaults.ts';
import { PAIR_COMPONENTS } from '../../../src/api/names.ts';
import { role } from '../../../src/controllers/build/role-based-access.ts';
import { daemonsOf } from '../../../src/daemons/daemons.ts';
import { LEADER_LEASE } from '../../../src/operator/leadership.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** The rules of the operator's ClusterRole: plain YAML between the templated head and the next document. */
async function operatorsRules(): Promise<Rule[]> {
  const template = await readFile('charts/impala-operator/templates/cluster-role.yaml', 'utf8');
  const rules = /^rules:\n.*?(?=^---)/ms.exec(template)?.[0] ?? '';
  return (parse(rules) as { rules: Rule[] }).rules;
}

const rights = (rules: readonly Rule[]): string[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`))),
  );

describe("the operator's ClusterRole", () => {
  test.each(PAIR_COMPONENTS)('holds every right that it grants to the agents of the %s', async (component) => {
    const identity = { name: 'sales', namespace: 'shop', uid: '1' };
    const agents = rights((role(identity, component).body as unknown as { rules: Rule[] }).rules);
    expect(agents.length).toBeGreaterThan(5);
    expect(rights(await operatorsRules())).toEqual(expect.arrayContaining(agents));
  });

  test('names groups, resources and verbs one by one, may not look for Secrets or nodes, and deletes but pods and old files', async () => {
    const operators = rights(await operatorsRules());
    expect(operators.length).toBeGreaterThan(30);
    const excessive = /\*|(list|watch) \/secrets|^(?!get ).*\/nodes|^delete(?! \/(pods|configmaps)$)/;
    expect(operators.filter((right) => excessive.test(right))).toEqual([]);
  });
});

describe("the operator's Role", () => {
  test('is about the Lease by which it leads', async () => {
    const template = await readFile('charts/impala-operator/templates/leader-role.yaml', 'utf8');
    expect(template).toContain(`resourceNames: [${LEADER_LEASE}]`);
  });
});

describe('the quickstart example', () => {
  test('is a cluster that the operator can build', async () => {
    const example = parse(await readFile('examples/quickstart.yaml', 'utf8')) as object;
    expect(daemonsOf(withDefaults(example))).toMatchObject({ kind: 'valid' });
  });
});
