// `npm run test:kubernetes`, `npm run test:deploy`: what takes too long for CI, or needs programs that it does not install.
const { project, run } = require('./test/support/jest-shared.cjs');

/** @type {import('jest').Config} */
module.exports = {
  ...project,
  ...run,
  testPathIgnorePatterns: ['/node_modules/'],
  testMatch: ['<rootDir>/test/long/**/*.spec.ts'],
  // In one process, one after the other: each has the machine for itself.
  maxWorkers: 1,
};
