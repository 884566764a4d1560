import tseslint from 'typescript-eslint';

/** Dependencies point one way (docs/architecture.md): what is not to be imported by the files of a folder. */
const imports = (folder, ...forbidden) => ({
  files: [`src/${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(\\.\\./)+(${forbidden.join('|')})/`,
            message: `src/${folder} does not depend on it: see docs/architecture.md.`,
          },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'coverage/', '**/*.cjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js'] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      complexity: ['error', 15],
      'max-depth': ['error', 4],
      'max-lines': ['error', { max: 320, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['test/**'],
    rules: { 'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }], complexity: 'off' },
  },
  imports('api', 'daemons', 'agent', 'controllers', 'operator', 'cli', 'embedded', 'demo'),
  imports('kube', 'api', 'daemons', 'agent', 'controllers', 'operator', 'cli', 'embedded', 'demo'),
  imports('daemons', 'agent', 'controllers', 'operator', 'cli', 'embedded', 'demo'),
  imports('agent', 'controllers', 'operator', 'cli', 'embedded', 'demo'),
  imports('controllers', 'agent', 'operator', 'cli', 'embedded', 'demo'),
  imports('operator', 'agent', 'cli', 'embedded', 'demo'),
  imports('cli', 'agent', 'controllers', 'operator', 'embedded', 'demo'),
  imports('embedded', 'cli', 'demo'),
);
