// `npm run test:faults`: the built server as processes of its own on a real, durable PostgreSQL, and hurt.
const { project, run } = require('../support/jest-shared.cjs');

const isLong = process.env.AEGIS_FAULTS === 'long';

/** @type {import('jest').Config} */
module.exports = {
  ...project,
  ...run,
  testPathIgnorePatterns: ['/node_modules/', ...(isLong ? [] : ['\\.long\\.spec\\.ts$'])],
  testMatch: ['<rootDir>/test/faults/**/*.spec.ts'],
  globalSetup: '<rootDir>/test/faults/support/global-setup.cjs',
  globalTeardown: '<rootDir>/test/faults/support/global-teardown.cjs',
  // One row after the other: each has the machine for itself, since it measures time.
  maxWorkers: 1,
  testTimeout: isLong ? 3_600_000 : 240_000,
};
