import type { EntityManager } from 'typeorm';
import { RecordNotReplayable } from '../restore.errors';
import type { ReplayedRecord } from './record-data';

/** Repeats what a record says of a signing key. Keys that are on record stay what they are otherwise. */
export async function changeSigningKey(tx: EntityManager, { type, at, data }: ReplayedRecord): Promise<void> {
  const kid = data.text('kid');
  switch (type) {
    case 'signing_key.published':
      return insertKey(tx, kid, data.textOrNull('public_key'), 'pending', at);
    case 'signing_key.adopted':
      return insertKey(tx, kid, data.textOrNull('public_key'), 'retired', at);
    case 'signing_key.activated':
      await insertKey(tx, kid, data.textOrNull('public_key'), 'pending', at);
      await tx.query(
        `UPDATE signing_keys SET state = 'retired', retired_at = $2 WHERE state = 'active' AND kid <> $1`,
        [kid, at],
      );
      await tx.query(
        `UPDATE signing_keys SET state = 'active', activated_at = $2, retired_at = NULL
         WHERE kid = $1 AND state <> 'compromised'`,
        [kid, at],
      );
      return;
    case 'signing_key.retired':
      await tx.query(
        `UPDATE signing_keys SET state = 'retired', retired_at = $2 WHERE kid = $1 AND state IN ('pending', 'active')`,
        [kid, at],
      );
      return;
    case 'signing_key.compromised':
      await tx.query(
        `UPDATE signing_keys SET state = 'compromised', compromised_at = coalesce(compromised_at, $2),
                                 compromised_after = $3
         WHERE kid = $1 AND (state <> 'compromised' OR $3::timestamptz IS NULL OR $3 < compromised_after)`,
        [kid, at, data.textOrNull('after')],
      );
      return;
    default:
      throw new RecordNotReplayable('its type is not known to this version');
  }
}

async function insertKey(
  tx: EntityManager,
  kid: string,
  publicKey: string | null,
  state: 'pending' | 'retired',
  at: string,
): Promise<void> {
  if (publicKey === null) return;
  await tx.query(
    `INSERT INTO signing_keys (kid, alg, public_key, state, created_at, retired_at)
     VALUES ($1, 'EdDSA', $2, $3, $4::timestamptz, CASE $3 WHEN 'retired' THEN $4::timestamptz END)
     ON CONFLICT (kid) DO NOTHING`,
    [kid, publicKey, state, at],
  );
}

/** Deletes an API key again: its secret must not count although the restored row says so. */
export async function repeatApiKeyDeletion(tx: EntityManager, { at, data }: ReplayedRecord): Promise<void> {
  await tx.query(
    `UPDATE api_keys SET is_active = false, deleted_at = $2, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL`,
    [data.text('id'), at],
  );
}
