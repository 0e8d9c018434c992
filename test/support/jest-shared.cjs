// What the configurations of Jest share: jest.config.cjs, jest.system.config.cjs, jest.long.config.cjs,
// test/faults/jest.config.cjs and test/mutation/jest.config.cjs.
const { resolve } = require('node:path');

const root = resolve(__dirname, '../..');

/** What a project has. */
const project = {
  rootDir: root,
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/support/keys/quick-passphrases.cjs'],
  roots: ['<rootDir>/apps', '<rootDir>/clients', '<rootDir>/libs', '<rootDir>/migrations', '<rootDir>/test'],
  // These have configurations of their own: jest.system.config.cjs, jest.long.config.cjs, test/faults/jest.config.cjs.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/system/',
    '<rootDir>/test/faults/',
    '<rootDir>/test/long/',
  ],
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
};

/** What a run has. */
const run = {
  rootDir: root,
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

module.exports = { project, run };
