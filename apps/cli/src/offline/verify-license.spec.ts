import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { readVectors, type Vector } from '../../../../test/support/vectors/read-vectors';
import { commandLine } from '../command-line';
import { Output } from '../terminal/output';

const vectors = readVectors();
/** What the command line has no option for, or takes away from what it reads. */
const NOT_ASKED: readonly [reason: string, applies: (vector: Vector) => boolean][] = [
  ['it keeps no state of a clock', (one) => one.guard !== undefined],
  ['it takes a byte order mark from a file', (one) => one.token.includes('\ufeff')],
  ['it takes white space from a file', (one) => /white-space|^space-/.test(one.id)],
  ['RFC 3339 has no time after the year 9999', (one) => one.now > 253_402_300_799],
  ['an installation is given whole or not at all', (one) => isPartial(one.question.instance)],
];

function isPartial(instance: Vector['question']['instance']): boolean {
  const parts = [instance?.db_uuid, instance?.domain].filter((part) => part !== undefined && part !== '');
  return instance !== null && parts.length < 2;
}

describe('aegis verify', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-verify-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function file(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  async function run(args: readonly string[], json = true): Promise<{ exitCode: number; text: string }> {
    let text = '';
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        text += String(chunk);
        done();
      },
    });
    const exitCode = await commandLine(new Output(json, stream), args);
    return { exitCode, text };
  }

  function optionsOf({ question, issuers, keys, now, ...vector }: Vector): string[] {
    const trust = Array.isArray(keys)
      ? ['--keys', file('jwks.json', JSON.stringify({ keys }))]
      : [...['--key-set', file('jwks.jwt', keys.key_set)], ...['--root', file('root.pem', pemOf(keys.root))]];
    const { instance } = question;
    const { activation } = vector;
    const listOf = (option: string, list?: string): string[] =>
      list === undefined ? [] : [option, file(`${option.slice(2)}.jwt`, list)];
    return [
      ...trust,
      ...issuers.flatMap((issuer) => ['--issuer', issuer]),
      ...['--module', question.module, '--host-version', question.version],
      ...['--now', new Date(now * 1000).toISOString()],
      ...(instance === null ? [] : ['--db-uuid', instance.db_uuid, '--domain', instance.domain]),
      ...listOf('--status-list', vector.status_list),
      ...listOf('--activation-list', activation?.status_list),
      ...(vector.max_offline === undefined ? [] : ['--max-offline', String(vector.max_offline)]),
      ...(activation === undefined
        ? []
        : [
            ...['--activation', file('activation.jwt', activation.token)],
            ...['--fingerprint', activation.fingerprint],
            ...(typeof activation.nonce === 'string' ? ['--nonce', activation.nonce] : []),
          ]),
    ];
  }

  const asked = vectors.filter((one) => !NOT_ASKED.some(([, applies]) => applies(one)));

  it('answers the vectors that every client answers', async () => {
    expect(asked.length).toBeGreaterThan(150);
    for (const vector of asked) {
      const { exitCode, text } = await run([
        'verify',
        file('license.jwt', vector.token),
        ...optionsOf(vector),
      ]);
      const { valid, code, warnings, license_id, expires_at, entitlements, revocation } = vector.expect;
      expect({ id: vector.id, exitCode, ...(JSON.parse(text) as object) }).toMatchObject({
        ...{ id: vector.id, exitCode: valid ? 0 : 1 },
        ...{ valid, code, warnings, license_id, expires_at, entitlements, revocation },
      });
    }
  });

  const valid = vectors.find(({ id }) => id === 'valid')!;

  it('takes a license as an argument, and keys as PEM by the name of the file', async () => {
    const [key] = valid.keys as { kid: string }[];
    const { exitCode, text } = await run(
      [
        ...['verify', valid.token, '--keys', file(`${key!.kid}.public.pem`, pemOf(key!))],
        ...['--issuer', valid.issuers[0]!, '--now', new Date(valid.now * 1000).toISOString()],
      ],
      false,
    );
    expect(exitCode).toBe(0);
    expect(text.split('\n')).toEqual([
      'VALID',
      'license      0bfb0cef-a864-400f-83d4-e8c6bd41dda5, subscription, of Acme Corporation',
      'end          2027-12-28T13:20:00.000Z',
      'revocation   not known: no status list says it',
      'Not asked: module, version. --module and --host-version ask it.',
      '',
    ]);
  });

  it('trusts no key that an export of all keys calls compromised', async () => {
    const [key] = valid.keys as object[];
    const keys = file('all.json', JSON.stringify({ keys: [{ ...key, state: 'compromised' }] }));
    const { text } = await run(['verify', valid.token, '--keys', keys, '--issuer', valid.issuers[0]!]);
    expect(JSON.parse(text)).toMatchObject({ code: 'KEY_COMPROMISED', license_id: null });
  });

  it.each<[string, (path: (name: string, content: string) => string) => string[], RegExp]>([
    ['no keys', () => [], /Give --keys, or --key-set together with --root/],
    ['a key set without a root', (path) => ['--key-set', path('a', '')], /together with --root/],
    ['both', (path) => ['--keys', path('a', '{"keys":[]}'), '--root', path('b', '')], /Give --keys, or/],
    [
      'a file that is not there',
      () => ['--keys', '/nowhere/jwks.json'],
      /jwks.json can't be read \(ENOENT\)/,
    ],
    [
      'a file of something else',
      (path) => ['--keys', path('a', 'x')],
      /neither a JWK set nor one public key/,
    ],
    ['a PEM without a key id', (path) => ['--keys', path('a.pem', PEM)], /named <key-id>.public.pem/],
    [
      'a root that is something else',
      (path) => ['--key-set', path('a', ''), '--root', path('b', 'x')],
      /public root key/,
    ],
    [
      'half an installation',
      (path) => ['--keys', path('a', '{"keys":[]}'), '--domain', 'x'],
      /given together/,
    ],
    [
      'an activation of nobody',
      (path) => ['--keys', path('a', '{"keys":[]}'), '--activation', path('b', 'x')],
      /--fingerprint is needed/,
    ],
    ['no time', (path) => ['--keys', path('a', '{"keys":[]}'), '--now', 'today'], /--now/],
  ])('refuses %s', async (_name, options, message) => {
    await expect(run(['verify', valid.token, '--issuer', 'x', ...options(file)])).rejects.toThrow(message);
  });
});

const PEM = pemOf({ kty: 'OKP', crv: 'Ed25519', x: '9aPq75t6Yy4vWKbksUVVrlvxriLbIfJ9ODfOFt2kv3E' });

function pemOf(jwk: object): string {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' })
    .export({ format: 'pem', type: 'spki' })
    .toString();
}
