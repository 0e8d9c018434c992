// Without the PostgreSQL of a run: mutation.mjs starts one for all faults.
const { project } = require('../support/jest-shared.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...project,
  testMatch: ['**/*.spec.ts'],
  // A suite of test/system may be named.
  testPathIgnorePatterns: ['/node_modules/'],
  testEnvironment: '<rootDir>/test/mutation/first-failure.cjs',
  reporters: ['default', '<rootDir>/test/mutation/suite-results.cjs'],
  testSequencer: '<rootDir>/test/mutation/given-order.cjs',
  maxWorkers: 1,
  testTimeout: 60_000,
};
