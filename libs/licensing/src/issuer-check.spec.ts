import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { PassThrough } from 'node:stream';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { RecordIssuers1764100180000 } from '../../../migrations/1764100180000-record-issuers';
import { migrationDataSource } from '../../../migrations/data-source';
import { type TestDatabase, testDatabase } from '../../../test/support/database/database';
import { insertLicenseRows, insertRowKey } from '../../../test/support/database/license-rows';
import { superuserOf } from '../../../test/support/database/sql';
import { IssuerCheck } from './issuer-check';

const OLD = 'https://old.vendor.example';
const NEW = 'https://new.vendor.example';

function tokenOf(payload: string): string {
  return `eyJhbGciOiJFZERTQSJ9.${Buffer.from(payload).toString('base64url')}.c2lnbmF0dXJl`;
}
const issuedBy = (iss: string): string =>
  tokenOf(
    JSON.stringify({ jti: 'x', iss, customer: { id: 'C-1', name: 'Zoë "iss":"https://forged.example"' } }),
  );

describe('IssuerCheck', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
    await insertRowKey(sql);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('C-1', 'x')`);
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  /** Puts a license with a token on record. */
  async function license(
    token: string | null,
    state: { status?: string; expired?: boolean } = {},
  ): Promise<void> {
    const { status = 'active', expired = false } = state;
    await sql.query(
      insertLicenseRows(
        `SELECT 'C-1' AS customer_id, '${expired ? 'demo' : 'perpetual'}' AS license_type, '${status}' AS status,
                ${expired ? `now() - interval '1 hour'` : 'NULL::timestamptz'} AS expires_at`,
      ),
    );
    await sql.query('UPDATE licenses SET token = $1 WHERE token IS NULL', [token]);
  }

  /** What a process logs at its start. */
  async function start(issuer: string | undefined, accepted?: string[]): Promise<string[]> {
    const stream = new PassThrough();
    let log = '';
    stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const environment = Object.assign(new Environment(), {
      LICENSE_ISSUER: issuer,
      ACCEPTED_ISSUERS: accepted,
    });
    const logger = new Logger({ level: 'info', format: 'json', stream });
    const check = new IssuerCheck(dataSource, environment, logger);
    await check.onApplicationBootstrap();
    await check.settled();
    return log
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { level: string; message: string })
      .map(({ level, message }) => `${level}: ${message}`);
  }

  it('warns of active licenses whose issuer is not accepted, and names ACCEPTED_ISSUERS', async () => {
    expect(await start(OLD)).toEqual([]);
    await license(issuedBy(OLD));
    expect(await start(OLD)).toEqual([]);
    expect(await start(NEW)).toEqual([
      expect.stringMatching(`^warn: active licenses were issued as ${OLD}, .*ACCEPTED_ISSUERS`),
    ]);
    expect(await start(NEW, [OLD])).toEqual([]);
  });

  it.each([
    ['revoked', { status: 'revoked' }],
    ['suspended', { status: 'suspended' }],
    ['expired', { expired: true }],
  ])('does not warn if all of them are %s', async (_, state) => {
    await start(OLD);
    await license(issuedBy(OLD), state);
    expect(await start(NEW)).toEqual([]);
    await license(issuedBy(OLD));
    expect(await start(NEW)).toHaveLength(1);
  });

  it('has one time limit for any number of issuers, and the start does not wait for it', async () => {
    await sql.query(
      `INSERT INTO license_issuers (issuer) SELECT 'https://issuer-' || n FROM generate_series(1, 1000) AS n`,
    );
    expect(await start(OLD)).toEqual([
      expect.stringMatching('^warn: whether active licenses .* could not be determined in time'),
    ]);
    await license(issuedBy(NEW));
    const other = await superuserOf({ database });
    try {
      await other.query('BEGIN; LOCK TABLE licenses IN ACCESS EXCLUSIVE MODE');
      const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough() });
      const environment = Object.assign(new Environment(), { LICENSE_ISSUER: OLD });
      const check = new IssuerCheck(dataSource, environment, logger);
      await check.onApplicationBootstrap();
      await other.query('COMMIT');
      await check.settled();
    } finally {
      await other.end();
    }
  });

  it('does nothing for a command without an issuer', async () => {
    await license(issuedBy(OLD));
    expect(await start(undefined)).toEqual([]);
    expect((await sql.query('SELECT FROM license_issuers')).rowCount).toBe(0);
  });

  describe('after the upgrade', () => {
    /** Undoes the migration that records issuers, and runs it again. */
    async function migrate(): Promise<void> {
      const owner = await migrationDataSource(database.ownerUrl).initialize();
      const runner = owner.createQueryRunner();
      try {
        await new RecordIssuers1764100180000().down(runner);
        await new RecordIssuers1764100180000().up(runner);
        await runner.query('GRANT SELECT, INSERT ON license_issuers TO aegis_app');
        await runner.query('GRANT EXECUTE ON FUNCTION license_token_issuer(text) TO aegis_app');
      } finally {
        await runner.release();
        await owner.destroy();
      }
    }
    const recorded = async (): Promise<string[]> =>
      (await sql.query<{ issuer: string }>('SELECT issuer FROM license_issuers ORDER BY 1')).rows.map(
        ({ issuer }) => issuer,
      );

    it('finds the issuers of licenses that were issued before it, in every form of token', async () => {
      await license(issuedBy(OLD));
      await license(issuedBy('https://revoked.example'), { status: 'revoked' });
      // As Python writes JSON; of every length modulo three, for the padding.
      for (const extra of ['', 'a', 'ab'])
        await license(tokenOf(`{"jti": "${extra}", "iss": "https://python${extra}.example", "n": 1}`));
      await migrate();
      expect(await recorded()).toEqual([
        OLD,
        'https://python.example',
        'https://pythona.example',
        'https://pythonab.example',
      ]);
      expect(await start(NEW)).toHaveLength(4);
    });

    it.each([
      ['no token', null],
      ['an empty one', ''],
      ['no JWS', 'hello'],
      ['no base64url', 'a.%%%.c'],
      ['a length that base64 cannot have', 'a.eyJhb.c'],
      ['bytes that are not UTF-8', `a.${Buffer.from([0xff, 0xfe, 0, 1]).toString('base64url')}.c`],
      ['an issuer that is not text', tokenOf('{"iss":7}')],
      ['an empty issuer', tokenOf('{"iss":""}')],
      ['an endless issuer', tokenOf(`{"iss":"${'x'.repeat(300)}"}`)],
    ])('is not stopped by a license with %s', async (_, token) => {
      await license(token);
      await migrate();
      expect(await recorded()).toEqual([]);
    });
  });
});
