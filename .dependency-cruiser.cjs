// Who may import whom. Each line allows; what is not allowed here is refused.
const PLATFORM = ['config', 'logging', 'metrics', 'database', 'web'];
const FREE = ['errors', 'license-token', 'field-rules', 'secret-files', 'json-line'];
const ALLOWED = {
  errors: [],
  'license-token': [],
  'field-rules': ['license-token'],
  'secret-files': [],
  'json-line': [],
  ...Object.fromEntries(PLATFORM.map((lib) => [lib, PLATFORM])),
  audit: PLATFORM,
  events: PLATFORM,
  signing: ['audit', 'events', ...PLATFORM],
  'api-keys': ['audit', 'events', ...PLATFORM],
  customers: ['audit', 'events', ...PLATFORM],
  webhooks: ['audit', 'events', ...PLATFORM],
  checkpoints: ['audit', 'signing', ...PLATFORM],
  licensing: ['customers', 'signing', 'audit', 'events', ...PLATFORM],
};

const layers = Object.entries(ALLOWED).map(([lib, allowed]) => ({
  name: `${lib}-imports`,
  comment: `${lib} may import ${[...allowed, ...FREE].join(', ')} of ours, and nothing else`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: '\\.spec\\.ts$' },
  to: {
    path: '^(libs|apps|migrations|test)/',
    pathNot: `^libs/(${[lib, ...allowed, ...(FREE.includes(lib) ? [] : FREE)].join('|')})/`,
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'front-door-only',
      comment: 'across libs only through index.ts',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'front-door-only-from-outside',
      comment: 'apps, migrations and tests use libs through index.ts too',
      severity: 'error',
      from: { path: '^(apps|migrations)/' },
      to: { path: '^libs/[^/]+/src/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'http-stays-in-http',
      comment: 'outside web and http folders no express, no swagger',
      severity: 'error',
      from: { path: '^libs/(?!web/)', pathNot: ['/http/', '\\.spec\\.ts$'] },
      to: { path: 'node_modules/(express|@nestjs/swagger|@nestjs/platform-express|@types/express)' },
    },
    {
      name: 'pure-token',
      comment: 'a published client runs license-token where there is no Node',
      severity: 'error',
      from: { path: '^libs/license-token/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-deep-nest',
      comment: 'deep imports would tie us to one major version',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/' },
      to: {
        path: 'node_modules/@nestjs/[^/]+/.+/',
        pathNot: 'node_modules/@nestjs/[^/]+/(dist/)?index\\.(d\\.ts|js)$',
      },
    },
    {
      name: 'no-test-in-production',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/|\\.spec\\.ts$' },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
