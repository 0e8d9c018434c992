import type { LeafFields } from '@aegis/checkpoints';
import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { Replay } from './replay';
import { tookEffect } from './took-effect';

const AT = '2026-12-01T00:00:00.000Z';
const ORIGIN = 'https://hooks.example.com';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('webhooks that were changed before a restore', () => {
  let database: TestDatabase;
  let owner: DataSource;
  let id: string;

  beforeEach(async () => {
    database = await testDatabase();
    owner = await new DataSource(postgresOptions(database.ownerUrl)).initialize();
    id = await insertEndpoint(owner, { previous_keys: 'former', previous_valid_until: new Date() });
  });
  afterEach(async () => {
    await owner.destroy();
    await database.drop();
  });

  const record = (type: string, data: object = {}): LeafFields =>
    ({
      id: '1',
      event_type: type,
      recorded_at: AT,
      occurred_at: null,
      license_id: null,
      customer_id: null,
      module_name: null,
      event_data: JSON.stringify({ id, origin: ORIGIN, ...data }),
    }) as LeafFields;
  const repeat = (...records: LeafFields[]): Promise<Replay['done']> =>
    owner.transaction(async (tx) => {
      const replay = new Replay(tx);
      for (const one of records) await replay.repeat(one);
      return replay.done;
    });
  const row = async (): Promise<unknown> => {
    const [endpoint] = await owner.query<unknown[]>(
      'SELECT keys, previous_keys, is_active, disabled_reason, disabled_at, deleted_at FROM webhook_endpoints',
    );
    return endpoint;
  };
  const untouched = { keys: 'sealed', is_active: true, disabled_reason: null, deleted_at: null };

  it('are deleted again, with their keys', async () => {
    const done = await repeat(record('webhook.deleted'), record('webhook.deleted'));
    expect(await row()).toMatchObject({ keys: '', previous_keys: null, deleted_at: new Date(AT) });
    expect(await owner.query('SELECT FROM webhook_progress')).toEqual([]);
    expect(done).toMatchObject({
      changes: { 'webhook.deleted': 2 },
      webhooks: [
        { id, origin: ORIGIN, what: 'deleted' },
        { id, origin: ORIGIN, what: 'deleted' },
      ],
    });
  });

  it.each([
    ['webhook.disabled', { reason: 'gone' }, 'gone', ['disabled']],
    ['webhook.disabled', { reason: 'failing' }, 'failing', ['disabled']],
    ['webhook.updated', { fields: ['is_active'], is_active: false }, 'operator', ['disabled']],
    [
      'webhook.updated',
      { fields: ['url', 'is_active'], is_active: false },
      'operator',
      ['disabled', 'updated'],
    ],
  ])('are disabled again: %s %j', async (type, data, reason, named) => {
    const { webhooks } = await repeat(record(type, data));
    expect(await row()).toMatchObject({
      is_active: false,
      disabled_reason: reason,
      disabled_at: new Date(AT),
      deleted_at: null,
    });
    expect(webhooks).toEqual(named.map((what) => ({ id, origin: ORIGIN, what })));
  });

  it.each([
    ['webhook.updated', { fields: ['is_active'], is_active: true }, 'updated'],
    ['webhook.updated', { fields: ['url'] }, 'updated'],
    ['webhook.rotated', { fields: ['keys'], overlap_seconds: 0 }, 'rotated'],
    ['webhook.created', { fields: ['url'] }, 'created'],
  ])('are named, and are as they were: %s %j', async (type, data, what) => {
    const { webhooks, not_replayed } = await repeat(record(type, data));
    expect(await row()).toMatchObject(untouched);
    expect(webhooks).toEqual([{ id, origin: ORIGIN, what }]);
    expect(not_replayed).toEqual([]);
  });

  it('stay disabled, although they were enabled later at a URL that the records do not have', async () => {
    await repeat(
      record('webhook.disabled', { reason: 'gone' }),
      record('webhook.updated', { fields: ['url', 'is_active'], is_active: true }),
    );
    expect(await row()).toMatchObject({ is_active: false, disabled_reason: 'gone' });
  });

  it.each([
    ['webhook.deleted', { id: 'none' }],
    ['webhook.disabled', { id: 7 }],
    ['webhook.disabled', { reason: 'fraud' }],
    ['webhook.rotated', { origin: null }],
  ])('are named as not replayed where a record cannot be repeated: %s %j', async (type, data) => {
    const { not_replayed, webhooks } = await repeat(record(type, data));
    expect(not_replayed).toMatchObject([{ type }]);
    expect(webhooks).toEqual([]);
    expect(await row()).toMatchObject(untouched);
  });

  it('are said to be deleted or disabled only where they are', async () => {
    const effect = (fields: LeafFields): Promise<boolean> => tookEffect(owner.manager, fields);
    for (const type of ['webhook.deleted', 'webhook.disabled']) {
      expect(await effect(record(type, { reason: 'gone' }))).toBe(false);
      await repeat(record(type, { id: UNKNOWN, reason: 'gone' }));
      expect(await effect(record(type, { id: UNKNOWN }))).toBe(false);
    }
    await repeat(record('webhook.disabled', { reason: 'gone' }));
    expect(await effect(record('webhook.disabled'))).toBe(true);
    expect(await effect(record('webhook.updated'))).toBe(true);
    expect(await effect(record('webhook.deleted'))).toBe(false);
    await repeat(record('webhook.deleted'));
    expect(await effect(record('webhook.deleted'))).toBe(true);
  });
});
