/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  testEnvironment: 'node',
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/migrations', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // They have a configuration of their own: jest.system.config.cjs.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/system/'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  transform: { '^.+\\.(t|j|mj)s$': '@swc/jest' },
  // jose is published as ECMAScript modules only.
  transformIgnorePatterns: ['/node_modules/(?!(jose)/)'],
  moduleNameMapper: {
    '^@aegis/([a-z0-9-]+)$': '<rootDir>/libs/$1/src',
    // What a lib offers to the HTTP server: its second door.
    '^@aegis-http/([a-z0-9-]+)$': '<rootDir>/libs/$1/src/http.ts',
    // Modules that are loaded late are imported by the name of what is built.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/test/support/global-setup.cjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.cjs',
  reporters: [
    'default',
    '<rootDir>/test/support/contract-reporter.cjs',
    '<rootDir>/test/support/run-reporter.cjs',
  ],
  collectCoverageFrom: ['{apps,libs,migrations}/**/*.ts', '!**/*.spec.ts'],
  coverageProvider: 'v8',
  // Tests wait for the database more than they compute: a core less would idle.
  maxWorkers: '100%',
  // For a test that hangs; a machine that others share is slow.
  testTimeout: 240_000,
};
