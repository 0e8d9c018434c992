import { ConfigurationError } from '@aegis/errors';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './environment';
import { expectNothingMissing } from '../../../test/support/complete-list';
import { expiryNoticeDays } from './events/expiry-notice-days';
import { loadEnvironment } from './load-environment';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-config-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function load(variables: Record<string, string> = {}): Environment {
  return loadEnvironment({ DATA_DIR: join(folder, 'data'), ...variables });
}

/** The lines of a refusal, one a setting. */
function problems(variables: Record<string, string>): string[] {
  try {
    load(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    const [head, ...lines] = (error as Error).message.split('\n');
    expect(head).toBe('Configuration refused:');
    return lines.map((line) => line.trim());
  }
  throw new Error('nothing was refused');
}

describe('defaults', () => {
  // The contract's table of settings.
  const everywhere = {
    PORT: 8000,
    METRICS_PORT: 9464,
    DATABASE_REPLICA_URLS: undefined,
    ADMIN_DATABASE_URL: undefined,
    V08_DATABASE_URL: undefined,
    DB_POOL_SIZE: 10,
    DB_ACQUIRE_TIMEOUT_MS: 800,
    DB_CONNECT_TIMEOUT_MS: 1500,
    DB_STATEMENT_TIMEOUT_MS: 2000,
    DB_LOCK_TIMEOUT_MS: 1000,
    DB_DEADLINE_MS: undefined,
    DB_IDLE_TX_TIMEOUT_MS: 5000,
    DATABASE_REPLICA_MAX_LAG_MS: 100,
    KEYS_DIR: join(process.cwd(), 'keys'),
    KEY_ID: undefined,
    NEW_KEY_PASSPHRASE: undefined,
    ROOT_KEY_PASSPHRASE: undefined,
    SIGNER: 'pem',
    SIGNER_TIMEOUT_MS: 500,
    HTTP_HEADERS_TIMEOUT_MS: 10_000,
    HTTP_REQUEST_TIMEOUT_MS: 90_000,
    HTTP_IDLE_TIMEOUT_MS: 60_000,
    HTTP_KEEP_ALIVE_TIMEOUT_MS: 65_000,
    MAX_WAITING_REQUESTS: 1000,
    REDIS_TIMEOUT_MS: 250,
    VAULT_ADDR: undefined,
    VAULT_NAMESPACE: undefined,
    VAULT_AUTH: 'token',
    VAULT_AUTH_MOUNT: undefined,
    VAULT_TOKEN: undefined,
    VAULT_ROLE_ID: undefined,
    VAULT_SECRET_ID: undefined,
    VAULT_ROLE: undefined,
    VAULT_JWT_FILE: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    VAULT_TRANSIT_MOUNT: 'transit',
    VAULT_KEYS: undefined,
    AWS_REGION: undefined,
    AWS_KMS_KEYS: undefined,
    AWS_KMS_ENDPOINT: undefined,
    PKCS11_MODULE: undefined,
    PKCS11_TOKEN: undefined,
    PKCS11_PIN: undefined,
    PKCS11_SESSIONS: 2,
    KEY_PASSPHRASE_WRAPPED: undefined,
    AZURE_KEY_VAULT_KEY: undefined,
    AZURE_TENANT_ID: undefined,
    AZURE_CLIENT_ID: undefined,
    AZURE_CLIENT_SECRET: undefined,
    AZURE_FEDERATED_TOKEN_FILE: undefined,
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com',
    LICENSE_ISSUER: 'https://license.biz4a.com',
    ACCEPTED_ISSUERS: undefined,
    DEFAULT_DEMO_DURATION_DAYS: 30,
    EXPIRY_NOTICE_DAYS: ['30', '14', '7', '1'],
    EXPIRY_NOTICE_DAYS_SUBSCRIPTION: undefined,
    EXPIRY_NOTICE_DAYS_DEMO: undefined,
    // Named by the contract without a default.
    AUDIT_VALIDATIONS: 'all',
    AUDIT_IP_RETENTION_DAYS: 90,
    EVENTS_RETENTION_DAYS: 90,
    WEBHOOK_ALLOWED_NETWORKS: undefined,
    CHECKPOINT_SINK: undefined,
    CHECKPOINT_SINK_TOKEN: undefined,
    VALIDATION_REQUIRES_API_KEY: false,
    ADOPT_PUBLIC_KEYS: false,
    DOCS_ENABLED: true,
    CONSOLE_ENABLED: true,
    CORS_ORIGINS: undefined,
    RATE_LIMIT_ENABLED: true,
    RATE_LIMIT_DEFAULT: 100,
    RATE_LIMIT_VALIDATE: 1000,
    RATE_LIMIT_LICENSE: 60,
    RATE_LIMIT_ADMISSIONS: 60,
    RATE_LIMIT_ACTIVATION: 10,
    RATE_LIMIT_BATCH_ITEMS: 10_000,
    RATE_LIMIT_PUBLIC: 300,
    RATE_LIMIT_SESSION: 600,
    REDIS_URL: undefined,
    RATE_LIMIT_ON_STORAGE_FAILURE: 'open',
    TRUST_PROXY: undefined,
    LOG_LEVEL: 'info',
    PG_BIN: undefined,
    // Those of OpenTelemetry's standard.
    OTEL_SDK_DISABLED: false,
    OTEL_TRACES_EXPORTER: undefined,
    OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: undefined,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: undefined,
    OTEL_EXPORTER_OTLP_HEADERS: undefined,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: undefined,
    OTEL_EXPORTER_OTLP_TIMEOUT: 10_000,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
    OTEL_EXPORTER_OTLP_CERTIFICATE: undefined,
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_TRACES_SAMPLER_ARG: '1.0',
    OTEL_SERVICE_NAME: 'aegis',
    OTEL_RESOURCE_ATTRIBUTES: undefined,
    OTEL_PROPAGATORS: ['tracecontext'],
    OTEL_BSP_SCHEDULE_DELAY: 5000,
    OTEL_BSP_EXPORT_TIMEOUT: 30_000,
    OTEL_BSP_MAX_QUEUE_SIZE: 2048,
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 512,
  };

  function expectDefaults(actual: object, expected: object): void {
    expectNothingMissing(
      Object.keys(actual).filter((name) => !(name in expected)),
      'Add the default of the setting to `everywhere` in libs/config/src/load-environment.spec.ts',
    );
    expect(actual).toEqual(expected);
  }

  it('are those of the contract in development', () => {
    const { KEY_PASSPHRASE, SECRETS_KEY, API_KEY_PEPPERS, ...rest } = load();
    const expected = {
      ...everywhere,
      ENVIRONMENT: 'development',
      SHUTDOWN_DRAIN_SECONDS: 0,
      HOST: '127.0.0.1',
      PUBLIC_URL: 'http://localhost:8000',
      DATABASE_URL: undefined,
      MIGRATION_DATABASE_URL: undefined,
      MIGRATE_ON_START: true,
      LOG_FORMAT: 'text',
      DATA_DIR: join(folder, 'data'),
    };
    expectDefaults(rest, expected);
    expect(KEY_PASSPHRASE).toMatch(/^[\w-]{43}$/);
    expect(SECRETS_KEY).toEqual([expect.stringMatching(/^v1:[\w-]{43}$/)]);
    expect(API_KEY_PEPPERS).toEqual([expect.stringMatching(/^v1:[\w-]{43}$/)]);
  });

  it('are those of the contract in production', () => {
    const given = {
      PUBLIC_URL: 'https://licenses.acme.test',
      LICENSE_ISSUER: 'https://issuer.acme.test',
      DATABASE_URL: 'postgres://app:pw@db.acme.test:5432/aegis?sslmode=verify-full',
      KEY_PASSPHRASE: 'correct horse battery staple',
    };
    const { DATA_DIR, ...rest } = loadEnvironment({
      ...given,
      ENVIRONMENT: 'production',
      API_KEY_PEPPERS: `v1:${'x'.repeat(32)}`,
    });
    expectDefaults(rest, {
      ...everywhere,
      ...given,
      ENVIRONMENT: 'production',
      SHUTDOWN_DRAIN_SECONDS: 5,
      HOST: '0.0.0.0',
      MIGRATION_DATABASE_URL: undefined,
      MIGRATE_ON_START: false,
      SECRETS_KEY: undefined,
      API_KEY_PEPPERS: [`v1:${'x'.repeat(32)}`],
      LOG_FORMAT: 'json',
    });
    expect(DATA_DIR).toBe(join(process.cwd(), '.data'));
  });

  it('name the port that is set in PUBLIC_URL', () => {
    expect(load({ PORT: '8123' }).PUBLIC_URL).toBe('http://localhost:8123');
  });
});

describe('values', () => {
  it('are parsed according to their kind', () => {
    const environment = load({
      PORT: '65535',
      MIGRATE_ON_START: 'false',
      DOCS_ENABLED: 'false',
      ACCEPTED_ISSUERS: 'https://a.test, https://b.test ,',
      DATABASE_REPLICA_URLS: 'postgres://app:a%2Cb@r1.test/aegis,postgres://app@/aegis?host=/run/r2',
      CORS_ORIGINS: 'https://admin.acme.test,http://localhost:5173',
      TRUST_PROXY: '10.0.0.0/8,fc00::/7,192.0.2.1',
      WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8, fc00::/7,192.168.7.7,fd00::7',
      KEYS_DIR: '/etc/aegis/keys',
    });
    expect(environment).toMatchObject({
      PORT: 65535,
      MIGRATE_ON_START: false,
      DOCS_ENABLED: false,
      ACCEPTED_ISSUERS: ['https://a.test', 'https://b.test'],
      DATABASE_REPLICA_URLS: ['postgres://app:a%2Cb@r1.test/aegis', 'postgres://app@%2Frun%2Fr2/aegis'],
      CORS_ORIGINS: ['https://admin.acme.test', 'http://localhost:5173'],
      TRUST_PROXY: ['10.0.0.0/8', 'fc00::/7', '192.0.2.1'],
      WEBHOOK_ALLOWED_NETWORKS: ['10.0.0.0/8', 'fc00::/7', '192.168.7.7', 'fd00::7'],
      KEYS_DIR: '/etc/aegis/keys',
    });
  });

  it('of notices are numbers in falling order, for each type of license its own or the general ones', () => {
    const none = load({ EXPIRY_NOTICE_DAYS: 'none' });
    expect([expiryNoticeDays(none, 'demo'), expiryNoticeDays(none, 'subscription')]).toEqual([[], []]);
    const all = load({ EXPIRY_NOTICE_DAYS: '1, 365,7', EXPIRY_NOTICE_DAYS_DEMO: 'none' });
    expect([expiryNoticeDays(all, 'demo'), expiryNoticeDays(all, 'subscription')]).toEqual([[], [365, 7, 1]]);
    const own = load({ EXPIRY_NOTICE_DAYS_SUBSCRIPTION: '1,2,3,4,5,6,7,8,9,10' });
    expect(expiryNoticeDays(own, 'demo')).toEqual([30, 14, 7, 1]);
    expect(expiryNoticeDays(own, 'subscription')).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('count as unset when they are empty', () => {
    expect(load({ PORT: '', HOST: '', TRUST_PROXY: '', KEY_ID: '', KEY_PASSPHRASE_FILE: '' })).toMatchObject({
      PORT: 8000,
      HOST: '127.0.0.1',
      TRUST_PROXY: undefined,
      KEY_ID: undefined,
    });
  });

  it('cannot be changed once they are loaded', () => {
    const environment = load();
    expect(() => {
      environment.PORT = 1;
    }).toThrow(TypeError);
  });

  it('of unknown variables are ignored', () => {
    expect(load({ NO_SUCH_SETTING: 'x', PORT_FILE: '/nowhere' }).PORT).toBe(8000);
  });
});

describe('a bad value', () => {
  /** Secrets: an example could end in use. */
  const ONLY_ITS_OWNER_KNOWS = [
    'KEY_PASSPHRASE',
    'KEY_PASSPHRASE_WRAPPED',
    'NEW_KEY_PASSPHRASE',
    'ROOT_KEY_PASSPHRASE',
    'SECRETS_KEY',
    'API_KEY_PEPPERS',
    'CHECKPOINT_SINK_TOKEN',
    'VAULT_TOKEN',
    'VAULT_SECRET_ID',
    'PKCS11_PIN',
    'AZURE_CLIENT_SECRET',
  ];
  const exampleProblems = (variables: Record<string, string>): string[] => {
    try {
      load(variables);
      return [];
    } catch (error) {
      return (error as Error).message.split('\n').map((line) => line.trim());
    }
  };

  const CANARY = 'canary7f3a';
  const NO_NOTICE_DAYS = [
    CANARY,
    '0',
    '366',
    '-1',
    '1.5',
    '07',
    '7,7',
    'none,7',
    'none,none',
    '7 14',
    ',',
    '1,2,3,4,5,6,7,8,9,10,11',
  ];
  const bad: Record<string, string[]> = {
    ENVIRONMENT: [CANARY, 'Production'],
    HOST: [CANARY.repeat(30)],
    PORT: [CANARY, '-1', '65536', '80.5', '0x50', '1e3', ' 80'],
    METRICS_PORT: [CANARY, '65536'],
    SHUTDOWN_DRAIN_SECONDS: [CANARY, '-1', '301', '0.5'],
    PUBLIC_URL: [
      CANARY,
      `ftp://${CANARY}.test`,
      `https://${CANARY}.test/`,
      `https://${CANARY}.test?a=b`,
      `https://${CANARY}.test#a`,
      `https://user:${CANARY}@host.test`,
      `https://:${CANARY}@host.test`,
      `https://${CANARY}.test\n`,
      `https://can\tary.test/${CANARY}`,
      `https:\\\\${CANARY}.test`,
    ],
    DATABASE_URL: [
      CANARY,
      `mysql://app:${CANARY}@db.test/aegis`,
      `postgres://db.test/${CANARY}`,
      `postgres://app:${CANARY}@db.test`,
      `postgres://app:%zz${CANARY}@db.test/aegis`,
      // The driver takes these from the query, whatever is in front.
      `postgres://app:${CANARY}@127.0.0.1/aegis?host=db.test`,
      `postgres://app:${CANARY}@127.0.0.1/aegis?user=owner`,
      `postgres://app:${CANARY}@127.0.0.1/aegis?ssl=0`,
      `postgres://app:${CANARY}@127.0.0.1/aegis?options=-crole%3Downer`,
      `postgres://app:${CANARY}@127.0.0.1/aegis?statement_timeout=0`,
      `postgres://app:${CANARY}@db.test/aegis?sslmode=verify-full&sslmode=disable`,
    ],
    MIGRATION_DATABASE_URL: [CANARY, `postgres://owner:${CANARY}@127.0.0.1/aegis?host=db.test`],
    DATABASE_REPLICA_URLS: [
      CANARY,
      `postgres://app:${CANARY}@127.0.0.1/aegis?host=db.test`,
      `postgres://app:pw@127.0.0.1/aegis,${CANARY}`,
      `postgres://app:pw@127.0.0.1/aegis, postgres://app:${CANARY}@127.0.0.2/aegis`,
      `postgres://app:${CANARY}@127.0.0.1/aegis,`,
      `postgres://app:${CANARY}@127.0.0.1/aegis,postgres://app:${CANARY}@127.0.0.1/aegis`,
    ],
    ADMIN_DATABASE_URL: [CANARY, `postgres://${CANARY}:x@127.0.0.1`],
    V08_DATABASE_URL: [CANARY, `postgres://reader:${CANARY}@127.0.0.1/aegis?host=db.test`],
    DB_POOL_SIZE: [CANARY, '1', '501'],
    DB_ACQUIRE_TIMEOUT_MS: [CANARY, '49', '60001'],
    DB_CONNECT_TIMEOUT_MS: [CANARY, '49', '60001'],
    DB_DEADLINE_MS: [CANARY, '99', '900001', '2000'],
    DB_STATEMENT_TIMEOUT_MS: [CANARY, '0', '600001'],
    DB_LOCK_TIMEOUT_MS: [CANARY, '0', '60001'],
    DB_IDLE_TX_TIMEOUT_MS: [CANARY, '0', '600001'],
    DATABASE_REPLICA_MAX_LAG_MS: [CANARY, '9', '2001'],
    MIGRATE_ON_START: [CANARY, 'TRUE', '1', 'yes'],
    KEYS_DIR: [CANARY.repeat(500)],
    KEY_ID: [`${CANARY}/x`, `.${CANARY}`, CANARY.repeat(6), '../key'],
    KEY_PASSPHRASE: [CANARY.repeat(200)],
    NEW_KEY_PASSPHRASE: [CANARY.repeat(200)],
    ROOT_KEY_PASSPHRASE: [CANARY.repeat(200)],
    SIGNER: [CANARY, 'azure', 'PEM', 'constructor'],
    SIGNER_TIMEOUT_MS: [CANARY, '49', '10001'],
    HTTP_HEADERS_TIMEOUT_MS: [CANARY, '999', '60001'],
    HTTP_REQUEST_TIMEOUT_MS: [CANARY, '59999', '600001'],
    HTTP_IDLE_TIMEOUT_MS: [CANARY, '999', '600001'],
    HTTP_KEEP_ALIVE_TIMEOUT_MS: [CANARY, '999', '600001'],
    MAX_WAITING_REQUESTS: [CANARY, '9', '100001'],
    REDIS_TIMEOUT_MS: [CANARY, '49', '10001'],
    VAULT_ADDR: [
      CANARY,
      `ftp://${CANARY}.test`,
      `https://u:${CANARY}@vault.test`,
      `https://vault.test/${CANARY}`,
      `https://vault.test?${CANARY}`,
    ],
    VAULT_NAMESPACE: [`/${CANARY}`, `${CANARY} x`, `${CANARY}\nX-Vault-Token: x`],
    VAULT_AUTH: [CANARY, 'userpass', 'constructor'],
    VAULT_AUTH_MOUNT: [`/${CANARY}`, `${CANARY}/`, `${CANARY}?x`],
    VAULT_TOKEN: [`${CANARY} x`, CANARY.repeat(500)],
    VAULT_ROLE_ID: [CANARY.repeat(26)],
    VAULT_SECRET_ID: [CANARY.repeat(500)],
    VAULT_ROLE: [CANARY.repeat(26)],
    VAULT_JWT_FILE: [CANARY.repeat(500)],
    VAULT_TRANSIT_MOUNT: [`/${CANARY}`, `${CANARY}/`, `${CANARY} x`],
    VAULT_KEYS: [
      `${CANARY}=`,
      `${CANARY}=k`,
      `${CANARY}=k:0`,
      `${CANARY}=k:1,${CANARY}=k:2`,
      `${CANARY},${CANARY}`,
      `${CANARY}/k`,
      CANARY.repeat(5),
      ',',
    ],
    AWS_REGION: [`${CANARY}_`, 'EU', CANARY.repeat(5)],
    AWS_KMS_KEYS: [
      CANARY,
      `${CANARY}=alias/x`,
      `${CANARY}=arn:aws:kms:eu-central-1:123456789012:alias/x`,
      `k=${'0'.repeat(36)},k=${'1'.repeat(36)}`,
    ],
    AWS_KMS_ENDPOINT: [CANARY, `https://kms.test/${CANARY}`],
    PKCS11_MODULE: [CANARY, `./${CANARY}`],
    PKCS11_TOKEN: [CANARY.repeat(4)],
    PKCS11_PIN: [CANARY.repeat(26)],
    PKCS11_SESSIONS: [CANARY, '0', '65'],
    KEY_PASSPHRASE_WRAPPED: [CANARY, `${CANARY.repeat(40)}!`],
    AZURE_KEY_VAULT_KEY: [
      CANARY,
      `https://v.vault.azure.net/keys/${CANARY}`,
      `https://v.vault.azure.net/secrets/${CANARY}/${'0'.repeat(32)}`,
      `https://u:${CANARY}@v.vault.azure.net/keys/k/${'0'.repeat(32)}`,
    ],
    AZURE_TENANT_ID: [`${CANARY}/x`],
    AZURE_CLIENT_ID: [`${CANARY} x`],
    AZURE_CLIENT_SECRET: [CANARY.repeat(500)],
    AZURE_FEDERATED_TOKEN_FILE: [CANARY.repeat(500)],
    AZURE_AUTHORITY_HOST: [CANARY, `https://login.test/${CANARY}`],
    SECRETS_KEY: [CANARY],
    API_KEY_PEPPERS: [
      CANARY,
      `v1:${CANARY}`,
      `v0:${CANARY.repeat(4)}`,
      CANARY.repeat(4),
      `v1:${CANARY.repeat(4)},v1:${CANARY.repeat(5)}`,
      `v1:${CANARY.repeat(4)} with space`,
      ',',
    ],
    LICENSE_ISSUER: [CANARY.repeat(26)],
    ACCEPTED_ISSUERS: [`https://a.test,${CANARY.repeat(26)}`],
    DEFAULT_DEMO_DURATION_DAYS: [CANARY, '0', '36501'],
    EXPIRY_NOTICE_DAYS: NO_NOTICE_DAYS,
    EXPIRY_NOTICE_DAYS_SUBSCRIPTION: NO_NOTICE_DAYS,
    EXPIRY_NOTICE_DAYS_DEMO: NO_NOTICE_DAYS,
    AUDIT_VALIDATIONS: [CANARY, 'none', 'All'],
    AUDIT_IP_RETENTION_DAYS: [CANARY, '-1', '1.5', '100000000'],
    EVENTS_RETENTION_DAYS: [CANARY, '0', '1.5', '3651'],
    VALIDATION_REQUIRES_API_KEY: [CANARY, 'True', '0'],
    ADOPT_PUBLIC_KEYS: [CANARY, 'on'],
    DOCS_ENABLED: [CANARY, 'on'],
    CONSOLE_ENABLED: [CANARY, 'yes'],
    CORS_ORIGINS: ['*', 'null', CANARY, `https://${CANARY}.test/`, `https://a.test,${CANARY}`],
    RATE_LIMIT_ENABLED: [CANARY],
    RATE_LIMIT_DEFAULT: [CANARY, '0', '-5'],
    RATE_LIMIT_VALIDATE: [CANARY, '0'],
    RATE_LIMIT_LICENSE: [CANARY, '0'],
    RATE_LIMIT_ADMISSIONS: [CANARY, '0'],
    RATE_LIMIT_ACTIVATION: [CANARY, '0'],
    RATE_LIMIT_BATCH_ITEMS: [CANARY, '0', '1.5'],
    RATE_LIMIT_PUBLIC: [CANARY, '0'],
    RATE_LIMIT_SESSION: [CANARY, '0'],
    CHECKPOINT_SINK: [
      CANARY,
      `file:${CANARY}`,
      `file://host/${CANARY}`,
      `http://${CANARY}.test/checkpoints`,
      `https://user:${CANARY}@sink.test/checkpoints`,
      `https://sink.test/checkpoints?token=${CANARY}`,
      `https://sink.test/${CANARY}${'x'.repeat(2000)}`,
    ],
    CHECKPOINT_SINK_TOKEN: [`${CANARY} ${CANARY}`],
    REDIS_URL: [
      CANARY,
      `http://:${CANARY}@redis.test`,
      `//:${CANARY}@redis.test`,
      `rediss://:${CANARY}@redis.test?tls[rejectUnauthorized]=false`,
      `redis://redis.test:${CANARY}`,
      `redis://redis.test/${CANARY}`,
      'redis://redis.test/1/2',
      'redis://redis.test/-1',
      `redis://:%ZZ${CANARY}@redis.test`,
      `redis://%E4${CANARY}:x@redis.test`,
    ],
    RATE_LIMIT_ON_STORAGE_FAILURE: [CANARY, 'Open'],
    LOG_LEVEL: [CANARY, 'trace', 'INFO'],
    LOG_FORMAT: [CANARY, 'JSON'],
    DATA_DIR: [CANARY.repeat(500)],
    PG_BIN: [CANARY.repeat(500)],
    TRUST_PROXY: [
      CANARY,
      'true',
      'TRUE',
      '*',
      'all',
      'loopback',
      '0',
      '00',
      '11',
      '1000',
      '-1',
      '1.5',
      '+1',
      '1,2',
      '1,10.0.0.0/8',
      '0.0.0.0/0',
      '0.0.0.0/00',
      '10.0.0.1/0',
      '::/0',
      '::0/0',
      '0.0.0.0/1,128.0.0.0/1',
      '0.0.0.0/7',
      '::/1,8000::/1',
      'fc00::/6',
      // All of IPv4, as IPv6 writes it.
      '::ffff:0:0/96',
      '::ffff:0.0.0.0/97',
      '::/8',
      '10.0.0.0/33',
      '10.0.0.0/-8',
      '10.0.0.0/8/8',
      '10.0.0.0/0.0.0.0',
      'proxy.acme.test',
      '192.0.2.1,0.0.0.0/0',
      ',',
    ],
    WEBHOOK_ALLOWED_NETWORKS: [
      CANARY,
      ',',
      'any',
      'receiver.acme.test',
      '10.0.0.0/7',
      '0.0.0.0/0',
      '::/0',
      'fc00::/6',
      '10.1',
      '0x0a000001',
      '010.0.0.1',
      '10.0.0.0/33',
      '10.0.0.1,127.0.0.0/1',
      // IPv4 has one spelling.
      '::ffff:10.0.0.1',
      '::ffff:10.0.0.0/104',
      '::ffff:a00:0/104',
      'fe80::1%eth0',
      'fe80::%eth0/64',
    ],
  };
  const cases = Object.entries(bad).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );

  it.each(cases)('of %s is refused, named with its rule, never shown: %j', (name, value) => {
    const refused = problems({ [name]: value });
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(new RegExp(`^${name}: \\S.{5,}$`));
    expect(refused[0]).not.toContain(CANARY);
    if (value.length > 7) expect(refused[0]).not.toContain(value);
  });

  it.each(cases)(
    'of %s gets an example that is accepted, unless only its owner can know one: %j',
    (name, value) => {
      const [refused = ''] = problems({ [name]: value });
      if (ONLY_ITS_OWNER_KNOWS.includes(name) || refused.includes('DB_STATEMENT_TIMEOUT_MS')) return;
      const [, example = ''] = new RegExp(` \\(example: ${name}=(.+)\\)$`).exec(refused) ?? [];
      expect(example).not.toBe('');
      // What belongs to it may be missing, such as the other settings of a signer.
      const others = exampleProblems({ [name]: example }).filter((line) => line.startsWith(name));
      expect(others).toEqual([]);
    },
  );

  it.each([
    ['RATE_LIMIT_ENABLED', 'yes', 'must be true or false (example: RATE_LIMIT_ENABLED=true)'],
    ['PORT', 'http', 'must be a whole number from 0 to 65535 (example: PORT=8000)'],
    ['HOST', 'x'.repeat(256), 'must have 1 to 255 characters (example: HOST=127.0.0.1)'],
    ['TRUST_PROXY', ',', expect.stringMatching(/^must be the number of proxies.*TRUST_PROXY=1\)$/)],
  ])('of %s gets one rule, in words: %j', (name, value, rule) => {
    const [refused = ''] = problems({ [name]: value });
    expect(refused.slice(`${name}: `.length)).toEqual(rule);
  });

  it('is tested for every setting that has a rule', () => {
    expectNothingMissing(
      settingsOfTheClass().filter((name) => !(name in bad)),
      'Add values that are refused to `bad` in libs/config/src/load-environment.spec.ts',
    );
    expect(Object.keys(bad).sort()).toEqual(settingsOfTheClass());
  });

  it('is reported together with all others', () => {
    const refused = problems({ PORT: CANARY, TRUST_PROXY: '*', LOG_LEVEL: CANARY, REDIS_URL: 'http://r' });
    expect(refused.map((line) => line.split(':')[0]).sort()).toEqual([
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
      'TRUST_PROXY',
    ]);
  });
});

describe('for a command that uses a few settings', () => {
  const production = { ENVIRONMENT: 'production', DATABASE_URL: 'postgres://app@127.0.0.1/aegis' };

  it('requires these settings and no others', () => {
    expect(loadEnvironment(production, ['DATABASE_URL'])).toMatchObject({
      ...production,
      API_KEY_PEPPERS: [],
    });
    expect(() => loadEnvironment(production, ['API_KEY_PEPPERS'])).toThrow(
      /^Configuration refused:\n {2}API_KEY_PEPPERS: must be a list[^\n]*$/,
    );
  });

  it('still refuses a value that is wrong', () => {
    expect(() => loadEnvironment({ ...production, PORT: 'x' }, ['DATABASE_URL'])).toThrow(
      /\n {2}PORT: [^\n]*$/,
    );
    expect(() => loadEnvironment({ ...production, KEY_PASSPHRASE: 'short' }, ['DATABASE_URL'])).toThrow(
      /\n {2}KEY_PASSPHRASE: use 16 [^\n]*$/,
    );
  });
});

describe('a secret from a file', () => {
  const secrets: Record<string, string> = {
    DATABASE_URL: 'postgres://app:canary7f3a@127.0.0.1:5432/aegis',
    MIGRATION_DATABASE_URL: 'postgres://owner:canary7f3a@127.0.0.1:5432/aegis',
    KEY_PASSPHRASE: 'canary7f3a of a passphrase',
    SECRETS_KEY: `v1:${'canary7f3a'.repeat(4)}`,
    API_KEY_PEPPERS: `v1:${'canary7f3a'.repeat(4)}`,
  };

  it.each(Object.entries(secrets))('is read for %s without its trailing line feed', (name, value) => {
    const file = join(folder, name);
    const expected = name === 'API_KEY_PEPPERS' || name === 'SECRETS_KEY' ? [value] : value;
    for (const ending of ['', '\n', '\r\n']) {
      writeFileSync(file, value + ending, { mode: 0o600 });
      expect(load({ [`${name}_FILE`]: file })).toHaveProperty(name, expected);
    }
  });

  it('keeps white space within its line, which may belong to the secret, and skips a byte order mark', () => {
    const file = join(folder, 'spaces');
    writeFileSync(file, '\uFEFF a pass\tphrase \n', { mode: 0o600 });
    expect(load({ KEY_PASSPHRASE_FILE: file }).KEY_PASSPHRASE).toBe(' a pass\tphrase ');
  });

  it.each([
    ['a second line', 'canary7f3a\nmore\n', 2, /must contain one line/],
    ['a blank second line', 'canary7f3a\n\n', 2, /must contain one line/],
    ['a blank line in front', '\ncanary7f3a\n', 2, /must contain one line/],
    ['blanks alone', '  \n', 1, /is empty/],
    ['a byte order mark alone', '\uFEFF', 1, /is empty/],
    ['the form of .env', 'KEY_PASSPHRASE=canary7f3a\n', 1, /the value alone/],
    ['a carriage return within the line', 'canary7f3a\rmore\n', 1, /control character/],
    ['UTF-16 with a byte order mark', Buffer.from('\uFEFFcanary7f3a', 'utf16le'), 1, /UTF-16/],
    ['UTF-16 without one', Buffer.from('canary7f3a', 'utf16le'), 1, /UTF-16/],
    ['Latin-1', Buffer.from('canary7f3a \xfc', 'latin1'), 1, /is not UTF-8/],
  ])('is refused with the number of the line for %s', (_, content, line, rule) => {
    const file = join(folder, 'not-understood');
    writeFileSync(file, content, { mode: 0o600 });
    const refused = problems({ KEY_PASSPHRASE_FILE: file });
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(new RegExp(`^KEY_PASSPHRASE_FILE, line ${line}: `));
    expect(refused[0]).toMatch(rule);
    expect(refused[0]).not.toContain('canary7f3a');
  });

  it.each(Object.entries(secrets))('is refused for %s when it is set itself too', (name, value) => {
    const file = join(folder, `${name}-twice`);
    writeFileSync(file, value, { mode: 0o600 });
    expect(problems({ [name]: value, [`${name}_FILE`]: file })).toEqual([
      `${name}: set it or ${name}_FILE, not both`,
    ]);
  });

  it.each(Object.keys(secrets))('is refused for %s when it cannot be read', (name) => {
    expect(problems({ [`${name}_FILE`]: join(folder, 'missing') })).toEqual([
      `${name}_FILE: can't be read (ENOENT)`,
    ]);
    mkdirSync(join(folder, 'a-folder'), { recursive: true });
    expect(problems({ [`${name}_FILE`]: join(folder, 'a-folder') })).toEqual([
      `${name}_FILE: is not a regular file`,
    ]);
  });

  it.each(Object.keys(secrets))('is refused for %s when others may read it, also through a link', (name) => {
    const file = join(folder, `${name}-open`);
    const link = join(folder, `${name}-link`);
    writeFileSync(file, 'canary7f3a', { mode: 0o644 });
    symlinkSync(file, link);
    for (const path of [file, link])
      expect(problems({ [`${name}_FILE`]: path })).toEqual([
        `${name}_FILE: has mode 0644: others must have no access and the group must not write. Run \`chmod 600\` on it`,
      ]);
  });

  it.each([
    'DATABASE_URL',
    'DATABASE_REPLICA_URLS',
    'MIGRATION_DATABASE_URL',
    'ADMIN_DATABASE_URL',
    'V08_DATABASE_URL',
  ] as const)('is judged where %s names the private key of a TLS client', (name) => {
    const file = join(folder, `${name}-key.pem`);
    const url = `postgres://app@127.0.0.1/aegis?sslkey=${encodeURIComponent(file)}`;
    expect(problems({ [name]: url })).toEqual([
      expect.stringMatching(`^${name}: sslkey=.* can't be read \\(ENOENT\\)`),
    ]);
    writeFileSync(file, 'a key', { mode: 0o644 });
    expect(problems({ [name]: url })).toEqual([
      expect.stringMatching(`^${name}: sslkey=.* has mode 0644: others must have no access`),
    ]);
    chmodSync(file, 0o600);
    expect([load({ [name]: url })[name]].flat()).toEqual([url]);
  });

  it.each(['sslrootcert', 'sslcert'])('is not one, but others must not write to it: %s', (parameter) => {
    const file = join(folder, `${parameter}.pem`);
    const url = `postgres://app@127.0.0.1/aegis?${parameter}=${encodeURIComponent(file)}`;
    writeFileSync(file, 'a certificate');
    for (const mode of [0o646, 0o664]) {
      chmodSync(file, mode);
      expect(problems({ DATABASE_URL: url })).toEqual([
        expect.stringMatching(
          `^DATABASE_URL: ${parameter}=.* has mode 0${mode.toString(8)}: neither the group`,
        ),
      ]);
    }
    chmodSync(file, 0o644);
    expect(problems({ DATABASE_URL: url })).toEqual([
      expect.stringMatching(`^DATABASE_URL: ${parameter}=.* does not contain a PEM certificate`),
    ]);
  });

  it.each(Object.keys(secrets))('is refused for %s when the file is empty', (name) => {
    const file = join(folder, 'empty');
    writeFileSync(file, '\n', { mode: 0o600 });
    expect(problems({ [`${name}_FILE`]: file })).toEqual([
      `${name}_FILE, line 1: is empty: the file must contain the value`,
    ]);
  });
});

/** Names of the class's properties, and of those it extends, from their sources: the compiled class has no trace of them. */
function settingsOfTheClass(): string[] {
  const source = [
    'environment.ts',
    'database-limits.ts',
    'audit-settings.ts',
    'webhooks/webhook-settings.ts',
    'events/event-settings.ts',
    'http-limits.ts',
    'rate-limit-settings.ts',
    'signers/signer-settings.ts',
  ]
    .map((file) => readFileSync(join(__dirname, file), 'utf8'))
    .join('');
  return [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]*)[!?]: /gm)].map(([, name]) => name!).sort();
}
