import { describe, expect, test } from '@jest/globals';
import { parseConfiguration } from '../../../src/operator/configuration.ts';

const required = { OPERATOR_IMAGE: 'example/operator:1', OPERATOR_NAMESPACE: 'impala', POD_NAME: 'operator-x' };

describe("the operator's configuration", () => {
  test('has defaults for all but who and where it is', () => {
    expect(parseConfiguration(required)).toEqual({
      kind: 'valid',
      configuration: {
        operatorImage: 'example/operator:1',
        operatorNamespace: 'impala',
        podName: 'operator-x',
        watchNamespace: '',
        logLevel: 'info',
        port: 8080,
      },
    });
  });

  test('takes what the environment says', () => {
    const environment = { ...required, LOG_LEVEL: 'debug', PORT: '9090', WATCH_NAMESPACE: 'shop' };
    expect(parseConfiguration(environment)).toMatchObject({
      configuration: { logLevel: 'debug', port: 9090, watchNamespace: 'shop' },
    });
  });

  test('counts an empty variable as one that is not set', () => {
    expect(parseConfiguration({ ...required, PORT: '' })).toMatchObject({ configuration: { port: 8080 } });
    expect(parseConfiguration({ ...required, POD_NAME: '' })).toEqual({
      kind: 'invalid',
      problems: ['POD_NAME is required'],
    });
  });

  test.each([
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is loud: write one of trace, debug, info, warn, error, fatal'],
    ['PORT', 'http', 'PORT is http: write a port, 1 to 65535'],
    ['PORT', '0', 'PORT is 0: write a port, 1 to 65535'],
    ['PORT', '65536', 'PORT is 65536: write a port, 1 to 65535'],
    ['PORT', '80.5', 'PORT is 80.5: write a port, 1 to 65535'],
  ])('refuses %s=%s by name', (name, value, problem) => {
    expect(parseConfiguration({ ...required, [name]: value })).toEqual({ kind: 'invalid', problems: [problem] });
  });

  test('tells of everything that is wrong at once', () => {
    const parsed = parseConfiguration({ PORT: 'x' });
    expect(parsed.kind === 'invalid' ? parsed.problems.map((problem) => problem.split(' ')[0]) : []).toEqual([
      'OPERATOR_IMAGE',
      'OPERATOR_NAMESPACE',
      'POD_NAME',
      'PORT',
    ]);
  });
});
