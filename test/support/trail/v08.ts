import { type KeyObject, randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { emptyDatabase, type TestDatabase } from '../database/database';
import { type Claims, signed } from '../keys/forger';

const SCHEMA = `
  CREATE TYPE licensetype AS ENUM ('PERPETUAL', 'SUBSCRIPTION', 'DEMO');
  CREATE TYPE licensestatus AS ENUM ('ACTIVE', 'EXPIRED', 'REVOKED', 'SUSPENDED');
  CREATE TABLE customers (
    id varchar(50) PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255), company varchar(255),
    phone varchar(50), address text, is_active boolean NOT NULL, notes text,
    created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
  CREATE TABLE licenses (
    id uuid PRIMARY KEY, customer_id varchar(50) NOT NULL REFERENCES customers (id), module_name varchar(100) NOT NULL,
    license_type licensetype NOT NULL, allowed_major_versions varchar(100) NOT NULL, issued_at timestamp NOT NULL,
    expires_at timestamp, status licensestatus NOT NULL, revoked_at timestamp, revoked_reason text,
    instance_fingerprint varchar(100), token text NOT NULL, key_id varchar(50) NOT NULL, notes text,
    created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
  CREATE TABLE audit_logs (
    id serial PRIMARY KEY, license_id uuid, event_type varchar(50) NOT NULL, event_data text, customer_id varchar(50),
    module_name varchar(100), ip_address varchar(45), user_agent text, created_at timestamp NOT NULL);
  CREATE TABLE api_keys (
    id serial PRIMARY KEY, key_hash varchar(255) NOT NULL, name varchar(100) NOT NULL, description text,
    can_issue_licenses boolean, can_revoke_licenses boolean, can_view_customers boolean, is_active boolean,
    last_used_at timestamp, usage_count integer, expires_at timestamp, created_at timestamp, created_by varchar(100))`;

/** Columns of a license of v0.8. */
export type V08LicenseRow = Record<string, unknown> & { id: string };

/** A database as v0.8 left it, with a server of its own being gone. */
export class V08Database {
  private constructor(
    private readonly database: TestDatabase,
    readonly sql: Client,
    private readonly key: KeyObject,
    private readonly kid: string,
  ) {}

  /** @param key that signs the tokens, under `kid` */
  static async create(key: KeyObject, kid: string): Promise<V08Database> {
    const database = await emptyDatabase();
    const sql = new Client({ connectionString: database.superuserUrl });
    await sql.connect();
    await sql.query(SCHEMA);
    await sql.query('GRANT SELECT ON ALL TABLES IN SCHEMA public TO aegis_app');
    return new V08Database(database, sql, key, kid);
  }

  /** Under a role that may read and no more; holds a password. */
  get url(): string {
    return this.database.applicationUrl;
  }

  async addCustomer(id: string, different: Record<string, unknown> = {}): Promise<void> {
    await this.insert('customers', {
      id,
      name: `Customer ${id}`,
      email: `${id}@example.com`,
      is_active: true,
      created_at: '2025-01-01 10:00:00',
      updated_at: '2025-01-01 10:00:00',
      ...different,
    });
  }

  /**
   * A perpetual license of a customer that exists; what is given replaces what is made up.
   * @param claims of its token, besides what the row says
   */
  async addLicense(
    customerId: string,
    different: Record<string, unknown> = {},
    claims: Claims = {},
  ): Promise<V08LicenseRow> {
    const id = randomUUID();
    const row = {
      id,
      customer_id: customerId,
      module_name: 'payroll',
      license_type: 'PERPETUAL',
      allowed_major_versions: '17,18',
      issued_at: '2026-01-31 12:00:00.25',
      status: 'ACTIVE',
      key_id: this.kid,
      created_at: '2026-01-31 12:00:00.25',
      updated_at: '2026-01-31 12:00:00.25',
      token: this.token({ jti: id, customer: { id: customerId, name: `Customer ${customerId}` }, ...claims }),
      ...different,
    };
    await this.insert('licenses', row);
    return row;
  }

  /** As PyJWT writes it: header and claims in its order. */
  token(claims: Claims): string {
    return signed(
      this.key,
      { alg: 'EdDSA', kid: this.kid, typ: 'JWT' },
      {
        jti: randomUUID(),
        iss: 'https://license.biz4a.com',
        iat: Date.UTC(2026, 0, 31, 12) / 1000,
        customer: { id: 'acme', name: 'Acme' },
        module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
        license_type: 'perpetual',
        ...claims,
      },
    );
  }

  async insert(table: string, row: Record<string, unknown>): Promise<void> {
    const columns = Object.keys(row);
    await this.sql.query(
      `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map((_, index) => `$${index + 1}`).join()})`,
      Object.values(row),
    );
  }

  /** Has PostgreSQL write its tables as CSV; it runs as a user of its own, who must get there. */
  /** @param delimiter of the cells */
  async copyTo(folder: string, delimiter = ','): Promise<void> {
    chmodSync(dirname(folder), 0o711);
    chmodSync(folder, 0o777);
    for (const table of ['customers', 'licenses', 'audit_logs', 'api_keys'])
      await this.sql.query(
        `COPY ${table} TO '${join(folder, `${table}.csv`)}' (FORMAT csv, HEADER, DELIMITER E'${delimiter}', ENCODING 'UTF8')`,
      );
  }

  async close(): Promise<void> {
    await this.sql.end();
    await this.database.drop();
  }
}
