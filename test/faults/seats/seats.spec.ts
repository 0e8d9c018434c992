import { randomInt } from 'node:crypto';
import type { ServerProcess } from '../../support/processes/server-process';
import { SeededRandom } from '../../support/seats/random';
import { asked, type HistoryTerms, SeatHistory, type SeatReply } from '../../support/seats/seat-history';
import { brokenRules, recordedSeats } from '../../support/seats/seat-rules';
import { Caller, type Reply } from '../support/caller';
import { RowPostgres } from '../support/postgres';
import { shortOrLong } from '../support/promises';
import { Servers } from '../support/servers';
import { template } from '../support/template';
import { Vendor } from '../support/vendor';

const CLIENTS = 64;
const ROUNDS = shortOrLong(5, 100);
const HISTORIES = shortOrLong(4, 60);

/** Terms of a race of 64 clients, and how many of them get a seat. */
const RACES: readonly (HistoryTerms & { given: number; live: number })[] = [
  { max: 5, overage: 0, moves: null, takeOver: false, mode: 'floating', given: 5, live: 5 },
  { max: 5, overage: 2, moves: null, takeOver: false, mode: 'floating', given: 7, live: 7 },
  { max: 5, overage: 0, moves: 3, takeOver: true, mode: 'fixed', given: 8, live: 5 },
  { max: 5, overage: 0, moves: 3, takeOver: false, mode: 'fixed', given: 5, live: 5 },
];

describe('seats, on two servers and one durable database', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let running: ServerProcess[];
  let vendor: Vendor;
  let anyone: Caller;
  let customer: string;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
    running = [await servers.start(), await servers.start()];
    vendor = new Vendor(() => alive()[0]!.url);
    anyone = new Caller();
    customer = await vendor.customer();
  });
  afterAll(async () => {
    anyone.close();
    vendor.close();
    await servers.close();
    await postgres.close();
  });

  const alive = (): ServerProcess[] => running.filter(({ hasEnded }) => !hasEnded);
  const query = <T extends object>(text: string, values: unknown[]): Promise<T[]> =>
    postgres.query<T>(text, values);

  function licensed({
    max,
    mode,
    overage,
    moves,
    takeOver,
  }: HistoryTerms): Promise<{ id: string; token: string }> {
    const seats = { max, mode, overage, moves_per_30_days: moves, take_over: takeOver };
    return vendor.license(customer, { seats });
  }

  /** Sends a request to each server in turn. */
  function activate(
    server: ServerProcess,
    token: string,
    fingerprint: string,
    takeOver: boolean,
  ): Promise<Reply> {
    const body = { ...asked(token, fingerprint), ...(takeOver && { take_over: 'oldest' }) };
    return anyone.send('POST', `${server.url}/api/v1/activations`, body);
  }

  it.each(RACES)(
    '$max with $overage beyond, $moves moves, takeover $takeOver: never one too many',
    async (terms) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { id, token } = await licensed(terms);
        const replies = await Promise.all(
          Array.from({ length: CLIENTS }, (_, n) =>
            activate(running[n % 2]!, token, `machine-${n}`, terms.takeOver),
          ),
        );
        expect(replies.filter(({ status }) => status === 201)).toHaveLength(terms.given);
        expect(replies.filter(({ status }) => status === 409)).toHaveLength(CLIENTS - terms.given);
        const recorded = await recordedSeats(query, id);
        expect(recorded.open).toBe(terms.live);
        expect(brokenRules({ events: [], terms }, recorded)).toEqual([]);
      }
    },
  );

  it('kill -9 of a server among 64 admissions: what was answered is held, and a repetition gets the same seat', async () => {
    let unanswered = 0;
    const terms = RACES[1]!;
    for (let round = 0; round < shortOrLong(3, 20); round += 1) {
      const { id, token } = await licensed(terms);
      const [doomed, other] = running as [ServerProcess, ServerProcess];
      let answered = 0;
      const replies = await Promise.all(
        Array.from({ length: CLIENTS }, async (_, n) => {
          const reply = await activate(n % 2 === 0 ? doomed : other, token, `machine-${n}`, false);
          answered += 1;
          if (answered === 1 + (round % 8)) doomed.kill('SIGKILL');
          return reply;
        }),
      );
      await doomed.ended;
      unanswered += replies.filter(({ status }) => status === 0).length;
      running[0] = await servers.start();
      const again = await Promise.all(
        replies.map((_, n) => activate(running[n % 2]!, token, `machine-${n}`, false)),
      );
      for (const [n, { status, body }] of replies.entries())
        if (status === 201)
          expect([again[n]!.status, again[n]!.body]).toEqual([
            200,
            expect.objectContaining({ id: (body as { id: string }).id }),
          ]);
      const recorded = await recordedSeats(query, id);
      expect(recorded.open).toBe(7);
      expect(recorded.seats).toHaveLength(7);
      expect(brokenRules({ events: [], terms }, recorded)).toEqual([]);
    }
    expect(unanswered).toBeGreaterThan(0);
  });

  it('random histories keep the rules, with kill -9 of a server in the middle', async () => {
    const seed = Number(process.env.AEGIS_SEATS_SEED ?? randomInt(2 ** 32 - 1));
    console.log(`AEGIS_SEATS_SEED=${seed}`);
    const random = new SeededRandom(seed);
    const keyed = new Caller(template().apiKey);
    const send = async (method: string, path: string, body: object, isKeyed: boolean): Promise<SeatReply> => {
      const url = random.pick(alive()).url;
      return (isKeyed ? keyed : anyone).send(method, url + path, body);
    };
    let lapses = Promise.resolve();
    const lapse = (id: string): Promise<void> => (lapses = lapses.then(() => lapseNow(id)));
    for (let number = 0; number < HISTORIES; number += 1) {
      const terms = RACES[number % RACES.length]!;
      const history = new SeatHistory(await licensed(terms), terms, random, send, lapse);
      const run = history.run(8, 25);
      const doomed = running[number % 2]!;
      await anyone.send('GET', `${running[(number + 1) % 2]!.url}/health/live`);
      doomed.kill('SIGKILL');
      await doomed.ended;
      running[number % 2] = await servers.start();
      await run;
      expect(brokenRules(history, await recordedSeats(query, history.license.id))).toEqual([]);
    }
    keyed.close();
  });

  /** The seat row first, as everything that ends a seat does. */
  async function lapseNow(id: string): Promise<void> {
    const client = await postgres.connect();
    await client.query('BEGIN');
    await client.query(
      `UPDATE license_seats SET no_lapse_before = least(no_lapse_before, clock_timestamp())
       WHERE license_id = (SELECT license_id FROM activations WHERE id = $1)`,
      [id],
    );
    await client.query(
      'UPDATE activations SET lease_ends_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL',
      [id],
    );
    await client.query('COMMIT');
    await client.end();
  }
});
