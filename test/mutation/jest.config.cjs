// The project's configuration without the PostgreSQL of a run: mutation.mjs starts one for all faults.
const {
  globalSetup: _setup,
  globalTeardown: _teardown,
  reporters: _reporters,
  ...shared
} = require('../../jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  rootDir: '../..',
  // A suite of test/system may be named if it starts nothing that is built.
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 60_000,
};
