/** One runner for all: unit specs beside the code, `*.pg.spec.ts` on a real PostgreSQL, `*.tcp.spec.ts` on real sockets. */
export default {
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test', '<rootDir>/migrations'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@app/migrations$': '<rootDir>/migrations/index.ts',
    '^@app/device-gateway/sessions$': '<rootDir>/libs/device-gateway/src/sessions.ts',
    '^@app/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^@test/support$': '<rootDir>/test/support/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
  },
  testEnvironment: 'node',
  testTimeout: 60_000,
  maxWorkers: 2,
  // Modules that a test file has loaded are never freed; a worker that holds too many spends its time in collecting.
  workerIdleMemoryLimit: '1GB',
};
