import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // On two cores, too: the searches take one each, and others wait more than they work.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './test/strip-types.cjs' },
  testMatch: [
    '<rootDir>/test/unit/**/*.test.ts',
    '<rootDir>/test/simulation/**/*.test.ts',
    '<rootDir>/test/exploration/**/*.test.ts',
    '<rootDir>/test/integration/**/*.test.ts',
  ],
};
