import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { superuserOf, untilBlocked } from '../../../../test/support/database/sql';
import { happen, insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { type Claim, DeliveryClaims } from './claims';
import { type AttemptOutcome, DeliveryOutcomes, type DeliveryStep } from './outcomes';
import { AttemptPlaces } from './places';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';

interface Row {
  state: string;
  failed_reason: string | null;
  attempts: number;
  due_in: number;
  ended_at: Date | null;
  status: number | null;
  error: string | null;
  latency_ms: number | null;
  answer: string | null;
}

describe('the outcome of an attempt', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;
  let claims: DeliveryClaims;
  let outcomes: DeliveryOutcomes;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
    claims = new DeliveryClaims(dataSource);
    outcomes = new DeliveryOutcomes(dataSource);
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  async function claimed(): Promise<Claim> {
    const [claim] = await claims.take(new AttemptPlaces().free());
    return claim!;
  }
  const outcome = (
    claim: AttemptOutcome['claim'],
    step: DeliveryStep,
    more: Partial<AttemptOutcome> = {},
  ): AttemptOutcome => ({
    claim,
    step,
    status: step.kind === 'delivered' ? 204 : 503,
    error: step.kind === 'delivered' ? null : 'status',
    latencyMs: 12,
    answer: step.kind === 'delivered' ? null : 'busy',
    ...more,
  });
  async function row(sequence: number): Promise<Row> {
    const { rows } = await sql.query<Row>(
      `SELECT *, extract(epoch FROM due_at - clock_timestamp())::float8 AS due_in
       FROM webhook_deliveries WHERE sequence = $1`,
      [sequence],
    );
    return rows[0]!;
  }
  async function progress(): Promise<{ last_success_at: Date | null; failing_since: Date | null }> {
    const { rows } = await sql.query<{ last_success_at: Date | null; failing_since: Date | null }>(
      'SELECT last_success_at, failing_since FROM webhook_progress',
    );
    return rows[0]!;
  }

  it('is written, with what is due next', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 2);
    await outcomes.record([outcome(await claimed(), { kind: 'failed', pauseMs: 120_000 })]);
    const failed = await row(1);
    expect(failed).toMatchObject({
      state: 'pending',
      attempts: 1,
      ended_at: null,
      status: 503,
      error: 'status',
      latency_ms: 12,
      answer: 'busy',
    });
    expect(failed.due_in).toBeGreaterThan(60);
    expect(failed.due_in).toBeLessThanOrEqual(120);
    await sql.query('UPDATE webhook_deliveries SET due_at = now() WHERE sequence = 1');
    await outcomes.record([outcome(await claimed(), { kind: 'delivered' })]);
    const delivered = await row(1);
    expect(delivered).toMatchObject({
      state: 'delivered',
      attempts: 2,
      status: 204,
      error: null,
      answer: null,
    });
    expect(delivered.ended_at).not.toBeNull();
    expect((await row(2)).due_in).toBeLessThanOrEqual(0);
    await outcomes.record([outcome(await claimed(), { kind: 'given_up', reason: 'gone' })]);
    expect(await row(2)).toMatchObject({ state: 'failed', failed_reason: 'gone', attempts: 1 });
  });

  it('for which the receiver is no cause does not count', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await outcomes.record([
      outcome(await claimed(), { kind: 'put_off', pauseMs: 30_000 }, { status: null, error: 'stopped' }),
    ]);
    const put = await row(1);
    expect(put).toMatchObject({ state: 'pending', attempts: 0, error: 'stopped' });
    expect(put.due_in).toBeGreaterThan(10);
    expect((await progress()).failing_since).toBeNull();
  });

  it('counts only for its own claim', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    const first = await claimed();
    await sql.query('UPDATE webhook_deliveries SET due_at = now()');
    const second = await claimed();
    for (const step of [
      { kind: 'delivered' },
      { kind: 'failed', pauseMs: 9 },
      { kind: 'given_up', reason: 'gone' },
    ] as const)
      await outcomes.record([
        outcome(first, step),
        outcome({ ...second, attemptedAt: first.attemptedAt }, step),
      ]);
    expect(await row(1)).toMatchObject({ state: 'pending', attempts: 2, error: null });
    await outcomes.record([outcome(second, { kind: 'delivered' })]);
    const delivered = await row(1);
    await outcomes.record([outcome(second, { kind: 'failed', pauseMs: 9 })]);
    expect({ ...(await row(1)), due_in: 0 }).toEqual({ ...delivered, due_in: 0 });
  });

  it('is that it was delivered, though its endpoint was disabled meanwhile', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    const claim = await claimed();
    await sql.query(
      `UPDATE webhook_deliveries SET state = 'failed', failed_reason = 'endpoint_disabled', ended_at = now()`,
    );
    await outcomes.record([outcome(claim, { kind: 'failed', pauseMs: 9 })]);
    expect(await row(1)).toMatchObject({ state: 'failed', failed_reason: 'endpoint_disabled' });
    await outcomes.record([outcome(claim, { kind: 'delivered' })]);
    expect(await row(1)).toMatchObject({ state: 'delivered', failed_reason: null });
  });

  it('says since when nothing succeeds', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    const due = (): Promise<unknown> => sql.query('UPDATE webhook_deliveries SET due_at = now()');
    expect(await progress()).toEqual({ last_success_at: null, failing_since: null });
    await outcomes.record([outcome(await claimed(), { kind: 'failed', pauseMs: 0 })]);
    const { failing_since: since } = await progress();
    expect(since).not.toBeNull();
    await due();
    await outcomes.record([outcome(await claimed(), { kind: 'failed', pauseMs: 0 })]);
    expect((await progress()).failing_since).toEqual(since);
    await due();
    await outcomes.record([outcome(await claimed(), { kind: 'delivered' })]);
    const { last_success_at, failing_since } = await progress();
    expect(last_success_at).not.toBeNull();
    expect(failing_since).toBeNull();
  });

  it('is written together with others, each as its own', async () => {
    await insertEndpoint(dataSource);
    await insertEndpoint(dataSource);
    for (let license = 0; license < 5; license += 1) await happen(dataSource, randomUUID());
    const taken = await claims.take(new AttemptPlaces().free());
    expect(taken).toHaveLength(10);
    await outcomes.record(
      taken.map((claim) =>
        outcome(
          claim,
          claim.sequence % 2 === 0 ? { kind: 'delivered' } : { kind: 'failed', pauseMs: 60_000 },
        ),
      ),
    );
    const { rows } = await sql.query<{ state: string; count: number }>(
      'SELECT state, count(*)::int AS count FROM webhook_deliveries GROUP BY state ORDER BY state',
    );
    expect(rows).toEqual([
      { state: 'delivered', count: 4 },
      { state: 'pending', count: 6 },
    ]);
  });

  it('leaves no later one waiting that comes at the same moment', async () => {
    const id = await insertEndpoint(dataSource);
    const other = await database.dataSource([]);
    await happen(dataSource, LICENSE);
    for (let round = 0; round < 60; round += 1) {
      const claim = await claimed();
      await Promise.all([happen(other, LICENSE), outcomes.record([outcome(claim, { kind: 'delivered' })])]);
      const next = await row(round + 2);
      expect(next.due_in).toBeLessThanOrEqual(0);
    }
    expect(await claims.take(new AttemptPlaces().free())).toMatchObject([{ endpointId: id, sequence: 61 }]);
  });

  it('waits for events that get their places, and then sees them', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    const claim = await claimed();
    // As events_append, which holds the progress until its commit.
    await sql.query('BEGIN');
    await sql.query('SELECT FROM webhook_progress FOR NO KEY UPDATE');
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
       SELECT endpoint_id, 2, 1, stream, state, now(), holds_until, holds_until FROM webhook_deliveries`,
    );
    const recorded = outcomes.record([outcome(claim, { kind: 'delivered' })]);
    const watch = await superuserOf({ database });
    await untilBlocked(watch);
    await watch.end();
    await sql.query('COMMIT');
    await recorded;
    expect((await row(2)).due_in).toBeLessThanOrEqual(0);
  });
});
