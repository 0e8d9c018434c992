import { randomInt } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { superuserOf } from '../../support/database/sql';
import { aLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';
import { SeededRandom } from '../../support/seats/random';
import { type HistoryTerms, SeatHistory, type Send } from '../../support/seats/seat-history';
import { brokenRules, recordedSeats } from '../../support/seats/seat-rules';

const TERMS: readonly HistoryTerms[] = [
  { max: 3, overage: 0, moves: null, takeOver: false, mode: 'floating' },
  { max: 2, overage: 2, moves: 4, takeOver: true, mode: 'floating' },
  { max: 3, overage: 1, moves: 3, takeOver: true, mode: 'fixed' },
  { max: 1, overage: 0, moves: 99, takeOver: true, mode: 'floating' },
];

describe('random histories of seats on two servers', () => {
  let servers: TestServer[];
  let sql: SqlClient;

  beforeAll(async () => {
    const first = await testServer();
    const second = await testServer({ database: first.database, keysDir: first.keysDir });
    servers = [first, second];
    sql = await superuserOf(first);
  });
  afterAll(async () => {
    await sql.end();
    for (const server of servers.reverse()) await server.close();
  });

  it.each(TERMS)('keep the rules: $mode, $max and $overage, $moves moves', async (terms) => {
    const seed = Number(process.env.AEGIS_SEATS_SEED ?? randomInt(2 ** 32 - 1));
    console.log(`AEGIS_SEATS_SEED=${seed}`);
    const random = new SeededRandom(seed);
    const admin = new Client(servers[0]!.url, servers[0]!.adminKey);
    const send: Send = (method, path, body, keyed) => {
      const { url } = servers[random.below(servers.length)]!;
      const client = new Client(url, keyed ? servers[0]!.adminKey : undefined);
      return client.send(method, path, body);
    };
    const lapse = async (id: string): Promise<void> => {
      // Its seat row first, as everything that ends a seat does.
      await sql.query('BEGIN');
      await sql.query(
        `UPDATE license_seats SET no_lapse_before = least(no_lapse_before, clock_timestamp())
         WHERE license_id = (SELECT license_id FROM activations WHERE id = $1)`,
        [id],
      );
      await sql.query(
        `UPDATE activations SET lease_ends_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL`,
        [id],
      );
      await sql.query('COMMIT');
    };
    let lapses = Promise.resolve();
    const inTurn = (id: string): Promise<void> => (lapses = lapses.then(() => lapse(id)));
    const { id, token } = await aLicense(admin, {
      seats: {
        ...{ max: terms.max, mode: terms.mode, overage: terms.overage },
        ...{ moves_per_30_days: terms.moves, take_over: terms.takeOver },
      },
    });
    const history = new SeatHistory({ id, token }, terms, random, send, inTurn);
    await history.run(8, 20);
    const query = async <T extends object>(text: string, values: unknown[]): Promise<T[]> =>
      (await sql.query<T>(text, values)).rows;
    expect(brokenRules(history, await recordedSeats(query, id))).toEqual([]);
    const admitted = history.events.filter(({ kind, status }) => kind === 'activate' && status === 201);
    expect(admitted.length).toBeGreaterThan(0);
  });
});
