import { loadEnvironment } from '../load-environment';
import { settings } from '../setting';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../environment';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-url-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A sound value of each setting that holds a URL, or URLs. */
const SOUND: Partial<Record<keyof Environment, string>> = {
  DATABASE_URL: 'postgres://app:pw@db.acme.test:5432/aegis?sslmode=verify-full',
  MIGRATION_DATABASE_URL: 'postgresql://owner:pw@db.acme.test/aegis',
  ADMIN_DATABASE_URL: 'postgres://admin:pw@127.0.0.1/aegis',
  V08_DATABASE_URL: 'postgres://reader:pw@[::1]:5433/v08',
  PUBLIC_URL: 'https://licenses.acme.test',
  REDIS_URL: 'rediss://:pw@redis.acme.test:6380/1',
  CHECKPOINT_SINK: 'https://sink.acme.test/checkpoints',
  VAULT_ADDR: 'https://vault.acme.test:8200',
  AWS_KMS_ENDPOINT: 'https://kms.acme.test',
  AZURE_KEY_VAULT_KEY: `https://v.vault.azure.net/keys/k/${'0'.repeat(32)}`,
  AZURE_AUTHORITY_HOST: 'https://login.acme.test',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.acme.test:4318',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector.acme.test/v1/traces',
};

/** What else a setting needs. */
const NEEDED = { KEY_PASSPHRASE_WRAPPED: 'A'.repeat(344) };

function load(name: string, value: string): Environment {
  const needed = name === 'AZURE_KEY_VAULT_KEY' ? NEEDED : {};
  return loadEnvironment({ DATA_DIR: folder, ...needed, [name]: value });
}

function refusal(name: string, value: string): string {
  try {
    load(name, value);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${name} was taken: ${JSON.stringify(value)}`);
}

const urlSettings = Object.entries(SOUND).map(([name, value]) => [name as keyof Environment, value] as const);

it('every setting whose name or description speaks of a URL or an address of a service is one of these', () => {
  const declared = [...settings()].filter(([, { kind }]) => kind === 'url' || kind === 'postgres-url');
  expect(declared.map(([name]) => name).sort()).toEqual(Object.keys(SOUND).sort());
  const looksLikeOne = /(_URL|_ADDR|_ENDPOINT|_SINK|_HOST)$|\bURL\b|https?:\/\//;
  const suspects = [...settings()].filter(
    ([name, { kind, description }]) =>
      looksLikeOne.test(`${name} ${description}`) && !/^(?:url|postgres-urls?)$/.test(kind),
  );
  expect(suspects).toEqual([]);
});

describe.each(urlSettings)('%s', (name, sound) => {
  it('is used as it was checked', () => {
    expect(load(name, sound)[name]).toBe(sound);
  });

  const at = sound.indexOf('//') + 2;
  it.each([
    ['a blank in front', ` ${sound}`],
    ['a blank behind', `${sound} `],
    ['a tab in front', `\t${sound}`],
    ['a line break behind', `${sound}\n`],
    ['a line break within', `${sound.slice(0, at + 3)}\n${sound.slice(at + 3)}`],
    ['a no-break space in front', `\u00a0${sound}`],
    ['a zero-width space within', `${sound.slice(0, at + 3)}\u200b${sound.slice(at + 3)}`],
    ['a byte order mark', `\uFEFF${sound}`],
    ['a NUL behind', `${sound}\0`],
    ['quotes', `"${sound}"`],
    ['an upper-case scheme', sound.replace(/^[a-z]+/, (scheme) => scheme.toUpperCase())],
    ['one slash after the scheme', sound.replace('://', ':/')],
    ['no slash after the scheme', sound.replace('://', ':')],
    ['three slashes after the scheme', sound.replace('://', ':///')],
    ['backslashes', sound.replaceAll('/', '\\')],
  ])('is refused with %s', (_, value) => {
    const message = refusal(name, value);
    expect(message).toMatch(new RegExp(`^Configuration refused:\\n  ${name}: must [^\\n]+$`));
    expect(message).not.toContain(':pw@');
  });
});

it.each(['file:/var/lib/aegis/a%2Fb', 'file:///var/%00', 'file://host/x', 'file:/'])(
  'refuses a file that cannot be opened by that URL: %s',
  (value) => {
    expect(refusal('CHECKPOINT_SINK', value)).toContain('CHECKPOINT_SINK: must');
  },
);

describe('entries of lists', () => {
  it.each([' https://a.test', 'https://a.test '])('are read without white space around: %j', (value) => {
    expect(load('CORS_ORIGINS', value).CORS_ORIGINS).toEqual(['https://a.test']);
  });
  it.each(['https://a .test', 'HTTPS://a.test', 'https:a.test', 'https:\\\\a.test', 'https://a.te\u200bst'])(
    'are refused when parsers differ about them: %j',
    (value) => {
      expect(refusal('CORS_ORIGINS', value)).toContain('CORS_ORIGINS: must');
    },
  );
});

describe('what Kubernetes sets for a Service', () => {
  it.each(['tcp://10.0.0.1:9464', 'udp://10.0.0.1:9464'])('is named as that: %s', (value) => {
    expect(refusal('METRICS_PORT', value)).toBe(
      "Configuration refused:\n  METRICS_PORT: was set by Kubernetes for a Service named metrics; set METRICS_PORT in the pod's env, or enableServiceLinks: false in its spec",
    );
  });
});
