// `npm run test:system`: drives the built service from outside; slower, so apart from the default selection.
const { tmpdir } = require('node:os');
const { join } = require('node:path');

// SoftHSM reads it from the environment of the process, which a test can't change: Jest gives it a copy.
process.env.SOFTHSM2_CONF ??= join(tmpdir(), `aegis-softhsm-${process.pid}`, 'softhsm2.conf');

const { project, run } = require('./test/support/jest-shared.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...project,
  ...run,
  testPathIgnorePatterns: ['/node_modules/'],
  testMatch: ['<rootDir>/test/system/**/*.spec.ts'],
};
