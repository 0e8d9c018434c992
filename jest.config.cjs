// Three projects: `unit` needs neither PostgreSQL nor the build and answers in seconds; `service` has the other specs
// of apps, clients, libs and migrations; `e2e` is test/. Whatever is selected, only what its projects need is started and built.
const { project, run } = require('./test/support/jest-shared.cjs');
const { unitSpecs } = require('./test/support/unit-specs.cjs');

const units = unitSpecs(__dirname);
const withPostgres = {
  ...project,
  globalSetup: '<rootDir>/test/support/global-setup.cjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.cjs',
};

/** @type {import('jest').Config} */
module.exports = {
  ...run,
  projects: [
    {
      ...project,
      displayName: 'unit',
      testMatch: units,
      setupFiles: [...project.setupFiles, '<rootDir>/test/support/without-postgres.cjs'],
    },
    {
      ...withPostgres,
      displayName: 'service',
      testMatch: [
        '<rootDir>/{apps,clients,libs,migrations}/**/*.spec.ts',
        ...units.map((spec) => `!${spec}`),
      ],
    },
    { ...withPostgres, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.spec.ts'] },
  ],
};
