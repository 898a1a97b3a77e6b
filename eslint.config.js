import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The house of lib/README.md: which rooms a room may import from. What is not listed is forbidden. */
const rooms = {
  message: [],
  errors: [],
  telemetry: ['dto', 'errors'],
  dto: ['message'],
  gateway: ['message', 'dto', 'errors'],
  queue: ['errors'],
  bullmq: ['queue', 'errors'],
  opentelemetry: ['telemetry', 'dto', 'errors'],
  inbox: ['queue', 'gateway', 'telemetry', 'message', 'dto', 'errors'],
  sending: ['gateway', 'telemetry', 'message', 'dto', 'errors'],
  tracking: ['queue', 'message', 'dto', 'errors'],
  campaigns: ['tracking', 'sending', 'queue', 'gateway', 'telemetry', 'message', 'dto', 'errors'],
  options: ['sending', 'queue', 'gateway', 'telemetry', 'message', 'dto', 'errors'],
  module: [
    'options',
    'campaigns',
    'inbox',
    'tracking',
    'sending',
    'queue',
    'gateway',
    'telemetry',
    'message',
    'dto',
    'errors',
  ],
  terminus: ['module', 'dto', 'errors'],
  testing: ['module', 'options', 'inbox', 'tracking', 'sending', 'queue', 'gateway', 'message', 'dto', 'errors'],
  'testing/simulator': ['message'],
};

const arrows = Object.entries(rooms).map(([room, allowed]) => {
  const closed = Object.keys(rooms).filter((other) => other !== room && !allowed.includes(other));
  return {
    files: [`lib/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...closed.map((other) => ({
              regex: `^(\\.\\./)+${other}/`,
              message: `lib/${room} may not look into lib/${other}: arrows run down only (lib/README.md).`,
            })),
            {
              regex: '^(\\.\\./)+index\\.js$',
              message: `lib/${room} may not import the entry: arrows run down only (lib/README.md).`,
            },
          ],
        },
      ],
    },
  };
});

export default defineConfig([
  globalIgnores(['.build', 'dist', 'sample-app/dist', 'coverage', 'reference']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  {
    // They need packages that are installed by test/packaging/recipes.spec.ts alone, which compiles and runs them.
    files: ['sample-app/recipes/better-auth.ts', 'sample-app/recipes/testing-vitest.spec.ts'],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    files: ['lib/**/*.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'error' },
  },
  ...arrows,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        performance: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        setTimeout: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
]);
