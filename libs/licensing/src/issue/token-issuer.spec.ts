import { AuditLog, AuditRecord } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Customer } from '@aegis/customers';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { KeyRing, signerSource, SigningKey, verifySigningInput } from '@aegis/signing';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { LicenseToken } from '../license-token.entity';
import { License } from '../license.entity';
import { TokenTooLarge } from '../licensing.errors';
import { type GrantedFacts, type Moment, tokenHash, TokenIssuer } from './token-issuer';

describe('TokenIssuer', () => {
  let folder: string;
  let database: TestDatabase;
  let dataSource: DataSource;
  let keyRing: KeyRing;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-tokens-'));
    database = await testDatabase();
    dataSource = await database.dataSource([AuditRecord, Customer, License, LicenseToken, SigningKey]);
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });
    keyRing = new KeyRing(
      dataSource,
      environmentOf('https://license.biz4a.com'),
      new AuditLog(),
      logger,
      signerSource(environmentOf('https://license.biz4a.com'), logger, new Metrics()),
    );
    await keyRing.load();
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  function environmentOf(issuer: string): Environment {
    return Object.assign(new Environment(), {
      ENVIRONMENT: 'test',
      KEYS_DIR: join(folder, 'keys'),
      SIGNER: 'pem',
      KEY_PASSPHRASE: 'a passphrase for tests',
      LICENSE_ISSUER: issuer,
      PUBLIC_URL: 'https://licenses.vendor.example',
    });
  }
  const maker = (issuer = 'https://license.biz4a.com'): TokenIssuer =>
    new TokenIssuer(dataSource, keyRing, environmentOf(issuer), new Metrics());
  const facts = (): GrantedFacts => ({
    licenseId: randomUUID(),
    customer: { id: 'acme', name: 'Acme' },
    moduleName: 'payroll',
    allowedMajorVersions: ['17'],
    licenseType: 'perpetual',
    expiresAt: null,
    instanceFingerprint: null,
    graceDays: 0,
    entitlements: {},
    seats: null,
    revision: 1,
  });

  it('signs tokens with the active key, under which they verify', async () => {
    const tokens = maker();
    const fresh = await tokens.sign(facts(), await tokens.moment());
    const [header, claims, signature] = fresh.token.split('.') as [string, string, string];
    const publicKey = (await keyRing.publicKey(fresh.keyId))!;
    const bytes = Buffer.from(signature, 'base64url');
    expect(verifySigningInput(publicKey, `${header}.${claims}`, bytes)).toBe(true);
    expect(verifySigningInput(publicKey, `${header}.${claims}x`, bytes)).toBe(false);
    expect(fresh.sha256).toEqual(createHash('sha256').update(fresh.token).digest());
    expect(tokenHash(fresh.token)).toEqual(fresh.sha256);
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'EdDSA',
      typ: 'JWT',
      kid: fresh.keyId,
    });
  });

  it('gives a status place that no other gets, and the time of the database', async () => {
    const tokens = maker();
    const moments: Moment[] = await Promise.all(Array.from({ length: 50 }, () => tokens.moment()));
    expect(new Set(moments.map(({ status }) => `${status.list}:${status.index}`)).size).toBe(50);
    const [row] = await dataSource.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
    for (const { now } of moments) expect(Math.abs(now.getTime() - row!.now.getTime())).toBeLessThan(120_000);
  });

  it('makes a token of 8 KiB, and never signs one that is a byte longer', async () => {
    const signed = jest.spyOn(keyRing, 'active');
    const moment = await maker().moment();
    const fixed = facts();
    const ofIssuer = (length: number): Promise<{ token: string }> =>
      maker(`https://${'x'.repeat(length)}`).sign(fixed, moment);
    let length = 5_000;
    let longest = await ofIssuer(length);
    while (longest.token.length < 8_190) {
      length += Math.max(1, Math.floor(((8_190 - longest.token.length) * 3) / 4));
      longest = await ofIssuer(length);
    }
    expect(longest.token.length).toBeLessThanOrEqual(8_192);
    const signer = keyRing.active();
    const sign = jest.spyOn(signer, 'sign');
    signed.mockReturnValue(signer);
    await expect(ofIssuer(length + 3)).rejects.toThrow(TokenTooLarge);
    expect(sign).not.toHaveBeenCalled();
    await ofIssuer(length);
    expect(sign).toHaveBeenCalledTimes(1);
    jest.restoreAllMocks();
  });
});
