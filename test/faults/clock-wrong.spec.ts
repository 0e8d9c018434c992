import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { clockOffBy, hasFaketime } from './support/machine/faketime';
import { RowPostgres } from './support/postgres';
import { Servers } from './support/servers';
import { Vendor } from './support/vendor';

// Under CI a missing tool is a failure, not a reason to skip.
const itWithFaketime = hasFaketime || process.env.CI === 'true' ? it : it.skip;
const because = hasFaketime ? '' : ' (faketime is not installed: Debian package faketime)';
const DAY_MS = 86_400_000;
/** How far the renewed license ends from now. */
const LIFE_SECONDS = 4;

interface Verdict {
  code: string;
  checked_at: string;
  expires_at: string;
}

describe("a server's clock that is wrong", () => {
  let postgres: RowPostgres;
  let servers: Servers;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    await servers.close();
    await postgres.close();
  });

  itWithFaketime(
    `by −10 minutes or +1 day: licenses begin and end to the second by the database's clock${because}`,
    async () => {
      const running = await Promise.all([-600, 86_400].map(off));
      await Promise.all(running.map(expectExactEnds));
    },
  );

  /** Starts a server whose clock is wrong, and makes sure that it is. */
  async function off(seconds: number): Promise<ServerProcess> {
    const before = Date.now();
    const server = await servers.start(clockOffBy(seconds));
    const [, said = ''] =
      /"timestamp":"([^"]+)"[^\n]* listens/.exec(`${server.stdout}\n`) ??
      /listens[^\n]*"timestamp":"([^"]+)"/.exec(server.stdout) ??
      [];
    const shift = (Date.parse(said) - before) / 1000;
    expect(shift).toBeGreaterThanOrEqual(seconds - 1);
    expect(shift).toBeLessThan(seconds + 300);
    return server;
  }

  async function expectExactEnds(server: ServerProcess): Promise<void> {
    const vendor = new Vendor(() => server.url);
    const subscription = { license_type: 'subscription', duration_days: 1 };
    const customer = await vendor.customer();
    const before = await databaseNow();
    const issued = await vendor.made<{ id: string; token: string; issued_at: string; expires_at: string }>(
      '/api/v1/licenses',
      {
        customer_id: customer,
        module_name: 'payroll',
        allowed_major_versions: ['17'],
        ...subscription,
      },
    );
    const after = await databaseNow();
    const wholeSecond = (time: number): number => Math.floor(time / 1000) * 1000;
    for (const [time, least, most] of [
      [Date.parse(issued.issued_at), before, after],
      [Date.parse(issued.expires_at), before + DAY_MS, after + DAY_MS],
      // A token says that it was issued a minute earlier: the clocks of its readers differ.
      [(claimsOf(issued.token).iat + 60) * 1000, before, after],
      [claimsOf(issued.token).exp * 1000, before + DAY_MS, after + DAY_MS],
    ] as const) {
      expect(time).toBeGreaterThanOrEqual(wholeSecond(least));
      expect(time).toBeLessThanOrEqual(most);
    }

    // A day cannot be waited for: the license is given an end that is over, and renewed for some seconds.
    await postgres.query(
      `UPDATE licenses SET expires_at = clock_timestamp() - interval '1 s' WHERE id = $1`,
      [issued.id],
    );
    const end = wholeSecond(await databaseNow()) + LIFE_SECONDS * 1000;
    const { token } = await vendor.made<{ token: string }>(`/api/v1/licenses/${issued.id}/renew`, {
      expires_at: new Date(end).toISOString(),
    });
    expect(claimsOf(token).exp * 1000).toBe(end);
    const verdicts: { verdict: Verdict; asked: number; answered: number }[] = [];
    await until('the license ends', async () => {
      const asked = await databaseNow();
      const { body } = await vendor.validate(token);
      verdicts.push({ verdict: body as Verdict, asked, answered: await databaseNow() });
      return verdicts.at(-1)!.verdict.code === 'EXPIRED';
    });
    for (const { verdict, asked, answered } of verdicts) {
      const judged = Date.parse(verdict.checked_at);
      expect(verdict.code).toBe(judged < end ? 'VALID' : 'EXPIRED');
      expect(judged).toBeGreaterThanOrEqual(Math.floor(asked));
      expect(judged).toBeLessThanOrEqual(answered);
    }
    expect(verdicts[0]!.verdict.code).toBe('VALID');
    expect((await vendor.send('GET', `/api/v1/licenses/${issued.id}`)).body).toMatchObject({
      status: 'expired',
    });
    // The other token has a day left, by the database's clock.
    expect((await vendor.validate(issued.token)).body).toMatchObject({ code: 'VALID' });
    vendor.close();
  }

  /** The database's clock, in milliseconds since 1970. */
  async function databaseNow(): Promise<number> {
    const [row] = await postgres.query<{ now: number }>(
      'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now',
    );
    return row!.now;
  }
});

function claimsOf(token: string): { iat: number; exp: number } {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as {
    iat: number;
    exp: number;
  };
}
