import type { EntityManager } from 'typeorm';
import { RecordNotReplayable } from '../restore.errors';
import type { ReplayedRecord } from './record-data';
import { keepSilent } from './replay-notices';
import { createSeats, replaceSeats } from './replay-seats';

const IMPORTED = { revoked: 'imported as revoked', suspended: 'imported as suspended' };

/**
 * Makes a license from the record that issued or imported it. Its token's text is not in the record: it is null until the
 * license is reissued, or the token imported.
 */
export async function createLicense(tx: EntityManager, record: ReplayedRecord): Promise<void> {
  const { data, at } = record;
  const status = record.type === 'license.imported' ? data.text('status') : 'active';
  const issuedAt = data.textOrNull('issued_at') ?? record.occurredAt ?? at;
  await tx.query(
    `INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at,
                           status, revoked_at, revoked_reason, suspended_at, suspended_reason, instance_fingerprint,
                           entitlements, grace_days, key_id, revision, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE $8 WHEN 'revoked' THEN $9::timestamptz END, $10,
             CASE $8 WHEN 'suspended' THEN $9::timestamptz END, $11, $12, $13, $14, $15, $16, $17, $17)`,
    [
      licenseOf(record),
      record.customerId,
      record.moduleName,
      data.text('license_type'),
      data.texts('allowed_major_versions'),
      issuedAt,
      data.textOrNull('expires_at'),
      status,
      at,
      status === 'revoked' ? IMPORTED.revoked : null,
      status === 'suspended' ? IMPORTED.suspended : null,
      data.textOrNull('instance_fingerprint'),
      JSON.stringify(data.entitlements()),
      data.numberOrNull('grace_days') ?? 0,
      data.text('key_id'),
      data.number('revision'),
      // As they are written when it is issued.
      record.type === 'license.issued' ? issuedAt : at,
    ],
  );
  await createSeats(tx, licenseOf(record), data.seats('seats'));
  await recordToken(tx, record);
}

/**
 * Gives a license the token of a record that renewed or reissued it, as its newest, without a text.
 * @returns whether there is such a license
 */
export async function replaceToken(tx: EntityManager, record: ReplayedRecord): Promise<boolean> {
  const { data, at } = record;
  const id = licenseOf(record);
  const changed = await changesLicense(
    tx,
    `license_type = $3, allowed_major_versions = $4, expires_at = $5, instance_fingerprint = $6, token = NULL,
     entitlements = $7, grace_days = $8, key_id = $9, revision = $10`,
    'true',
    [
      id,
      at,
      data.text('license_type'),
      data.texts('allowed_major_versions'),
      data.textOrNull('expires_at'),
      data.textOrNull('instance_fingerprint'),
      JSON.stringify(data.entitlements()),
      data.numberOrNull('grace_days') ?? 0,
      data.text('key_id'),
      data.number('revision'),
    ],
  );
  if (!changed) return false;
  if (record.type === 'license.renewed') await keepSilent(tx, record);
  await replaceSeats(tx, id, record);
  if (data.flag('superseded') === true)
    await tx.query(
      'UPDATE license_tokens SET superseded_at = $2 WHERE license_id = $1 AND superseded_at IS NULL',
      [id, at],
    );
  await recordToken(tx, record);
  return true;
}

/** @returns whether the license is there; one that is revoked stays as it is */
export async function changeState(tx: EntityManager, record: ReplayedRecord): Promise<boolean> {
  const { data, at, occurredAt } = record;
  const id = licenseOf(record);
  switch (record.type) {
    case 'license.revoked':
      await changesLicense(
        tx,
        `status = 'revoked', revoked_at = $3, revoked_reason = $4`,
        `status <> 'revoked'`,
        [id, at, occurredAt ?? at, data.textOrNull('reason') ?? IMPORTED.revoked],
      );
      break;
    case 'license.suspended':
      await changesLicense(
        tx,
        `status = 'suspended', suspended_at = $2, suspended_reason = $3`,
        `status = 'active'`,
        [id, at, data.textOrNull('reason')],
      );
      break;
    default:
      await changesLicense(
        tx,
        `status = 'active', suspended_at = NULL, suspended_reason = NULL`,
        `status = 'suspended'`,
        [id, at],
      );
      await keepSilent(tx, record);
  }
  const [row] = await tx.query<{ exists: boolean }[]>(
    'SELECT EXISTS (SELECT FROM licenses WHERE id = $1) AS exists',
    [id],
  );
  return row?.exists === true;
}

/** @param parameters of the change; the first is the license's id, the second the time of the change */
async function changesLicense(
  tx: EntityManager,
  change: string,
  condition: string,
  parameters: unknown[],
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE licenses SET ${change}, version = version + 1, updated_at = $2 WHERE id = $1 AND ${condition} RETURNING id`,
    parameters,
  );
  return rows.length > 0;
}

async function recordToken(tx: EntityManager, record: ReplayedRecord): Promise<void> {
  const { data, at } = record;
  await tx.query(
    `INSERT INTO license_tokens (sha256, license_id, key_id, revision, recorded_at, status_list, status_index)
     VALUES (decode($1, 'hex'), $2, $3, $4, $5, $6, $7)`,
    [
      data.text('token_sha256'),
      licenseOf(record),
      data.text('key_id'),
      data.number('revision'),
      at,
      data.numberOrNull('status_list'),
      data.numberOrNull('status_index'),
    ],
  );
}

function licenseOf({ licenseId }: ReplayedRecord): string {
  if (licenseId === null) throw new RecordNotReplayable('it does not name a license');
  return licenseId;
}
