/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './test/strip-types.cjs' },
  testMatch: [
    '<rootDir>/test/unit/**/*.test.ts',
    '<rootDir>/test/simulation/**/*.test.ts',
    '<rootDir>/test/exploration/**/*.test.ts',
    '<rootDir>/test/integration/**/*.test.ts',
  ],
};
