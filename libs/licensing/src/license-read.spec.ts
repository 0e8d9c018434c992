import { Customer } from '@aegis/customers';
import { SigningKey } from '@aegis/signing';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { insertLicenseRows, insertRowKey } from '../../../test/support/database/license-rows';
import { License } from './license.entity';
import { licenseOf, READ_LICENSES } from './license-read';

describe('a license that is read by its id', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([License, Customer, SigningKey]);
    const owner = new Client(database.superuserUrl);
    await owner.connect();
    await insertRowKey(owner);
    await owner.query(`
      INSERT INTO customers (id, name, email, company, phone, address, notes, is_active)
      VALUES ('full', 'Ada', 'ada@customer.example', 'Acme', '+1', 'Street 1', 'pays', false), ('bare', 'Bo', null, null, null, null, null, true)`);
    await owner.query(
      `INSERT INTO customers (id, is_active, deleted_at) VALUES ('removed', false, clock_timestamp())`,
    );
    await owner.query(
      insertLicenseRows(`
        SELECT id AS customer_id, CASE WHEN ends IS NULL THEN 'perpetual' ELSE 'subscription' END AS license_type, status,
               clock_timestamp() + ends AS expires_at
        FROM customers, unnest(ARRAY['active', 'suspended', 'revoked']) AS status,
             unnest(ARRAY[NULL, '-1 day', '1 day']::interval[]) AS ends`),
    );
    await owner.query(`
      UPDATE licenses SET notes = 'a note', token = 'a token', instance_fingerprint = 'sha256:' || repeat('0', 64), version = 7,
                          revision = 2, revoked_reason = CASE status WHEN 'revoked' THEN 'not paid' END,
                          suspended_reason = CASE status WHEN 'suspended' THEN 'asked for' END
      WHERE customer_id = 'full'`);
    await owner.query(`
      INSERT INTO license_seats (license_id, counted, mode, required, max, lease_seconds, overage, take_over)
      SELECT id, customer_id = 'full', 'floating', true, 5, 60, 1, false FROM licenses WHERE customer_id IN ('full', 'bare')`);
    await owner.end();
  });
  afterAll(() => database.drop());

  it('has every column of the license and of its customer, which is null after the customer was removed', async () => {
    const expected = await dataSource.manager.find(License, { relations: { customer: true } });
    expect(expected).toHaveLength(27);
    const rows = await READ_LICENSES.run(dataSource, [expected.map(({ id }) => id)]);
    const found = new Map(rows.map((row) => [row.id, licenseOf(row)]));
    for (const license of expected) {
      if (license.customer?.deleted_at) license.customer = null;
      expect(found.get(license.id)).toStrictEqual(license);
      expect(found.get(license.id)!.status).toBe(license.status);
    }
    for (const { customer_id, seats } of expected)
      expect([customer_id, seats?.max]).toEqual([customer_id, customer_id === 'full' ? 5 : undefined]);
    expect(new Set(expected.map(({ status }) => status))).toEqual(
      new Set(['active', 'expired', 'suspended', 'revoked']),
    );
  });
});
