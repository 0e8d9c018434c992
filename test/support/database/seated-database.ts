import { AuditLog, type Actor } from '@aegis/audit';
import type { Verdict } from '@aegis/license-token';
import { ActivationPlaces } from '@aegis/status-lists';
import { createHash, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from './database';
import { insertLicenseRows, insertRowKey } from './license-rows';
import type {
  JudgeTokens,
  SeatApplication,
} from '../../../libs/activations/src/admission/admission-outcomes';
import { Admissions } from '../../../libs/activations/src/admission/admissions';
import type { SeatAct } from '../../../libs/activations/src/admission/seat-applicant';

const ANYONE: Actor = {
  name: 'anonymous',
  apiKeyId: null,
  ipAddress: null,
  userAgent: null,
  requestId: null,
};

/** Columns of a seat row; a floating license of 5 seats unless given. */
export type SeatColumns = Readonly<Record<string, string | number | boolean | null>>;

/** An activation as tests look at it. */
export interface SeenActivation {
  id: string;
  over: boolean;
  fence: string;
  admitted_at: Date;
  last_seen_at: Date;
  lease_ends_at: Date | null;
  token_expires_at: Date | null;
  ended_at: Date | null;
  ended_by: string | null;
}

/** A database with licenses that have seats, and the services of several servers on it. */
export class SeatedDatabase {
  private constructor(
    readonly database: TestDatabase,
    /** As superuser: what a test looks at and changes. */
    readonly sql: Client,
  ) {}

  static async start(): Promise<SeatedDatabase> {
    const database = await testDatabase();
    const sql = await connected(database.superuserUrl);
    await insertRowKey(sql);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('acme', 'Acme Corporation')`);
    return new SeatedDatabase(database, sql);
  }

  /** The admissions of one server. @param judge every token is valid unless given */
  async admissions(judge: JudgeTokens<unknown> = allValid): Promise<{
    admissions: Admissions<unknown>;
    dataSource: DataSource;
  }> {
    const dataSource = await this.database.dataSource([]);
    return {
      admissions: new Admissions(dataSource, {
        audit: new AuditLog(),
        judge,
        places: new ActivationPlaces(),
      }),
      dataSource,
    };
  }

  /** Another such connection; ended by the caller. */
  connect(): Promise<Client> {
    return connected(this.database.superuserUrl);
  }

  /** Puts a license with seats on record. @returns its id */
  async license(seats: SeatColumns = {}): Promise<string> {
    const { rows } = await this.sql.query<{ id: string }>(
      `${insertLicenseRows(`SELECT 'acme' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at`)} RETURNING id`,
    );
    const id = rows[0]?.id ?? '';
    const isFixed = seats.mode === 'fixed';
    const columns = {
      mode: 'floating',
      required: true,
      max: 5,
      lease_seconds: isFixed ? null : 600,
      offline_days: isFixed ? 30 : null,
      overage: 0,
      take_over: false,
      moves_per_30_days: null,
      ...seats,
      license_id: id,
    };
    const names = Object.keys(columns);
    await this.sql.query(
      `INSERT INTO license_seats (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(columns),
    );
    return id;
  }

  /** Activations of a license, in the order of their admission. */
  async activations(licenseId: string): Promise<SeenActivation[]> {
    const { rows } = await this.sql.query<SeenActivation>(
      `SELECT id, over, fence, admitted_at, last_seen_at, lease_ends_at, token_expires_at, ended_at, ended_by
       FROM activations WHERE license_id = $1 ORDER BY fence`,
      [licenseId],
    );
    return rows;
  }

  /** The types of a license's records, with what they say of why. */
  async records(licenseId: string): Promise<string[]> {
    const { rows } = await this.sql.query<{ said: string }>(
      `SELECT event_type || coalesce(' ' || (event_data ->> 'ended_by'), ' ' || (event_data ->> 'code'), '') AS said
       FROM audit_logs WHERE license_id = $1 ORDER BY id`,
      [licenseId],
    );
    return rows.map(({ said }) => said);
  }

  /** Column `name` of a license's seat row. */
  async seats(licenseId: string, name: string): Promise<unknown> {
    const { rows } = await this.sql.query<Record<string, unknown>>(
      `SELECT ${name} FROM license_seats WHERE license_id = $1`,
      [licenseId],
    );
    return rows[0]?.[name];
  }

  /** Lets the leases of some activations, or all of a license, be over in so many milliseconds, as if they were given so long ago. */
  async shortenLeases(licenseId: string, milliseconds: number, ids?: readonly string[]): Promise<void> {
    await this.sql.query(
      `WITH shortened AS (
         UPDATE activations SET lease_ends_at = clock_timestamp() + $2 * interval '1 millisecond'
         WHERE license_id = $1 AND ended_at IS NULL AND ($3::uuid[] IS NULL OR id = ANY($3))
         RETURNING lease_ends_at)
       UPDATE license_seats SET no_lapse_before = least(no_lapse_before, (SELECT min(lease_ends_at) FROM shortened))
       WHERE license_id = $1`,
      [licenseId, milliseconds, ids ?? null],
    );
  }

  async close(): Promise<void> {
    await this.sql.end();
    await this.database.drop();
  }
}

/** A request of a fingerprint for a seat. */
export function application(
  licenseId: string,
  fingerprint: string,
  changes: Partial<SeatApplication<unknown>> = {},
): SeatApplication<unknown> {
  return {
    ...act(licenseId),
    fp: createHash('sha256').update(`${licenseId}:${fingerprint}`).digest(),
    name: null,
    takeOver: null,
    presented: undefined,
    ...changes,
  };
}

/** Somebody who does something to a license. */
export function act(licenseId: string): SeatAct {
  return { actor: ANYONE, subject: { licenseId, customerId: 'acme', moduleName: 'payroll' } };
}

/** Fingerprints that nobody else has. */
export function fingerprints(count: number): string[] {
  const run = randomUUID();
  return Array.from({ length: count }, (_, index) => `${run}-${index}`);
}

/** How many held a seat at the same time, by what is on record. */
export function mostAtATime(activations: readonly SeenActivation[]): number {
  const moments = activations.flatMap(({ admitted_at, ended_at, lease_ends_at }) => [
    { at: admitted_at.getTime(), change: 1 },
    { at: (ended_at ?? lease_ends_at)?.getTime() ?? Infinity, change: -1 },
  ]);
  // The end of a lease is the first moment at which it is over.
  moments.sort((a, b) => a.at - b.at || a.change - b.change);
  let held = 0;
  return moments.reduce((most, { change }) => Math.max(most, (held += change)), 0);
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

const allValid: JudgeTokens<unknown> = (_tx, presented) =>
  Promise.resolve(presented.map(() => ({ verdict: VALID, licenseToken: null })));

export const VALID: Verdict = {
  valid: true,
  code: 'VALID',
  error: null,
  warnings: [],
  license_id: null,
  license_type: null,
  customer_name: null,
  expires_at: null,
  entitlements: {},
  activation: null,
  checked_at: new Date(0),
};
