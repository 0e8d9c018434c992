import { SeatTermsStore } from '@aegis/activations';
import { type Actor, AuditLog } from '@aegis/audit';
import { type CreateCustomer, CustomersService } from '@aegis/customers';
import { lockByIdSql } from '@aegis/database';
import { notRevokedSql, type StoredStatus } from '@aegis/licensing';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { adoptedPlaces, placeOf, type TokenPlaces } from './adopted-places';
import { ImportedCounts, type ImportSource } from './import-counts';
import { auditEntry, fromSeconds, IMPORTED_AS_REVOKED, importedTokenData, licenseRow } from './imported-rows';
import { LineRefused } from './license-import-refusal';
import { type LineOutcome, outcomeOf, type ProvenLine, readOnRecord } from './line-outcome';

/** Writes lines of an import. Never weakens what is on record: nothing is un-revoked, un-suspended or prolonged. */
@Injectable()
export class LicenseImportWriter {
  constructor(
    private readonly customers: CustomersService,
    private readonly audit: AuditLog,
    private readonly seats: SeatTermsStore,
    private readonly counts: ImportedCounts,
  ) {}

  /**
   * Writes licenses, their tokens' hashes, missing customers and the audit records.
   * @param tx no other import writes while it runs
   * @param source whose counts what is changed is added to
   * @param lines of different licenses
   * @returns the result of each, in the same order
   */
  async write(
    tx: EntityManager,
    actor: Actor,
    source: ImportSource,
    lines: readonly ProvenLine[],
  ): Promise<LineOutcome[]> {
    const records = await readOnRecord(tx, lines);
    const outcomes = lines.map((line, index) => outcomeOf(line, records[index]));
    const linesThatAre = (outcome: LineOutcome): ProvenLine[] =>
      lines.filter((_, index) => outcomes[index] === outcome);

    const customers = await this.takeInCustomers(tx, actor, linesThatAre('imported'));
    lines.forEach(({ claims }, index) => {
      if (outcomes[index] === 'imported' && customers.deleted.has(claims.customer.id))
        outcomes[index] = new LineRefused(
          'customer_deleted',
          'The customer was deleted here: its id is never reused.',
        );
    });
    const places = await adoptedPlaces(tx, linesThatAre('imported'));
    lines.forEach((line, index) => {
      if (places.get(line) !== 'taken') return;
      outcomes[index] = new LineRefused(
        'conflict',
        'The place in a status list that the token names is that of another token.',
      );
    });
    await this.insert(tx, actor, linesThatAre('imported'), places);
    const completed = await takeInTexts(tx, linesThatAre('unchanged'));
    lines.forEach(({ claims }, index) => {
      if (outcomes[index] === 'unchanged' && completed.has(claims.jti)) outcomes[index] = 'completed';
    });

    const revoked = await this.revoke(tx, actor, linesThatAre('revoked'));
    await this.counts.add(tx, source, {
      licenses_imported: linesThatAre('imported').length,
      licenses_revoked: revoked.size,
      licenses_completed: completed.size,
      customers_created: customers.created.size,
    });
    return outcomes.map((outcome, index) => {
      const id = lines[index]?.claims.jti;
      // Someone else was faster.
      return outcome === 'revoked' && id !== undefined && !revoked.has(id) ? 'unchanged' : outcome;
    });
  }

  private async takeInCustomers(
    tx: EntityManager,
    actor: Actor,
    lines: readonly ProvenLine[],
  ): ReturnType<CustomersService['shareOrCreate']> {
    const wanted = new Map<string, CreateCustomer>();
    for (const { claims, customer } of lines)
      if (!wanted.has(claims.customer.id)) wanted.set(claims.customer.id, customer);
    return wanted.size === 0
      ? { created: new Set(), deleted: new Set() }
      : this.customers.shareOrCreate(tx, actor, [...wanted.values()]);
  }

  private async insert(
    tx: EntityManager,
    actor: Actor,
    lines: readonly ProvenLine[],
    places: TokenPlaces,
  ): Promise<void> {
    if (lines.length === 0) return;
    await tx.query(
      `INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at,
                             status, revoked_at, revoked_reason, suspended_at, suspended_reason,
                             grace_days, instance_fingerprint, entitlements, token, key_id, revision, notes)
       SELECT id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at, status,
              CASE status WHEN 'revoked' THEN coalesce(revoked_at, clock_timestamp()) END, revoked_reason,
              CASE status WHEN 'suspended' THEN clock_timestamp() END, suspended_reason,
              grace_days, instance_fingerprint, entitlements, token, key_id, revision, notes
       FROM jsonb_populate_recordset(NULL::licenses, $1::jsonb)`,
      [JSON.stringify(lines.map(licenseRow))],
    );
    const seated = lines.flatMap(({ claims: { jti: id }, seats }) => (seats === null ? [] : { id, seats }));
    if (seated.length > 0) await this.seats.add(tx, seated);
    await tx.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
       SELECT * FROM unnest($1::bytea[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::integer[])`,
      [
        lines.map(({ sha256 }) => sha256),
        lines.map(({ claims }) => claims.jti),
        lines.map(({ keyId }) => keyId),
        lines.map(({ revision }) => revision),
        lines.map((line) => placeOf(line, places)?.list ?? null),
        lines.map((line) => placeOf(line, places)?.index ?? null),
      ],
    );
    await this.audit.append(
      tx,
      ...lines.map((line) => ({
        ...auditEntry(line, actor, 'license.imported'),
        data: { ...importedTokenData(line, placeOf(line, places)), status: line.status },
        occurredAt: fromSeconds(line.claims.iat),
      })),
    );
  }

  /** @returns ids of the licenses that are revoked by it */
  private async revoke(
    tx: EntityManager,
    actor: Actor,
    lines: readonly ProvenLine[],
  ): Promise<ReadonlySet<string>> {
    if (lines.length === 0) return new Set();
    // Read before they change: the audit record says what they were. Locked in the order of ids, as removals do.
    const before: { id: string; status: StoredStatus }[] = await tx.query(
      lockByIdSql({
        columns: 'id, status',
        table: 'licenses',
        where: notRevokedSql('licenses'),
        strength: 'UPDATE',
      }),
      [lines.map(({ claims }) => claims.jti)],
    );
    const from = new Map(before.map(({ id, status }) => [id, status]));
    const due = lines.filter(({ claims }) => from.has(claims.jti));
    if (due.length === 0) return new Set();
    await tx.query(
      `UPDATE licenses SET status = 'revoked', revoked_at = coalesce(given.revoked_at, clock_timestamp()),
                           revoked_reason = given.revoked_reason, version = version + 1,
                           updated_at = clock_timestamp()
       FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS given (id, revoked_at, revoked_reason)
       WHERE licenses.id = given.id`,
      [
        due.map(({ claims }) => claims.jti),
        due.map(({ revokedAt }) => revokedAt),
        due.map(({ revokedReason }) => revokedReason ?? IMPORTED_AS_REVOKED),
      ],
    );
    await this.audit.append(
      tx,
      ...due.map((line) => ({
        ...auditEntry(line, actor, 'license.revoked'),
        data: { from: from.get(line.claims.jti), by: 'import' },
        occurredAt: line.revokedAt ?? undefined,
      })),
    );
    return new Set(from.keys());
  }
}

/**
 * A license that was built again from the audit trail has no text of its token: the token itself is the text.
 * @returns ids of the licenses that had none and have it now
 */
async function takeInTexts(tx: EntityManager, lines: readonly ProvenLine[]): Promise<ReadonlySet<string>> {
  if (lines.length === 0) return new Set();
  const [taken] = await tx.query<[{ id: string }[], number]>(
    `UPDATE licenses SET token = given.token
     FROM unnest($1::bytea[], $2::text[]) AS given (sha256, token)
     JOIN license_tokens AS known ON known.sha256 = given.sha256
     JOIN customers AS customer ON customer.deleted_at IS NULL
     WHERE licenses.id = known.license_id AND licenses.revision = known.revision AND licenses.token IS NULL
       AND customer.id = licenses.customer_id
     RETURNING licenses.id`,
    [lines.map(({ sha256 }) => sha256), lines.map(({ token }) => token)],
  );
  return new Set(taken.map(({ id }) => id));
}
