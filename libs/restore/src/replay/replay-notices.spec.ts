import type { LeafFields } from '@aegis/checkpoints';
import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { insertLicenseRows, insertRowKey } from '../../../../test/support/database/license-rows';
import { Replay } from './replay';

const END = '2026-12-31T00:00:00.000Z';

describe('notices that were given before a restore', () => {
  let database: TestDatabase;
  let owner: DataSource;
  let id: string;

  beforeEach(async () => {
    database = await testDatabase();
    owner = await new DataSource(postgresOptions(database.ownerUrl)).initialize();
    await insertRowKey({
      query: (text: string, values?: unknown[]) => owner.query(text, values),
    } as never);
    await owner.query(`INSERT INTO customers (id, name) VALUES ('acme', 'x')`);
    const [row] = await owner.query<{ id: string }[]>(
      `${insertLicenseRows(`SELECT 'acme' AS customer_id, 'demo' AS license_type, 'suspended' AS status, '${END}'::timestamptz AS expires_at`)} RETURNING id`,
    );
    id = row!.id;
  });
  afterEach(async () => {
    await owner.destroy();
    await database.drop();
  });

  const record = (type: string, data: object = {}, licenseId = id): LeafFields =>
    ({
      id: '1',
      event_type: type,
      recorded_at: '2026-12-01T00:00:00.000Z',
      occurred_at: null,
      license_id: licenseId,
      customer_id: 'acme',
      module_name: 'payroll',
      event_data: JSON.stringify(data),
    }) as LeafFields;
  const repeat = (...records: LeafFields[]): Promise<Replay> =>
    owner.transaction(async (tx) => {
      const replay = new Replay(tx);
      for (const one of records) await replay.repeat(one);
      return replay;
    });
  const noted = (): Promise<unknown[]> =>
    owner.query('SELECT expires_at, given, silent_until FROM expiry_notices');

  it.each([
    ['license.expiring', { days: 14 }, 14],
    ['license.in_grace', {}, 0],
    ['license.expired', {}, -1],
  ])('are noted as given: %s', async (type, data, given) => {
    const { done } = await repeat(
      record('license.expiring', { expires_at: '2026-06-01T00:00:00.000Z', days: 30 }),
      record(type, { expires_at: END, ...data }),
    );
    expect(done.not_replayed).toEqual([]);
    expect(await noted()).toEqual([{ expires_at: new Date(END), given, silent_until: null }]);
  });

  it('are named where their license is not there, and where they do not say which they are', async () => {
    const { done } = await repeat(
      record('license.expired', { expires_at: END }, '00000000-0000-4000-8000-000000000000'),
      record('license.expiring', { expires_at: END }),
      record('license.expiring', { expires_at: END, days: 366 }),
    );
    expect(done.not_replayed).toHaveLength(3);
    expect(await noted()).toEqual([]);
  });

  it('of a license that was reinstated are silent up to that time, not up to the restore', async () => {
    await repeat(record('license.reinstated', { reason: 'paid' }));
    expect(await noted()).toEqual([
      { expires_at: null, given: null, silent_until: new Date('2026-12-01T00:00:00.000Z') },
    ]);
  });
});
