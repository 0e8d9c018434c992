import { IsIn, IsOptional, Length, Matches } from 'class-validator';
import {
  AreOrigins,
  ArePostgresUrls,
  HasLength,
  IsVersionedSecretList,
  IsPostgresUrl,
  IsPublicUrl,
  IsTrueOrFalse,
  IsTrustProxy,
  IsWholeNumber,
} from './rules';
import { DatabaseLimits } from './database-limits';
import { Setting } from './setting';

const PORT_MAX = 65_535;

/**
 * Every setting of the server and the command line, validated. The property's name is the variable's name.
 * Made by `loadEnvironment`; injected typed; nothing else reads `process.env`.
 */
export class Environment extends DatabaseLimits {
  @Setting({ kind: 'text', default: 'development', description: 'development, test or production.' })
  @IsIn(['development', 'test', 'production'], { message: 'must be development, test or production' })
  ENVIRONMENT!: 'development' | 'test' | 'production';

  @Setting({
    kind: 'text',
    default: '127.0.0.1',
    productionDefault: '0.0.0.0',
    description: 'Address to listen on.',
  })
  @HasLength(1, 255)
  HOST!: string;

  @Setting({ kind: 'integer', default: '8000', description: 'Port of the API.' })
  @IsWholeNumber(0, PORT_MAX)
  PORT!: number;

  @Setting({
    kind: 'integer',
    default: '9464',
    description: 'Port of the Prometheus metrics, apart from the API; 0 takes a free one.',
  })
  @IsWholeNumber(0, PORT_MAX)
  METRICS_PORT!: number;

  @Setting({
    kind: 'integer',
    default: '0',
    productionDefault: '5',
    description:
      'Seconds during which a stopping server still accepts requests while readiness says no, so that load balancers can notice.',
  })
  @IsWholeNumber(0, 300)
  SHUTDOWN_DRAIN_SECONDS!: number;

  @Setting({
    kind: 'url',
    example: 'https://license.example.com',
    default: '(http://localhost:PORT)',
    production: 'required, https unless loopback',
    description:
      'URL under which callers reach the server; written into tokens as the address of their status list.',
  })
  @IsPublicUrl()
  PUBLIC_URL!: string;

  @Setting({
    kind: 'postgres-url',
    example: 'postgres://aegis_app:password@db.example.com:5432/aegis?sslmode=verify-full',
    default: '(embedded)',
    production: 'required; sslmode=verify-full unless loopback or Unix socket',
    secret: true,
    description:
      'PostgreSQL 15 or newer, under the application role. Unset in development: an embedded PostgreSQL.',
  })
  @IsOptional()
  @IsPostgresUrl()
  DATABASE_URL?: string;

  @Setting({
    kind: 'postgres-urls',
    example: 'postgres://aegis_app:password@replica.example.com:5432/aegis?sslmode=verify-full',
    production: 'as DATABASE_URL; another role than MIGRATION_DATABASE_URL',
    secret: true,
    description:
      'Streaming standbys of DATABASE_URL that lists and statistics are read from, comma-separated (docs/read-replicas.md).',
  })
  @IsOptional()
  @ArePostgresUrls()
  DATABASE_REPLICA_URLS?: string[];

  @Setting({
    kind: 'postgres-url',
    example: 'postgres://aegis_owner:password@db.example.com:5432/aegis?sslmode=verify-full',
    default: '(DATABASE_URL)',
    production: 'another role than DATABASE_URL; required with MIGRATE_ON_START',
    secret: true,
    description:
      'The same database under the role that owns the schema; used only by migrations and by commands that need that role.',
  })
  @IsOptional()
  @IsPostgresUrl()
  MIGRATION_DATABASE_URL?: string;

  @Setting({
    kind: 'postgres-url',
    example: 'postgres://postgres:password@db.example.com:5432/postgres?sslmode=verify-full',
    secret: true,
    production: 'sslmode=verify-full unless loopback or Unix socket',
    description:
      'The same database under a role that may create roles; used only by `aegis database create` and `aegis rotate-secrets database`.',
  })
  @IsOptional()
  @IsPostgresUrl()
  ADMIN_DATABASE_URL?: string;

  @Setting({
    kind: 'postgres-url',
    example: 'postgres://reader:password@db.example.com:5432/license?sslmode=verify-full',
    secret: true,
    production: 'sslmode=verify-full unless loopback or Unix socket',
    description: "The predecessor's database; used only by `aegis import v0.8`, which only reads it.",
  })
  @IsOptional()
  @IsPostgresUrl()
  V08_DATABASE_URL?: string;

  @Setting({
    kind: 'boolean',
    default: 'true',
    productionDefault: 'false',
    description: 'Run pending migrations at start. Production runs `aegis migrate up` before it rolls out.',
  })
  @IsTrueOrFalse()
  MIGRATE_ON_START!: boolean;

  @Setting({
    kind: 'text',
    default: 'keys',
    description: 'Folder of the key files `<kid>.private.pem` and `<kid>.public.pem`.',
  })
  @HasLength(1, 4096)
  KEYS_DIR!: string;

  @Setting({
    kind: 'boolean',
    default: 'false',
    description:
      'Adopt every public key of KEYS_DIR that is not on record, at each start. Otherwise use `aegis keys adopt` for each key.',
  })
  @IsTrueOrFalse()
  ADOPT_PUBLIC_KEYS!: boolean;

  @Setting({
    kind: 'text',
    example: 'aegis-2026-11',
    default: '(the only private key; a new id without any key)',
    description:
      'Key that signs if no key is active in the database yet; afterwards `aegis keys activate` decides.',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/, {
    message: 'must be 1 to 50 of A-Z a-z 0-9 . _ - and begin with a letter or digit',
  })
  KEY_ID?: string;

  @Setting({
    kind: 'text',
    default: '(made)',
    production: 'required with SIGNER=pem unless wrapped, 16 characters or more',
    secret: true,
    description: 'Passphrase of the signing key file.',
  })
  @IsOptional()
  @HasLength(1, 1024)
  KEY_PASSPHRASE?: string;

  @Setting({
    kind: 'text',
    secret: true,
    description: 'Passphrase that `aegis keys rewrap` encrypts the key files with; no server reads it.',
  })
  @IsOptional()
  @HasLength(1, 1024)
  NEW_KEY_PASSPHRASE?: string;

  @Setting({
    kind: 'text',
    secret: true,
    description: 'Passphrase of the root key, for `aegis keys root`; no server reads it.',
  })
  @IsOptional()
  @HasLength(1, 1024)
  ROOT_KEY_PASSPHRASE?: string;

  @Setting({
    kind: 'text',
    default: 'pem',
    description: 'Where signatures are made: pem (an encrypted key file), vault, aws-kms or pkcs11.',
  })
  @IsIn(['pem', 'vault', 'aws-kms', 'pkcs11'], { message: 'must be pem, vault, aws-kms or pkcs11' })
  SIGNER!: 'pem' | 'vault' | 'aws-kms' | 'pkcs11';

  @Setting({
    kind: 'list',
    default: '(made)',
    secret: true,
    description:
      'What the keys of webhooks are encrypted with: v2:<secret>,v1:<secret>; the first is current. Webhooks need it.',
  })
  @IsOptional()
  @IsVersionedSecretList()
  SECRETS_KEY?: string[];

  @Setting({
    kind: 'list',
    default: '(made)',
    production: 'required',
    secret: true,
    description: 'Secrets that API keys are hashed with: v2:<secret>,v1:<secret>; the first is current.',
  })
  @IsVersionedSecretList()
  API_KEY_PEPPERS!: string[];

  @Setting({
    kind: 'text',
    default: 'https://license.biz4a.com',
    productionDefault: '(none)',
    production: 'required',
    description:
      'The `iss` of issued tokens. Servers accept tokens of their LICENSE_ISSUER and of ACCEPTED_ISSUERS.',
  })
  @HasLength(1, 255)
  LICENSE_ISSUER!: string;

  @Setting({
    kind: 'list',
    example: 'https://license.example.com,https://old.example.com',
    description: 'Further issuers whose tokens validate, comma-separated.',
  })
  @IsOptional()
  @Length(1, 255, { each: true, message: 'must be a comma-separated list of issuers' })
  ACCEPTED_ISSUERS?: string[];

  @Setting({
    kind: 'integer',
    default: '30',
    description: 'Days of a demo license that is issued without `duration_days`.',
  })
  @IsWholeNumber(1, 36_500)
  DEFAULT_DEMO_DURATION_DAYS!: number;

  @Setting({
    kind: 'boolean',
    default: 'false',
    description: 'Close validation to callers without `licenses:validate`.',
  })
  @IsTrueOrFalse()
  VALIDATION_REQUIRES_API_KEY!: boolean;

  @Setting({ kind: 'boolean', default: 'true', description: 'Serve /docs and /openapi.json.' })
  @IsTrueOrFalse()
  DOCS_ENABLED!: boolean;

  @Setting({ kind: 'boolean', default: 'true', description: 'Serve the console for people under /console.' })
  @IsTrueOrFalse()
  CONSOLE_ENABLED!: boolean;

  @Setting({
    kind: 'list',
    example: 'https://admin.example.com',
    description:
      'Origins whose pages may call every route, comma-separated. All pages may call what installations need.',
  })
  @IsOptional()
  @AreOrigins()
  CORS_ORIGINS?: string[];

  @Setting({
    kind: 'list',
    example: '1',
    description:
      'Proxies in front of the server: their number, or their addresses or CIDRs. None when unset.',
  })
  @IsOptional()
  @IsTrustProxy()
  TRUST_PROXY?: string[];

  @Setting({ kind: 'text', default: 'info', description: 'error, warn, info or debug.' })
  @IsIn(['error', 'warn', 'info', 'debug'], { message: 'must be error, warn, info or debug' })
  LOG_LEVEL!: 'error' | 'warn' | 'info' | 'debug';

  @Setting({ kind: 'text', default: 'text', productionDefault: 'json', description: 'text or json.' })
  @IsIn(['text', 'json'], { message: 'must be text or json' })
  LOG_FORMAT!: 'text' | 'json';

  @Setting({
    kind: 'text',
    default: '.data',
    description:
      'Folder of the embedded database and the secrets made in development; for root the database is in /var/lib/aegis-embedded.',
  })
  @HasLength(1, 4096)
  DATA_DIR!: string;

  @Setting({
    kind: 'text',
    example: '/usr/lib/postgresql/15/bin',
    description: 'Folder with initdb and postgres of a system PostgreSQL, in place of the bundled one.',
  })
  @IsOptional()
  @HasLength(1, 4096)
  PG_BIN?: string;

  /** Whether unsafe settings stop the start. */
  get isProduction(): boolean {
    return this.ENVIRONMENT === 'production';
  }

  /** Whether traces are sent to a collector: asked for by name, or by the collector's address. */
  get exportsTraces(): boolean {
    if (this.OTEL_SDK_DISABLED) return false;
    const endpoint = this.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? this.OTEL_EXPORTER_OTLP_ENDPOINT;
    return (this.OTEL_TRACES_EXPORTER ?? (endpoint === undefined ? 'none' : 'otlp')) === 'otlp';
  }
}
