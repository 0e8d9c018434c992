// `npm run test:system`: drives the built service from outside; slower, so apart from the default selection.
const {
  testPathIgnorePatterns: _,
  globalSetup: _setup,
  globalTeardown: _teardown,
  ...shared
} = require('./jest.config.cjs');

/** @type {import('jest').Config} */
module.exports = { ...shared, testMatch: ['<rootDir>/test/system/**/*.spec.ts'] };
