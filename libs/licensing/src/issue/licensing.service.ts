import { completeSeats, type GivenSeats } from '@aegis/activations';
import { type Actor, AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { type Customer, CustomerInactive, CustomersService } from '@aegis/customers';
import {
  assertNotOutdated,
  MicroBatch,
  OUTDATED,
  PreparedStatement,
  RestoreNotReconciled,
  transaction,
} from '@aegis/database';
import { brokenTexts, LICENSE_TEXTS } from '@aegis/field-rules';
import { type Entitlements, inStoredOrder, type LicenseType } from '@aegis/license-token';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { InvalidInput } from '@aegis/errors';
import type { SigningKeyState } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { endOfTerm, graceOfTerm } from './license-term';
import { LicenseLock } from '../license-lock';
import { LicenseWriter, type WriteOptions } from './license-writer';
import { License } from '../license.entity';
import { licenseOf, READ_LICENSES } from '../license-read';
import { type LicenseStatus, statusSql, type StoredStatus } from '../state/license-status';
import { isUsable, type NewestToken } from '../state/license-usability';
import { LicenseNotFound } from '../licensing.errors';
import { type FreshToken, type GrantedFacts, TokenIssuer } from './token-issuer';

/** What a vendor's service asks for. */
export interface IssueLicense {
  customer_id: string;
  /** 1–100 of A–Z a–z 0–9 _ . - */
  module_name: string;
  /** 1–50 different numbers of 1–10 digits. */
  allowed_major_versions: string[];
  license_type: LicenseType;
  /** 1–36500; for a demo license DEFAULT_DEMO_DURATION_DAYS unless given, for a perpetual one absent. */
  duration_days?: number;
  /** `sha256:<64 hex>`: binds the license to one installation. */
  instance_fingerprint?: string | null;
  /** 0–365 days after the end in which it is still valid; for a perpetual license 0 or absent. */
  grace_days?: number;
  /** What it allows beyond running, by code. */
  entitlements?: Entitlements;
  /** How many installations may use it at a time; null or absent: not counted. */
  seats?: GivenSeats | null;
  notes?: string | null;
}

/** The state of a license at a moment. */
export interface LicenseStatusNow {
  license_id: string;
  status: LicenseStatus;
  /** Whether its newest token validates where it belongs. */
  usable: boolean;
  expires_at: Date | null;
  checked_at: Date;
}

/** A row of the look-up of a status. */
interface StatusRow extends Omit<LicenseStatusNow, 'usable'> {
  not_reconciled: boolean;
  token: string | null;
  stored_status: StoredStatus;
  key_state: SigningKeyState;
  compromised_after: Date | null;
  recorded_at: Date;
  superseded: boolean;
  customer_active: boolean;
}

// Prepared: to plan four tables costs more than to read one row of each.
const READ_STATUSES = new PreparedStatement<StatusRow>(
  'license-statuses',
  `SELECT l.id AS license_id, l.expires_at, date_trunc('milliseconds', clock.now) AS checked_at,
          ${statusSql('l', 'clock.now')} AS status, l.status AS stored_status, l.token,
          k.state AS key_state, k.compromised_after, t.recorded_at, t.superseded_at IS NOT NULL AS superseded,
          c.is_active AS customer_active, ${OUTDATED} AS not_reconciled
   FROM licenses l
   JOIN customers c ON c.id = l.customer_id
   LEFT JOIN license_tokens t ON t.license_id = l.id AND t.revision = l.revision
   LEFT JOIN signing_keys k ON k.kid = t.key_id,
        (SELECT clock_timestamp() AS now) AS clock
   WHERE l.id = ANY($1::uuid[])`,
);

@Injectable()
export class LicensingService {
  private readonly acceptedIssuers: readonly string[];
  private readonly reads = new MicroBatch<string, License | undefined>((ids) => this.readLicenses(ids), {
    name: 'licenses',
    maxSize: 100,
    maxConcurrent: 2,
  });
  private readonly statusReads = new MicroBatch<string, StatusRow | undefined>(
    (ids) => this.readStatuses(ids),
    { name: 'statuses', maxSize: 500, maxConcurrent: 2 },
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly customers: CustomersService,
    private readonly licenses: LicenseLock,
    private readonly tokens: TokenIssuer,
    private readonly writer: LicenseWriter,
    private readonly environment: Environment,
  ) {
    this.acceptedIssuers = [environment.LICENSE_ISSUER, ...(environment.ACCEPTED_ISSUERS ?? [])];
  }

  /**
   * Issues a license. Its token leaves only when row, hash and audit record are durable.
   * @param options how it is written (`LicenseWriter.write`)
   * @throws CustomerNotFound, CustomerInactive, InvalidTerm, InvalidSeats, TokenTooLarge, SignerUnavailable
   */
  async issue(actor: Actor, input: IssueLicense, options: WriteOptions = {}): Promise<License> {
    const [customer, moment] = await Promise.all([
      this.customers.find(input.customer_id),
      this.tokens.moment(),
    ]);
    if (!customer.is_active) throw new CustomerInactive(customer.id);
    const expiresAt = endOfTerm(
      input.license_type,
      input.duration_days,
      this.environment.DEFAULT_DEMO_DURATION_DAYS,
      moment.now,
    );
    const facts = {
      licenseId: randomUUID(),
      customer,
      moduleName: input.module_name,
      allowedMajorVersions: input.allowed_major_versions,
      licenseType: input.license_type,
      expiresAt,
      graceDays: graceOfTerm(expiresAt, input.grace_days),
      instanceFingerprint: input.instance_fingerprint ?? null,
      entitlements: inStoredOrder(input.entitlements ?? {}),
      seats: input.seats ? completeSeats(input.seats, 'seats.') : null,
      revision: 1,
    };
    return this.tokens.withActiveKey(async () => {
      const fresh = await this.tokens.sign(facts, moment);
      const license = newLicense(input, customer, fresh, moment.now, facts);
      return this.writer.write({ actor, fresh, license }, options);
    });
  }

  /** @throws LicenseNotFound */
  async find(id: string): Promise<License> {
    const license = await this.reads.add(id);
    if (!license) throw new LicenseNotFound(id);
    return license;
  }

  /**
   * What anyone who knows the id may know, by the database's clock.
   * @throws LicenseNotFound, RestoreNotReconciled
   */
  async status(id: string): Promise<LicenseStatusNow> {
    const row = await this.statusReads.add(id);
    if (row?.not_reconciled === true) throw new RestoreNotReconciled();
    if (!row) {
      // It may have been issued after the moment that was restored.
      await assertNotOutdated(this.dataSource);
      throw new LicenseNotFound(id);
    }
    const { license_id, status, expires_at, checked_at } = row;
    return {
      license_id,
      status,
      usable: status === 'active' && isUsable(newestToken(row), this.acceptedIssuers, checked_at),
      expires_at,
      checked_at,
    };
  }

  private async readLicenses(ids: readonly string[]): Promise<(License | undefined)[]> {
    const rows = await READ_LICENSES.run(this.dataSource, [ids]);
    // Each asker gets a separate license, also where several ask for the same.
    return inOrder(ids, rows, ({ id }) => id).map((row) => row && licenseOf(row));
  }

  private async readStatuses(ids: readonly string[]): Promise<(StatusRow | undefined)[]> {
    const rows = await READ_STATUSES.run(this.dataSource, [ids]);
    return inOrder(ids, rows, ({ license_id }) => license_id);
  }

  /**
   * Changes the vendor's notes; all else of a license takes a new token.
   * @param notes ≤ 2,000 characters; null empties them
   * @param precondition on the license before the change
   * @throws LicenseNotFound; InvalidInput for new notes that break their rule
   */
  async annotate(
    actor: Actor,
    id: string,
    notes: string | null,
    precondition: Precondition<License> = NO_PRECONDITION,
  ): Promise<License> {
    return transaction(this.dataSource, async (tx) => {
      const license = await this.licenses.take(tx, id);
      precondition(license);
      // Read again: the seats may be as they were before the lock.
      if (license.notes === notes) return tx.findOneByOrFail(License, { id: license.id });
      const broken = brokenTexts(LICENSE_TEXTS, { notes }, license);
      if (broken.length > 0) throw new InvalidInput(broken);
      const changed = await this.licenses.update(tx, license, { notes });
      await this.audit.append(tx, {
        type: 'license.updated',
        actor,
        licenseId: id,
        customerId: license.customer_id,
        moduleName: license.module_name,
        data: { fields: ['notes'] },
      });
      return changed;
    });
  }
}

/**
 * The row of each id, or undefined.
 * @param ids in upper or lower case; PostgreSQL writes a UUID in lower case
 */
function inOrder<Row>(
  ids: readonly string[],
  rows: readonly Row[],
  idOf: (row: Row) => string,
): (Row | undefined)[] {
  const byId = new Map(rows.map((row) => [idOf(row), row]));
  return ids.map((id) => byId.get(id.toLowerCase()));
}

function newestToken(row: StatusRow): NewestToken {
  return {
    token: row.token,
    key:
      row.key_state === 'compromised'
        ? { compromised: true, after: row.compromised_after }
        : { compromised: false },
    recorded_at: row.recorded_at,
    superseded: row.superseded,
    newer_token_exists: false,
    license_status: row.stored_status,
    customer_active: row.customer_active,
  };
}

/** The row of a license that was just signed. */
function newLicense(
  input: IssueLicense,
  customer: Customer,
  fresh: FreshToken,
  issuedAt: Date,
  { expiresAt, graceDays, entitlements, seats }: GrantedFacts & Pick<License, 'seats'>,
): License {
  return Object.assign(new License(), {
    id: fresh.licenseId,
    customer_id: customer.id,
    customer_version: customer.version,
    module_name: input.module_name,
    license_type: input.license_type,
    allowed_major_versions: input.allowed_major_versions,
    issued_at: issuedAt,
    expires_at: expiresAt,
    grace_days: graceDays,
    stored_status: 'active',
    status_when_read: 'active',
    revoked_at: null,
    revoked_reason: null,
    suspended_at: null,
    suspended_reason: null,
    instance_fingerprint: input.instance_fingerprint ?? null,
    entitlements,
    seats,
    token: fresh.token,
    key_id: fresh.keyId,
    revision: fresh.revision,
    notes: input.notes ?? null,
    version: 1,
    created_at: issuedAt,
    updated_at: issuedAt,
  } satisfies Partial<License>);
}
