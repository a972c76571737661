/** One Jest for the whole house: TypeScript by SWC, real ES modules, packages resolved to their sources. */
export default {
  testMatch: ['<rootDir>/{libs,services,gateway,tools}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.tongchou/', '<rootDir>/.nx/'],
  extensionsToTreatAsEsm: ['.ts'],
  injectGlobals: false,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@tongchou/source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/tools/jest/setup.mjs',
  globalTeardown: '<rootDir>/tools/jest/teardown.mjs',
  reporters: ['default', '<rootDir>/tools/jest/closing-line.mjs'],
  testTimeout: 60_000,
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
};
