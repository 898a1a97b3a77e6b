/** One transform for all suites: swc, native ES modules (`npm test` passes --experimental-vm-modules). */
const shared = {
  testEnvironment: 'node',
  // A test that prints fails; and what one test leaves behind in the worker slows no other.
  setupFilesAfterEnv: ['<rootDir>/test/support/no-output.ts', '<rootDir>/test/support/used-storages.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: {
    '^nestjs-oursms$': '<rootDir>/lib/index.ts',
    '^nestjs-oursms/testing$': '<rootDir>/lib/testing/index.ts',
    '^nestjs-oursms/bullmq$': '<rootDir>/lib/bullmq/index.ts',
    '^nestjs-oursms/terminus$': '<rootDir>/lib/terminus/index.ts',
    '^nestjs-oursms/opentelemetry$': '<rootDir>/lib/opentelemetry/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/.build/', '<rootDir>/dist/', '<rootDir>/sample-app/dist/'],
};

const suite = (displayName, testMatch) => ({ ...shared, displayName, testMatch });

export default {
  // Native ES modules are never freed in a worker: one that has grown is replaced, before it runs out of memory.
  workerIdleMemoryLimit: '2GB',
  reporters: [
    'default',
    '<rootDir>/test/support/left-out-reporter.mjs',
    '<rootDir>/test/support/report-lines-reporter.mjs',
  ],
  projects: [
    {
      ...suite('suite', [
        '<rootDir>/test/{unit,e2e,faults,contract}/**/*.spec.ts',
        '<rootDir>/sample-app/recipes/testing-jest.spec.ts',
      ]),
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/faults/kill/'],
    },
    suite('sample', ['<rootDir>/test/sample/**/*.spec.ts']),
    suite('redis', ['<rootDir>/test/redis/**/*.spec.ts']),
    suite('soak', ['<rootDir>/test/soak/**/*.spec.ts']),
    suite('kill', ['<rootDir>/test/faults/kill/**/*.spec.ts']),
    suite('packaging', ['<rootDir>/test/packaging/**/*.spec.ts']),
    suite('browser', ['<rootDir>/test/browser/**/*.spec.ts']),
  ],
};
