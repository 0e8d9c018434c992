import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cp, mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { ConfigModule, Environment } from '@aegis/config';
import { DatabaseModule, postgresOptions } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { Logger, LoggingModule } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Logger as NestLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { until } from '../../../../test/support/until';
import { signCompact, verifySigningInput } from '../jws/jws';
import { writeKeyPair } from '../keys/key-pair-writer';
import { KeyRing } from './key-ring.service';
import type { SignerSource } from '../signers/signer-source';
import { signerSource } from '../signers/signer-sources';
import { SigningKey, type SigningKeyState } from './signing-key.entity';
import { SignerUnavailable } from '../signing.errors';
import { SigningKeys } from './signing-keys.service';
import { SigningModule } from '../signing.module';
import { SigningReplicas } from './signing-replicas';

/** Longest that a transaction may be idle, as in the server. */
const IDLE_IN_TRANSACTION_MS = 5000;

const PASSPHRASE = 'correct horse battery staple';
// Real clients pin this: data/predecessor/aegis-2026-01.public.pem.
const PREDECESSOR = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAr/l+QD7J4jA4fZvIEIlfpH2DcDicMTCT9pjBGpgUr84=
-----END PUBLIC KEY-----
`;
const PREDECESSOR_THUMBPRINT = createHash('sha256')
  .update('{"crv":"Ed25519","kty":"OKP","x":"r_l-QD7J4jA4fZvIEIlfpH2DcDicMTCT9pjBGpgUr84"}')
  .digest('base64url');
const PREDECESSOR_X = 'r_l-QD7J4jA4fZvIEIlfpH2DcDicMTCT9pjBGpgUr84';

describe('KeyRing', () => {
  let directory: string;
  let keysDir: string;
  let database: TestDatabase;
  let dataSources: DataSource[];
  let dataSource: DataSource;
  let log: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aegis-key-ring-'));
    keysDir = join(directory, 'keys');
    await mkdir(keysDir, { mode: 0o700 });
    database = await testDatabase();
    dataSources = [];
    dataSource = await connect();
    log = '';
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(dataSources.filter((each) => each.isInitialized).map((each) => each.destroy()));
    await database.drop();
    await rm(directory, { recursive: true });
  });

  async function connect(): Promise<DataSource> {
    // Limits as the server has them: a start must not fail because it waited for another. No statement here takes
    // long, but the machine may be busy.
    const extra = {
      lock_timeout: 1000,
      statement_timeout: 60_000,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    };
    const options = {
      ...postgresOptions(database.applicationUrl),
      entities: [SigningKey, AuditRecord],
      extra,
    };
    const connected = await new DataSource(options).initialize();
    dataSources.push(connected);
    return connected;
  }

  const settings = (values: Partial<Environment>): Environment =>
    Object.assign(new Environment(), {
      ENVIRONMENT: 'development',
      KEYS_DIR: keysDir,
      SIGNER: 'pem',
      KEY_PASSPHRASE: PASSPHRASE,
      ...values,
    });
  const production = (values: Partial<Environment> = {}): Partial<Environment> => ({
    ENVIRONMENT: 'production',
    ...values,
  });

  /** As one process has it, on a pool of its own. */
  async function aRing(
    values: Partial<Environment> = {},
    connection = connect(),
    around = (source: SignerSource): SignerSource => source,
  ): Promise<KeyRing> {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const logger = new Logger({ level: 'info', format: 'json', stream });
    const environment = settings(values);
    return new KeyRing(
      await connection,
      environment,
      new AuditLog(),
      logger,
      around(signerSource(environment, logger, new Metrics())),
    );
  }
  async function aLoadedRing(values: Partial<Environment> = {}): Promise<KeyRing> {
    const ring = await aRing(values);
    await ring.load();
    return ring;
  }
  async function refusal(values: Partial<Environment>): Promise<string> {
    const before = await recorded();
    const ring = await aRing(values);
    const error: unknown = await ring.load().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(await recorded()).toEqual(before);
    return (error as Error).message;
  }

  const signingKeys = (): SigningKeys =>
    new SigningKeys(dataSource, new AuditLog(), new SigningReplicas(dataSource));
  const keys = async (): Promise<Record<string, SigningKeyState>> =>
    Object.fromEntries(
      (await dataSource.manager.find(SigningKey)).map(({ kid, state }) => [kid, state] as const),
    );
  const records = async (): Promise<[string, unknown][]> =>
    (await dataSource.manager.find(AuditRecord, { order: { id: 'ASC' } })).map(
      (record) => [record.event_type, record.event_data.kid] as [string, unknown],
    );
  const recorded = async (): Promise<unknown> => [await keys(), await records()];
  const publicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
  const adopting = (): Partial<Environment> => production({ ADOPT_PUBLIC_KEYS: true });
  const aPublicKey = (): string => publicPem(generateKeyPairSync('ed25519').publicKey);
  const put = (name: string, content: string): Promise<void> => writeFile(join(keysDir, name), content);
  const change = (kid: string, state: SigningKeyState): Promise<unknown> =>
    dataSource.query(
      `UPDATE signing_keys SET state = $2, compromised_at = CASE WHEN $2 = 'compromised' THEN now() END WHERE kid = $1`,
      [kid, state],
    );
  const thisMonth = async (): Promise<string> => {
    const [row] = await dataSource.query<{ kid: string }[]>(
      `SELECT 'aegis-' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS kid`,
    );
    return row!.kid;
  };

  describe('in development', () => {
    it('makes a key when there is none, signs with it and verifies with it', async () => {
      const ring = await aLoadedRing();
      const kid = await thisMonth();
      expect(await keys()).toEqual({ [kid]: 'active' });
      expect(await records()).toEqual([['signing_key.activated', kid]]);
      expect((await readdir(keysDir)).sort()).toEqual([`${kid}.private.pem`, `${kid}.public.pem`]);
      expect(ring.active().kid).toBe(kid);
      const token = await signCompact(ring.active(), { typ: 'JWT' }, { jti: '1' });
      const [header, payload, signature] = token.split('.');
      const publicKey = (await ring.publicKey(kid))!;
      expect(
        verifySigningInput(publicKey, `${header}.${payload}`, Buffer.from(signature!, 'base64url')),
      ).toBe(true);
    });

    it('keeps that key over a restart, without a further record', async () => {
      const first = await aLoadedRing();
      const before = await dataSource.manager.find(SigningKey);
      const second = await aLoadedRing();
      expect(second.active().kid).toBe(first.active().kid);
      expect(await dataSource.manager.find(SigningKey)).toEqual(before);
      expect(await records()).toHaveLength(1);
    });

    it('makes a key even if hashing the passphrase takes long', async () => {
      const connection = await connect();
      const ring = await aRing({}, Promise.resolve(connection), (source) => ({
        ...source,
        kids: () => source.kids(),
        open: (kid) => source.open(kid),
        make: async (kid) => {
          await untilIdleForLong();
          await source.make?.(kid);
        },
      }));
      await ring.load();
      expect(Object.values(await keys())).toEqual(['active']);
    });

    /** Waits until the transaction of a start is idle for longer than any other may be, or was ended for that. */
    async function untilIdleForLong(): Promise<void> {
      await until('a transaction is idle for long', async () => {
        const rows: { is_long: boolean }[] = await dataSource.query(
          `SELECT clock_timestamp() - state_change > make_interval(secs => $1) AS is_long
           FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
          [(IDLE_IN_TRANSACTION_MS + 500) / 1000],
        );
        return rows.every(({ is_long }) => is_long);
      });
    }

    it('makes one key and one record when five processes start at once', async () => {
      const rings = await Promise.all(Array.from({ length: 5 }, () => aRing()));
      await Promise.all(rings.map((ring) => ring.load()));
      const kid = await thisMonth();
      expect(rings.map((ring) => ring.active().kid)).toEqual(Array(5).fill(kid));
      expect(await keys()).toEqual({ [kid]: 'active' });
      expect(await records()).toEqual([['signing_key.activated', kid]]);
      expect(await readdir(keysDir)).toHaveLength(2);
    });

    it('gives a new key no id that an adopted one has', async () => {
      const kid = await thisMonth();
      await put(`${kid}.public.pem`, PREDECESSOR);
      await aLoadedRing({ ADOPT_PUBLIC_KEYS: true });
      expect(await keys()).toEqual({ [kid]: 'retired', [`${kid}-2`]: 'active' });
    });

    it('gives a new key no id that a public key has which is not adopted', async () => {
      const kid = await thisMonth();
      await put(`${kid}.public.pem`, PREDECESSOR);
      await aLoadedRing();
      expect(await keys()).toEqual({ [`${kid}-2`]: 'active' });
    });
  });

  it('does not adopt a public key only because its file exists, and logs what to do', async () => {
    await put('aegis-2026-01.public.pem', PREDECESSOR);
    await writeKeyPair(keysDir, 'k1', PASSPHRASE);
    const ring = await aLoadedRing(production());
    expect(await keys()).toEqual({ k1: 'active' });
    expect(await records()).toEqual([['signing_key.activated', 'k1']]);
    expect(await ring.publicKey('aegis-2026-01')).toBeUndefined();
    expect((await ring.jwks()).keys.map(({ kid }) => kid)).toEqual(['k1']);
    const warnings = log.split('\n').filter((line) => line.includes('aegis keys adopt'));
    expect(warnings.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('run `aegis keys adopt aegis-2026-01`'),
        kid: 'aegis-2026-01',
        thumbprint: PREDECESSOR_THUMBPRINT,
      }),
    ]);

    await signingKeys().adopt(SYSTEM, 'aegis-2026-01', createPublicKey(PREDECESSOR));
    log = '';
    const next = await aLoadedRing(production());
    expect(await next.publicKey('aegis-2026-01')).toBeDefined();
    expect(log).not.toContain('aegis keys adopt');
  });

  it('does not start when a public key contradicts the one on record', async () => {
    await writeKeyPair(keysDir, 'k1', PASSPHRASE);
    await aLoadedRing(production());
    await signingKeys().adopt(SYSTEM, 'k0', createPublicKey(PREDECESSOR));
    await put('k0.public.pem', aPublicKey());
    expect(await refusal(production())).toMatch(
      /k0 in KEYS_DIR is not the one that the database knows as k0/,
    );
  });

  it('adopts a public key once, and none that is compromised or has the id of another', async () => {
    const key = createPublicKey(PREDECESSOR);
    expect(await signingKeys().adopt(SYSTEM, 'k0', key)).toMatchObject({
      changed: true,
      key: { kid: 'k0', state: 'retired' },
    });
    expect(await signingKeys().adopt(SYSTEM, 'k0', key)).toMatchObject({ changed: false });
    expect(await records()).toEqual([['signing_key.adopted', 'k0']]);
    await expect(signingKeys().adopt(SYSTEM, 'k0', createPublicKey(aPublicKey()))).rejects.toThrow(
      /is not the one/,
    );
    await expect(signingKeys().adopt(SYSTEM, 'k2', key)).rejects.toThrow(/is the same as k0/);
    await change('k0', 'compromised');
    await expect(signingKeys().adopt(SYSTEM, 'k0', key)).rejects.toThrow(/compromised/);
  });

  describe('with ADOPT_PUBLIC_KEYS adopts public keys', () => {
    it('that the database lacks, as retired, each with its record, and verifies with them', async () => {
      await put('aegis-2026-01.public.pem', PREDECESSOR);
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      const ring = await aLoadedRing(adopting());
      expect(await keys()).toEqual({ 'aegis-2026-01': 'retired', k1: 'active' });
      expect(await records()).toEqual([
        ['signing_key.adopted', 'aegis-2026-01'],
        ['signing_key.activated', 'k1'],
      ]);
      const [adopted] = await dataSource.manager.findBy(SigningKey, { kid: 'aegis-2026-01' });
      expect(adopted).toMatchObject({
        alg: 'EdDSA',
        public_key: PREDECESSOR_X,
        retired_at: expect.any(Date),
      });
      expect((await ring.publicKey('aegis-2026-01'))?.equals(createPublicKey(PREDECESSOR))).toBe(true);
      const [record] = await dataSource.manager.findBy(AuditRecord, { event_type: 'signing_key.adopted' });
      expect(record).toMatchObject({ actor: 'system', event_data: { public_key: PREDECESSOR_X } });
    });

    it('once, when three processes start at once', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await put('k0.public.pem', PREDECESSOR);
      const rings = await Promise.all(Array.from({ length: 3 }, () => aRing(adopting())));
      await Promise.all(rings.map((ring) => ring.load()));
      expect(await records()).toEqual([
        ['signing_key.adopted', 'k0'],
        ['signing_key.activated', 'k1'],
      ]);
    });

    it('and does not start when a kid has another key than the database knows', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await put('k0.public.pem', PREDECESSOR);
      await aLoadedRing(adopting());
      await put('k0.public.pem', aPublicKey());
      expect(await refusal(adopting())).toMatch(
        /k0 in KEYS_DIR is not the one that the database knows as k0/,
      );
    });

    it('and does not start when a compromised kid has another key', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await put('k0.public.pem', PREDECESSOR);
      await aLoadedRing(adopting());
      await change('k0', 'compromised');
      await aLoadedRing(adopting());
      expect((await keys()).k0).toBe('compromised');
      await put('k0.public.pem', aPublicKey());
      expect(await refusal(adopting())).toMatch(/k0 in KEYS_DIR is not the one/);
    });

    it('and does not start when one key has two kids', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await put('k0.public.pem', PREDECESSOR);
      await put('k2.public.pem', PREDECESSOR);
      expect(await refusal(adopting())).toMatch(/k2 in KEYS_DIR is the same as k0/);
    });

    it('and does not start when a file has no Ed25519 key', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await put('k0.public.pem', publicPem(generateKeyPairSync('x25519').publicKey));
      expect(await refusal(adopting())).toMatch(/k0\.public\.pem.*not Ed25519/);
    });
  });

  it('accepts no key of small order, no matter where it comes from', async () => {
    const x = Buffer.alloc(32).toString('base64url');
    const weak = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const source: SignerSource = {
      kids: () => Promise.resolve(['weak']),
      open: (kid) =>
        Promise.resolve({
          signer: { kid, sign: () => Promise.resolve(new Uint8Array(64)) },
          publicKey: weak,
          warning: null,
        }),
    };
    const logger = new Logger({ level: 'info', format: 'json', stream: new PassThrough().resume() });
    const ring = new KeyRing(dataSource, settings(production()), new AuditLog(), logger, source);
    await expect(ring.load()).rejects.toThrow(/weak is of small order/);
    await expect(signingKeys().publish(SYSTEM, 'weak', weak)).rejects.toThrow(/weak is of small order/);
    expect(await keys()).toEqual({});
  });

  it('neither verifies with nor publishes a key that was written into the database without checks: of small order, or in another encoding', async () => {
    await writeKeyPair(keysDir, 'k1', PASSPHRASE);
    const ring = await aLoadedRing();
    const [genuine] = (await ring.jwks()).keys;
    const owner = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    dataSources.push(owner);
    const last = PREDECESSOR_X.slice(0, -1) + '5';
    for (const [kid, x] of [
      ['weak', 'A'.repeat(43)],
      ['respelled', last],
    ])
      await owner.query(
        `SET session_replication_role = replica;
         INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('${kid}', 'EdDSA', '${x}', 'retired')`,
      );
    await ring.refresh();
    expect(await ring.publicKey('weak')).toBeUndefined();
    expect(await ring.publicKey('respelled')).toBeUndefined();
    expect((await ring.jwks()).keys).toEqual([genuine]);
  });

  it('reports a change when a repeated compromise only names another successor', async () => {
    await writeKeyPair(keysDir, 'k1', PASSPHRASE);
    await aLoadedRing(production());
    await signingKeys().publish(SYSTEM, 'k2', await writeKeyPair(keysDir, 'k2', PASSPHRASE));
    const compromise = { after: null, successor: null, force: true };
    expect(await signingKeys().compromise(SYSTEM, 'k1', compromise)).toMatchObject({ changed: true });
    const withSuccessor = { ...compromise, successor: 'k2' };
    expect(await signingKeys().compromise(SYSTEM, 'k1', withSuccessor)).toMatchObject({ changed: true });
    expect(await keys()).toEqual({ k1: 'compromised', k2: 'active' });
    expect(await signingKeys().compromise(SYSTEM, 'k1', withSuccessor)).toMatchObject({ changed: false });
  });

  describe('in production', () => {
    it('never makes a key, and says how to', async () => {
      expect(await refusal(production())).toMatch(/aegis keys generate/);
      expect(await refusal(production({ KEY_ID: 'k1' }))).toMatch(
        /no file k1\.private\.pem.*aegis keys generate/,
      );
      expect(await readdir(keysDir)).toEqual([]);
    });

    it('does not start without or with a wrong passphrase', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      expect(await refusal(production({ KEY_PASSPHRASE: undefined }))).toMatch(/no passphrase is set/);
      expect(await refusal(production({ KEY_PASSPHRASE: 'guessed' }))).toMatch(
        /passphrase of k1\.private\.pem is wrong/,
      );
    });

    it('does not start when the private file of the active key is gone or of another key', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await aLoadedRing(production());
      await rm(join(keysDir, 'k1.private.pem'));
      expect(await refusal(production())).toMatch(/no file k1\.private\.pem/);
      await rm(join(keysDir, 'k1.public.pem'));
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      expect(await refusal(production())).toMatch(
        /k1 in KEYS_DIR is not the one that the database knows as k1/,
      );
    });

    it('starts on a second machine that has the same keys', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await aLoadedRing(production());
      const copy = join(directory, 'copy');
      await cp(keysDir, copy, { recursive: true });
      expect((await aLoadedRing(production({ KEYS_DIR: copy }))).active().kid).toBe('k1');
    });

    it('warns when the key file is protected too weakly', async () => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const weak = privateKey.export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: PASSPHRASE,
      });
      await writeFile(join(keysDir, 'k1.private.pem'), weak, { mode: 0o600 });
      const ring = await aLoadedRing(production());
      expect(ring.active().kid).toBe('k1');
      expect(JSON.parse(log.split('\n')[0]!)).toMatchObject({
        level: 'warn',
        message: expect.stringMatching(/k1\.private\.pem is protected by less than/),
      });
    });
  });

  describe('with another KEY_ID', () => {
    beforeEach(async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await aLoadedRing(production());
      await writeKeyPair(keysDir, 'k2', PASSPHRASE);
    });

    it('keeps the active key until KEY_ID is set, and does not change the other', async () => {
      expect((await aLoadedRing(production())).active().kid).toBe('k1');
      expect(await keys()).toEqual({ k1: 'active' });
      expect(log).toMatch(/"level":"warn".*`aegis keys publish k2` if it is to sign here/);
    });

    it('follows the database, and says so: a late restart must not bring an old key back', async () => {
      const ring = await aLoadedRing(production({ KEY_ID: 'k2' }));
      expect(ring.active().kid).toBe('k1');
      expect(await keys()).toEqual({ k1: 'active' });
      expect(log).toMatch(/"level":"warn".*KEY_ID names k2, but k1 is the active signing key/);
    });

    it('activates it where none is active, once, when three processes start at once', async () => {
      await change('k1', 'compromised');
      const rings = await Promise.all(Array.from({ length: 3 }, () => aRing(production({ KEY_ID: 'k2' }))));
      await Promise.all(rings.map((ring) => ring.load()));
      expect(rings.map((ring) => ring.active().kid)).toEqual(['k2', 'k2', 'k2']);
      expect(await keys()).toEqual({ k1: 'compromised', k2: 'active' });
      expect(await records()).toEqual([
        ['signing_key.activated', 'k1'],
        ['signing_key.activated', 'k2'],
      ]);
    });

    it.each([undefined, 'k1'])(
      '%s, never signs with a compromised key, and starts nevertheless',
      async (KEY_ID) => {
        await change('k1', 'compromised');
        const ring = await aLoadedRing(production({ KEY_ID }));
        expect(ring.activeKid).toBeNull();
        expect(ring.canSign).toBe(false);
        expect(() => ring.active()).toThrow(SignerUnavailable);
        await expect(ring.signer()).rejects.toThrow(SignerUnavailable);
        expect(await ring.publicKey('k1')).toBeDefined();
        expect(log).toMatch(/"level":"warn".*no signing key is active since/);
      },
    );
  });

  describe('when asked for a kid', () => {
    it('that it does not know, reads the table again, at most once per second', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      const ring = await aLoadedRing(production());
      let clock = 1_000_000;
      jest.spyOn(performance, 'now').mockImplementation(() => clock);
      expect(await ring.publicKey('k0')).toBeUndefined();
      await put('k0.public.pem', PREDECESSOR);
      await aLoadedRing(adopting());
      clock += 999;
      expect(await ring.publicKey('k0')).toBeUndefined();
      clock += 1;
      expect((await ring.publicKey('k0'))?.equals(createPublicKey(PREDECESSOR))).toBe(true);
    });

    it('shares one reading among all who ask at once', async () => {
      const ring = await aLoadedRing();
      const find = jest.spyOn(dataSources.at(-1)!.manager, 'find');
      const answers = await Promise.all(Array.from({ length: 100 }, (_, each) => ring.publicKey(`k${each}`)));
      expect(answers).toEqual(Array(100).fill(undefined));
      expect(find).toHaveBeenCalledTimes(1);
    });

    it('reports no kid as unknown while the database cannot be reached, and returns the keys that it knows', async () => {
      const ring = await aLoadedRing();
      await dataSources.at(-1)!.destroy();
      await expect(ring.publicKey('k0')).rejects.toThrow();
      await expect(ring.publicKey('k0')).rejects.toThrow();
      expect(await ring.publicKey(ring.active().kid)).toBeDefined();
    });

    it('that was compromised, still returns its key: the database decides whether it is trusted', async () => {
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      await put('k0.public.pem', PREDECESSOR);
      await aLoadedRing(adopting());
      await change('k0', 'compromised');
      const ring = await aLoadedRing(production());
      expect((await ring.publicKey('k0'))?.equals(createPublicKey(PREDECESSOR))).toBe(true);
    });

    it.each(['__proto__', 'constructor', ''])('%j, knows none', async (kid) => {
      const ring = await aLoadedRing();
      expect(await ring.publicKey(kid)).toBeUndefined();
    });
  });

  describe('publishes', () => {
    it('pending, active and retired keys; a compromised one is gone from then on', async () => {
      await put('aegis-2026-01.public.pem', PREDECESSOR);
      await put('k0.public.pem', aPublicKey());
      await put('k2.public.pem', aPublicKey());
      await writeKeyPair(keysDir, 'k1', PASSPHRASE);
      const ring = await aLoadedRing(adopting());
      await change('k2', 'pending');
      const { keys: published } = await ring.jwks();
      expect(published.map(({ kid }) => kid).sort()).toEqual(['aegis-2026-01', 'k0', 'k1', 'k2']);
      expect(published.find(({ kid }) => kid === 'aegis-2026-01')).toEqual({
        kty: 'OKP',
        crv: 'Ed25519',
        x: PREDECESSOR_X,
        kid: 'aegis-2026-01',
        use: 'sig',
        alg: 'EdDSA',
        jkt: PREDECESSOR_THUMBPRINT,
      });
      await change('k0', 'compromised');
      expect((await ring.jwks()).keys.map(({ kid }) => kid).sort()).toEqual(['aegis-2026-01', 'k1', 'k2']);
    });
  });

  it('does not sign before it is loaded', async () => {
    const ring = await aRing();
    expect(() => ring.active()).toThrow('not loaded');
  });

  it('is loaded when the module starts', async () => {
    await writeKeyPair(keysDir, 'k1', PASSPHRASE);
    const environment = settings(
      production({ DB_POOL_SIZE: 2, DB_ACQUIRE_TIMEOUT_MS: 30_000, DB_CONNECT_TIMEOUT_MS: 30_000 }),
    );
    const logger = new Logger({ level: 'error', format: 'json' });
    @Module({
      imports: [
        ConfigModule.for(environment),
        LoggingModule.for(logger),
        DatabaseModule.for(database.applicationUrl),
        SigningModule,
      ],
    })
    class App {}
    NestLogger.overrideLogger(false);
    const app = await NestFactory.createApplicationContext(App);
    try {
      expect(app.get(KeyRing).active().kid).toBe('k1');
    } finally {
      await app.close();
    }
  });
});
