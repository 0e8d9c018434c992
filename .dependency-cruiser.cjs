// Who may import whom. Each line allows; what is not allowed here is refused.
const GROUND = ['errors', 'license-token', 'field-rules', 'json', 'secret-files'];
const PLATFORM = [
  'config',
  'logging',
  'metrics',
  'tracing',
  'database',
  'embedded-postgres',
  'access',
  'lists',
  'replicas',
  'rate-limits',
  'idempotency',
  'jobs',
];
const ALLOWED = {
  errors: [],
  'license-token': [],
  'secret-files': [],
  'field-rules': ['license-token'],
  json: ['errors'],
  ...Object.fromEntries(PLATFORM.map((lib) => [lib, [...PLATFORM, ...GROUND]])),
  http: [...PLATFORM, ...GROUND],
  audit: domain(),
  events: domain('audit'),
  signing: domain('audit'),
  'api-keys': domain('audit'),
  sessions: domain('audit', 'api-keys'),
  customers: domain('audit'),
  checkpoints: domain('audit', 'signing'),
  'status-lists': domain('audit', 'signing'),
  activations: domain('audit', 'signing', 'status-lists'),
  licensing: domain('audit', 'signing', 'customers', 'status-lists', 'activations'),
  statistics: domain('activations', 'licensing'),
  'license-import': domain('audit', 'signing', 'customers', 'status-lists', 'activations', 'licensing'),
  webhooks: domain('audit', 'events'),
  restore: domain('audit', 'events', 'signing', 'checkpoints', 'status-lists', 'activations'),
  'v08-import': domain('audit', 'customers', 'licensing', 'license-import'),
};

/** What a lib with a subject of its own may import. Only its http folder may import the lib `http`: see below. */
function domain(...below) {
  return [...below, 'http', ...PLATFORM, ...GROUND];
}

const layers = Object.entries(ALLOWED).map(([lib, allowed]) => ({
  name: `${lib}-imports`,
  comment: `of our libs, ${lib} may import ${allowed.join(', ') || 'none'}`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: '\\.spec\\.ts$' },
  to: {
    path: '^(libs|apps|migrations|test)/',
    pathNot: `^libs/(${[lib, ...allowed].join('|')})/`,
  },
}));

/** Where a lib talks HTTP: its http folder, the module that registers it, and the door to both. */
const HTTP_FILES = '^libs/([^/]+)/src/(http/|http\\.ts$|[^/]+-http\\.module\\.ts$)';

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
      comment: 'across libs only through index.ts, and http.ts for what talks HTTP',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/(index|http)\\.ts$'] },
    },
    {
      name: 'front-door-only-from-outside',
      comment: 'apps, migrations and tests use libs through their doors too',
      severity: 'error',
      from: { path: '^(apps|migrations)/' },
      to: { path: '^libs/[^/]+/src/', pathNot: '^libs/[^/]+/src/(index|http)\\.ts$' },
    },
    {
      name: 'http-stays-in-http',
      comment: 'outside the lib http and the http folders no Express, no Swagger, and no lib http',
      severity: 'error',
      from: { path: '^libs/', pathNot: ['^libs/http/', HTTP_FILES, '\\.spec\\.ts$'] },
      to: {
        path: [
          'node_modules/(express|@nestjs/swagger|@nestjs/platform-express|@types/express)',
          '^libs/http/',
          '^libs/[^/]+/src/http\\.ts$',
        ],
      },
    },
    {
      name: 'http-not-in-commands',
      comment: 'the command line and the migrations load no HTTP',
      severity: 'error',
      from: { path: '^(apps/cli|migrations)/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['^libs/http/', '^libs/[^/]+/src/http\\.ts$'] },
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
      comment: 'deep imports would tie us to one version; framework-internals.ts is where the few are',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: '^libs/http/src/framework-internals\\.ts$' },
      to: {
        path: 'node_modules/@nestjs/[^/]+/.+',
        pathNot: 'node_modules/@nestjs/[^/]+/(dist/)?index\\.(d\\.ts|js)$',
      },
    },
    {
      name: 'console-apart',
      comment: 'the console is a client: it knows the API by its types, and nothing else of ours',
      severity: 'error',
      from: { path: '^clients/console/' },
      to: { path: '^(apps|libs|migrations|test)/|^clients/(?!console/|typescript/schema\\.d\\.ts$)' },
    },
    {
      name: 'no-console-in-server',
      comment: 'the server serves the built console as files',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/' },
      to: { path: '^clients/console/' },
    },
    {
      name: 'console-packages',
      severity: 'error',
      from: { path: '^clients/console/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'core', 'unknown'] },
    },
    {
      name: 'no-test-in-production',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: '(\\.spec|\\.fixture)\\.ts$' },
      to: { path: '^test/|(\\.spec|\\.fixture)\\.ts$' },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: '(\\.spec|\\.fixture)\\.ts$' },
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
