import { type Actor, type AuditEntry, AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { CUSTOMER_ID_RULE, MODULE_NAME_RULE, UUID_RULE } from '@aegis/field-rules';
import { Injectable } from '@nestjs/common';
import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import type { EntityManager } from 'typeorm';
import { ImportedCounts, LineRefused } from '@aegis/license-import';
import type { V08Row } from './v08-source';
import { textColumn, timeColumn } from './v08-values';

/** A record of v0.8's trail, readable. */
export interface V08AuditRecord {
  /** SHA-256 over all that the row says: the same row is taken once, from wherever it comes. */
  sha256: Buffer;
  type: 'license.issued' | 'license.revoked';
  licenseId: string | undefined;
  customerId: string | undefined;
  moduleName: string | undefined;
  occurredAt: Date;
  ipAddress: string | null;
  userAgent: string | null;
  data: Readonly<Record<string, unknown>>;
}

const TYPES: ReadonlyMap<string, V08AuditRecord['type']> = new Map([
  ['issued', 'license.issued'],
  ['revoked', 'license.revoked'],
]);
const HASHED = [
  'id',
  'license_id',
  'event_type',
  'event_data',
  'customer_id',
  'module_name',
  'ip_address',
  'user_agent',
  'created_at',
];
/** What of `event_data` is not a personal value, by the form that it must have; all else is left behind. */
const KEPT: Readonly<Record<string, RegExp>> = {
  license_type: /^(perpetual|subscription|demo)$/i,
  key_id: /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/,
  allowed_major_versions: /^[0-9]{1,10}(, ?[0-9]{1,10}){0,49}$/,
  duration_days: /^[0-9]{1,5}$/,
  issued_at: /^\d{4}-\d{2}-\d{2}[T ][0-9:.]{8,15}(Z|[+-]\d{2}:?\d{2})?$/,
  expires_at: /^\d{4}-\d{2}-\d{2}[T ][0-9:.]{8,15}(Z|[+-]\d{2}:?\d{2})?$/,
};

/**
 * Reads a row of `audit_logs`.
 * @throws LineRefused
 */
export function readAuditRow(row: V08Row): V08AuditRecord {
  const type = TYPES.get(textColumn(row, 'event_type')?.toLowerCase() ?? '');
  if (!type) throw new LineRefused('unknown_event', 'event_type is neither issued nor revoked.');
  const sourceId = textColumn(row, 'id');
  if (sourceId === null || !/^[0-9]{1,18}$/.test(sourceId))
    throw new LineRefused('invalid_field', 'id must be a number.');
  const occurredAt = timeColumn(row, 'created_at');
  if (occurredAt === null) throw new LineRefused('invalid_field', 'created_at is missing.');
  const licenseId = textColumn(row, 'license_id')?.toLowerCase();
  if (licenseId !== undefined && !UUID_RULE.pattern.test(licenseId))
    throw new LineRefused('invalid_field', `license_id ${UUID_RULE.rule}.`);
  const address = textColumn(row, 'ip_address');
  return {
    sha256: hash('sha256', JSON.stringify(HASHED.map((column) => row.get(column) ?? null)), 'buffer'),
    type,
    licenseId,
    customerId: shortText(row, 'customer_id', CUSTOMER_ID_RULE.pattern),
    moduleName: shortText(row, 'module_name', MODULE_NAME_RULE.pattern),
    occurredAt,
    ipAddress: address !== null && isIP(address) !== 0 ? address : null,
    userAgent: textColumn(row, 'user_agent'),
    data: { imported_from: 'v0.8', source_id: Number(sourceId), ...keptOf(textColumn(row, 'event_data')) },
  };
}

function shortText(row: V08Row, column: string, form: RegExp): string | undefined {
  const text = textColumn(row, column);
  return text !== null && form.test(text) ? text : undefined;
}

function keptOf(eventData: string | null): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(eventData ?? 'null');
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const members = Object.entries(value).filter(([name, member]: [string, unknown]) => {
    if (!Object.hasOwn(KEPT, name)) return false;
    const text = Array.isArray(member) ? member.join(',') : member;
    return (typeof text === 'string' || typeof text === 'number') && KEPT[name]?.test(String(text)) === true;
  });
  return Object.fromEntries(members);
}

/** Takes over v0.8's trail: each record once, marked as imported, at the time it happened. */
@Injectable()
export class V08AuditRecords {
  constructor(
    private readonly audit: AuditLog,
    private readonly environment: Environment,
    private readonly counts: ImportedCounts,
  ) {}

  /**
   * @param tx no other import writes while it runs
   * @param actor who imports: who did it then is not known
   * @param now by the database's clock: addresses that are older than AUDIT_IP_RETENTION_DAYS are left behind
   * @returns how many were not on record
   */
  async take(
    tx: EntityManager,
    actor: Actor,
    records: readonly V08AuditRecord[],
    now: Date,
  ): Promise<number> {
    const taken: { sha256: Buffer }[] = await tx.query(
      `INSERT INTO taken_over_records (sha256) SELECT * FROM unnest($1::bytea[])
       ON CONFLICT DO NOTHING RETURNING sha256`,
      [records.map(({ sha256 }) => sha256)],
    );
    const isNew = new Set(taken.map(({ sha256 }) => sha256.toString('hex')));
    const entries = records
      // A row that occurs twice in the batch is one record.
      .filter(({ sha256 }) => isNew.delete(sha256.toString('hex')))
      .map((record) => this.entry(record, actor, now));
    if (entries.length > 0) await this.audit.append(tx, ...entries);
    await this.counts.add(tx, 'v0.8', { audit_records_imported: entries.length });
    return entries.length;
  }

  private entry(record: V08AuditRecord, actor: Actor, now: Date): AuditEntry {
    const oldest = new Date(now);
    oldest.setUTCDate(oldest.getUTCDate() - this.environment.AUDIT_IP_RETENTION_DAYS);
    return {
      type: record.type,
      actor: {
        ...actor,
        ipAddress: record.occurredAt > oldest ? record.ipAddress : null,
        userAgent: record.userAgent,
      },
      licenseId: record.licenseId,
      customerId: record.customerId,
      moduleName: record.moduleName,
      data: record.data,
      occurredAt: record.occurredAt,
    };
  }
}
