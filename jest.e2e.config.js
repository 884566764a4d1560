/** The end-to-end suite: one case after the other, on one cluster. @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './test/strip-types.cjs' },
  testMatch: ['<rootDir>/test/e2e/cases/*.test.ts'],
  testSequencer: './test/e2e/sequencer.cjs',
  reporters: ['default', './test/e2e/reporter.ts'],
  testTimeout: 300_000,
  maxWorkers: 1,
};
