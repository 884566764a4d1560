import { describe, expect, test } from '@jest/globals';
import { parseAgentConfiguration, toEnvironment } from '../../../src/daemons/agent-configuration.ts';
import { validDaemons } from './cluster.ts';

const { agent } = validDaemons().catalog.b;

/** What the container sees, once kubelet has filled in the pod's own facts. */
const environmentWith = (change: object = {}): Record<string, string> => ({
  AGENT_CONFIGURATION: JSON.stringify({ ...agent, ...change }),
  AGENT_TEMPLATE: '0123abcd',
  POD_NAMESPACE: 'shop',
  POD_NAME: 'sales-catalog-b-0',
  POD_UID: '5f0c',
  POD_IP: '10.0.0.1',
  NODE_NAME: 'node-1',
});

describe("an agent's environment", () => {
  test('has in the template every variable that the agent reads', () => {
    expect(toEnvironment(agent).map(({ name }) => name)).toEqual(Object.keys(environmentWith()));
  });

  test('gives the agent what the operator meant', () => {
    expect(parseAgentConfiguration(environmentWith())).toEqual({
      kind: 'valid',
      configuration: { ...agent, template: '0123abcd' },
      pod: {
        namespace: 'shop',
        podName: 'sales-catalog-b-0',
        podUid: '5f0c',
        podIp: '10.0.0.1',
        nodeName: 'node-1',
      },
    });
  });

  test('takes the hash of the template from the annotation that the operator writes', () => {
    expect(toEnvironment(agent)).toContainEqual({
      name: 'AGENT_TEMPLATE',
      fieldPath: "metadata.annotations['impala-operator.dev/template']",
    });
  });

  test.each(Object.keys(environmentWith()))('is refused without %s', (name) => {
    const missing = { kind: 'invalid', problem: `${name} is not set` };
    expect(parseAgentConfiguration({ ...environmentWith(), [name]: undefined })).toEqual(missing);
    expect(parseAgentConfiguration({ ...environmentWith(), [name]: '' })).toEqual(missing);
  });

  test.each(Object.keys(agent))('is refused when %s is missing or of the wrong kind', (field) => {
    for (const value of [undefined, null, {}, true]) {
      const result = parseAgentConfiguration(environmentWith({ [field]: value }));
      expect(result).toMatchObject({
        kind: 'invalid',
        problem: expect.stringContaining(`AGENT_CONFIGURATION cannot be used: ${field} is`),
      });
    }
  });

  test.each([
    [{ leaseDurationSeconds: 0 }, 'leaseDurationSeconds is 0'],
    [{ retryPeriodSeconds: 1.5 }, 'retryPeriodSeconds is 1.5'],
    [{ healthPort: 65536 }, 'healthPort is 65536'],
    [{ member: 'c' }, 'member is "c"'],
    [{ component: 'coordinator' }, 'component is "coordinator"'],
    [{ spellings: ['-hostname=a b'] }, 'spellings is ["-hostname=a b"]'],
    [{ spellings: ['hostname'] }, 'spellings is ["hostname"]'],
    [{ renewDeadlineSeconds: 15 }, 'the lease ends before its deadline'],
    [{ promises: true }, 'promises is not known'],
  ])('is refused with %j', (change, reason) => {
    expect(parseAgentConfiguration(environmentWith(change))).toEqual({
      kind: 'invalid',
      problem: `AGENT_CONFIGURATION cannot be used: ${reason}`,
    });
  });

  test.each(['{', '[]', 'null', '1'])('is refused when its configuration is %s', (text) => {
    const result = parseAgentConfiguration({ ...environmentWith(), AGENT_CONFIGURATION: text });
    expect(result).toMatchObject({ kind: 'invalid', problem: expect.stringMatching(/^AGENT_CONFIGURATION cannot/) });
  });
});
