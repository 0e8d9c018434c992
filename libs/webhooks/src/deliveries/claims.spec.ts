import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { planNodes } from '../../../../test/support/database/explain';
import { superuserOf } from '../../../../test/support/database/sql';
import { happen, insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { type Claim, CLAIM_SQL, claimParameters, DeliveryClaims } from './claims';
import { type AttemptOutcome, DeliveryOutcomes, type DeliveryStep } from './outcomes';
import { AttemptPlaces } from './places';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';
const OTHER_LICENSE = 'b1c2d3e4-3f0e-4c5e-9a53-0d5e1c2b7f11';
const RETRY: DeliveryStep = { kind: 'failed', pauseMs: 3_600_000 };
const ALL = new AttemptPlaces().free();

describe('a claim', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;
  let claims: DeliveryClaims;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
    claims = new DeliveryClaims(dataSource);
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  const take = async (): Promise<Claim[]> => claims.take(ALL);
  const sequences = async (): Promise<number[]> => (await take()).map(({ sequence }) => sequence);
  function outcome(claim: Claim, step: DeliveryStep): AttemptOutcome {
    const isDelivered = step.kind === 'delivered';
    return {
      claim,
      step,
      status: isDelivered ? 200 : 500,
      error: isDelivered ? null : 'status',
      latencyMs: 7,
      answer: null,
    };
  }
  async function end(step: DeliveryStep, ...ended: readonly Claim[]): Promise<void> {
    await new DeliveryOutcomes(dataSource).record(ended.map((claim) => outcome(claim, step)));
  }
  /** As if so much time had passed. */
  async function pass(time: string): Promise<void> {
    await sql.query(
      `UPDATE webhook_deliveries SET due_at = due_at - $1::interval, holds_until = holds_until - $1::interval,
                                     attempted_at = attempted_at - $1::interval`,
      [time],
    );
  }

  it('takes what is due, with what is sent', async () => {
    const id = await insertEndpoint(dataSource, {
      keys: 'current',
      previous_keys: 'previous',
      previous_valid_until: new Date(Date.now() + 3_600_000),
    });
    const past = await insertEndpoint(dataSource, {
      previous_keys: 'previous',
      previous_valid_until: new Date(Date.now() - 3_600_000),
    });
    await happen(dataSource, LICENSE);
    const taken = await take();
    const [event] = await dataSource.query<{ id: string; data: object; occurred_at: Date }[]>(
      'SELECT id, data, occurred_at FROM events',
    );
    expect(taken.find(({ endpointId }) => endpointId === id)).toEqual({
      endpointId: id,
      sequence: 1,
      stream: expect.any(String) as string,
      attempts: 1,
      attemptedAt: expect.any(Date) as Date,
      url: 'https://hooks.example.com/aegis',
      apiVersion: '1',
      keys: 'current',
      previousKeys: 'previous',
      isFailing: false,
      event: { id: event!.id, type: 'license.updated', occurredAt: event!.occurred_at, data: event!.data },
    });
    expect(taken.find(({ endpointId }) => endpointId === past)?.previousKeys).toBeNull();
    expect(await take()).toEqual([]);
  });

  it('is of one delivery of each license at a time, in their order', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 2);
    await happen(dataSource, OTHER_LICENSE);
    await happen(dataSource, LICENSE);
    const first = await take();
    expect(first.map(({ sequence }) => sequence)).toEqual([1, 3]);
    await end({ kind: 'delivered' }, ...first);
    const second = await take();
    expect(second.map(({ sequence }) => sequence)).toEqual([2]);
    await end({ kind: 'given_up', reason: 'attempts_used' }, ...second);
    expect(await sequences()).toEqual([4]);
    expect(await sequences()).toEqual([]);
  });

  it('leaves the later ones of a license to ten minutes after the first attempt, and then one by one', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 4);
    await end(RETRY, ...(await take()));
    await pass('9 minutes 50 seconds');
    expect(await sequences()).toEqual([]);
    await pass('11 seconds');
    const second = await take();
    expect(second.map(({ sequence }) => sequence)).toEqual([2]);
    await end(RETRY, ...second);
    await pass('9 minutes 50 seconds');
    expect(await sequences()).toEqual([]);
    await pass('11 seconds');
    const third = await take();
    expect(third.map(({ sequence }) => sequence)).toEqual([3]);
    await end({ kind: 'delivered' }, ...third);
    expect(await sequences()).toEqual([4]);
  });

  it('keeps the order after a time in which nothing was sent', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 3);
    await pass('2 days');
    const first = await take();
    expect(first.map(({ sequence }) => sequence)).toEqual([1]);
    expect(await sequences()).toEqual([]);
    await end(RETRY, ...first);
    expect(await sequences()).toEqual([]);
    await pass('10 minutes');
    expect(await sequences()).toEqual([2]);
    expect(await sequences()).toEqual([]);
  });

  it('makes the next wait no longer for one that was due sooner than it might have been', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 3);
    await end({ kind: 'delivered' }, ...(await take()));
    await end(RETRY, ...(await take()));
    await pass('10 minutes 1 second');
    expect(await sequences()).toEqual([3]);
  });

  it('that its process does not end is taken again, as the same event, and counted', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 2);
    const [lost] = await take();
    await pass('29 seconds');
    expect(await take()).toEqual([]);
    await pass('2 seconds');
    const [again] = await take();
    expect(again).toMatchObject({ sequence: 1, attempts: 2, event: { id: lost!.event!.id } });
    await end({ kind: 'delivered' }, lost!);
    expect(await sequences()).toEqual([]);
    await end({ kind: 'delivered' }, again!);
    expect(await sequences()).toEqual([2]);
  });

  it('is of one process, however many claim at once', async () => {
    await insertEndpoint(dataSource);
    await insertEndpoint(dataSource);
    for (let license = 0; license < 20; license += 1) await happen(dataSource, randomUUID(), 2);
    const others = [claims, ...(await sources(3)).map((source) => new DeliveryClaims(source))];
    const taken: string[] = [];
    const work = async (process: DeliveryClaims): Promise<void> => {
      for (let idle = 0; idle < 10;) {
        const found = await process.take({ mostOfEach: 3, shared: 100, named: [] });
        idle = found.length === 0 ? idle + 1 : 0;
        taken.push(...found.map(({ endpointId, sequence }) => `${endpointId} ${sequence}`));
        await end({ kind: 'delivered' }, ...found);
      }
    };
    await Promise.all(others.map(work));
    expect(taken).toHaveLength(80);
    expect(new Set(taken).size).toBe(80);
  });

  const sources = (count: number): Promise<DataSource[]> =>
    Promise.all(Array.from({ length: count }, () => database.dataSource([])));

  it('is of nothing while a restored database is not reconciled', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await sql.query(`INSERT INTO restores (begun_by, reason) VALUES ('Ada', 'test')`);
    expect(await sequences()).toEqual([]);
    await sql.query(`UPDATE restores SET reconciled_at = clock_timestamp()`);
    expect(await sequences()).toEqual([1]);
  });

  it('is of no endpoint that is disabled or deleted', async () => {
    const disabled = await insertEndpoint(dataSource);
    const deleted = await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await sql.query(
      `UPDATE webhook_endpoints SET is_active = false, disabled_reason = 'operator', disabled_at = now() WHERE id = $1`,
      [disabled],
    );
    await sql.query(`UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1`, [deleted]);
    expect(await take()).toEqual([]);
  });

  it('of an event that was removed has none', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await sql.query('DELETE FROM events');
    expect(await take()).toMatchObject([{ sequence: 1, event: null }]);
  });

  it('takes as many as there are places, and one of each endpoint however many are taken', async () => {
    const [one, two] = [await insertEndpoint(dataSource), await insertEndpoint(dataSource)];
    for (let license = 0; license < 20; license += 1) await happen(dataSource, randomUUID());
    const places = new AttemptPlaces();
    const count = async (): Promise<number[]> => {
      const taken = await claims.take(places.free());
      for (const { endpointId } of taken) places.take(endpointId);
      return [one, two].map((id) => taken.filter(({ endpointId }) => endpointId === id).length);
    };
    for (let other = 0; other < 8; other += 1)
      for (let n = 0; n < 16; n += 1) places.take(`00000000-0000-4000-8000-00000000000${other}`);
    expect(await count()).toEqual([1, 1]);
    expect(await count()).toEqual([0, 0]);
    for (let n = 0; n < 16; n += 1) places.giveBack('00000000-0000-4000-8000-000000000000', false);
    places.giveBack(one, true);
    expect(await count()).toEqual([1, 7]);
    for (let other = 1; other < 8; other += 1)
      for (let n = 0; n < 16; n += 1) places.giveBack(`00000000-0000-4000-8000-00000000000${other}`, false);
    expect(await count()).toEqual([0, 8]);
    places.giveBack(one, false);
    expect(await count()).toEqual([16, 0]);
  });

  it('costs the same, however many of a license wait', async () => {
    const id = await insertEndpoint(dataSource);
    for (let endpoints = 0; endpoints < 5; endpoints += 1) await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 2);
    const rows = (endpoint: string, stream: string): string => `
      INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
      SELECT '${endpoint}', 10 + n, 1, ${stream}, 'pending', now(), now() + (n - 300) * interval '10 minutes',
             now() + (n - 299) * interval '10 minutes'
      FROM generate_series(1, 10000) AS n`;
    await sql.query(rows(id, `(SELECT stream FROM webhook_deliveries WHERE endpoint_id = '${id}' LIMIT 1)`));
    // What was delivered is kept for months.
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until, ended_at)
       SELECT $1, 20000 + n, 1, gen_random_uuid(), 'delivered', now(), now(), now(), now()
       FROM generate_series(1, 40000) AS n`,
      [id],
    );
    await sql.query(`UPDATE webhook_deliveries SET attempts = 5, error = 'status', due_at = now() + interval '1 hour'
                     WHERE sequence BETWEEN 10 AND 260`);
    await sql.query('VACUUM ANALYZE webhook_deliveries, webhook_endpoints');
    await sql.query('SET plan_cache_mode = force_generic_plan');
    await sql.query(`PREPARE claim AS ${CLAIM_SQL}`);
    const values = claimParameters(ALL)
      .map((value) => (Array.isArray(value) ? `'{}'` : String(value)))
      .join(', ');
    const nodes = await planNodes(sql, { text: `EXECUTE claim (${values})`, parameters: [] });
    expect(nodes[0]!['Actual Rows']).toBe(6);
    expect(nodes[0]!['Shared Hit Blocks'] + nodes[0]!['Shared Read Blocks']).toBeLessThan(3000);
    const scanned = nodes.filter(
      (node) =>
        node['Node Type'] === 'Seq Scan' &&
        node['Actual Loops'] > 0 &&
        node['Relation Name'] === 'webhook_deliveries',
    );
    expect(scanned).toEqual([]);
    expect(nodes.map((node) => node['Index Name'])).toEqual(
      expect.arrayContaining(['webhook_deliveries_due_idx', 'webhook_deliveries_stream_idx']),
    );
  });

  it('waits for no other claim', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await happen(dataSource, OTHER_LICENSE);
    await sql.query('BEGIN');
    await sql.query('SELECT FROM webhook_deliveries WHERE sequence = 1 FOR UPDATE');
    const late = pause(20_000, 'waits', { ref: false });
    expect(await Promise.race([sequences(), late])).toEqual([2]);
    await sql.query('ROLLBACK');
  });

  describe('of an endpoint for which many are due that are held back', () => {
    const WAITING = 250;
    let head: Claim;

    /** One license has many that are due, behind one that is under way. */
    beforeEach(async () => {
      const id = await insertEndpoint(dataSource);
      await happen(dataSource, LICENSE);
      const taken = await take();
      head = taken[0]!;
      await sql.query(
        `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
         SELECT $1, 1 + n, 1, $2, 'pending', now(), now() - interval '1 day' + n * interval '1 ms', now()
         FROM generate_series(1, $3::integer) AS n`,
        [id, head.stream, WAITING],
      );
      await sql.query('UPDATE webhook_progress SET sequence = 1000');
      await happen(dataSource, OTHER_LICENSE);
    });

    async function takeSoon(): Promise<Claim[]> {
      const taken: Claim[] = [];
      for (let claim = 0; claim < 4; claim += 1) taken.push(...(await take()));
      return taken;
    }
    const passOver = async (): Promise<void> => end({ kind: 'delivered' }, ...(await takeSoon()));
    const due = async (): Promise<number> => {
      const { rows } = await sql.query<{ due: number }>(
        `SELECT count(*)::integer AS due FROM webhook_deliveries WHERE state = 'pending' AND due_at <= clock_timestamp()`,
      );
      return rows[0]!.due;
    };

    it('finds others behind them within a few claims, and looks at a bounded number at a time', async () => {
      expect(await sequences()).toEqual([]);
      expect(await due()).toBe(WAITING + 1);
      expect(await sequences()).toEqual([]);
      expect(await due()).toBe(WAITING - 99);
      expect(await sequences()).toEqual([1001]);
      expect(await due()).toBe(WAITING - 200);
    });

    it('takes the next one as soon as the one before it has ended, and then one by one', async () => {
      await passOver();
      await end({ kind: 'delivered' }, head);
      for (let sequence = 2; sequence < 6; sequence += 1) {
        const taken = await take();
        expect(taken.map((claim) => claim.sequence)).toEqual([sequence]);
        await end({ kind: 'delivered' }, ...taken);
      }
    });

    it('takes the next one ten minutes after one before it has failed, at the latest', async () => {
      await passOver();
      await end(RETRY, head);
      for (let sequence = 2; sequence < 5; sequence += 1) {
        expect(await takeSoon()).toEqual([]);
        await pass('10 minutes');
        const taken = await takeSoon();
        expect(taken.map((claim) => claim.sequence)).toEqual([sequence]);
        await end(RETRY, ...taken);
      }
    });
  });
});
