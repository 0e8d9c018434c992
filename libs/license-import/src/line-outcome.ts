import type { SeatTerms } from '@aegis/activations';
import type { CreateCustomer } from '@aegis/customers';
import type { StoredStatus } from '@aegis/licensing';
import type { EntityManager } from 'typeorm';
import type { ImportFields } from './license-import-fields';
import type { ProvenToken } from './license-import-proof';
import { LineRefused } from './license-import-refusal';
import { seatsMissing } from './license-import-seats';

/** A line whose token is proven: what is left to check is on record. */
export type ProvenLine = Omit<ImportFields, 'token' | 'seats' | 'customer'> &
  ProvenToken & { customer: CreateCustomer; seats: SeatTerms | null };

/** The result of a line. */
export type LineOutcome = 'imported' | 'revoked' | 'completed' | 'unchanged' | LineRefused;

/** What the database knows of a line. */
export interface OnRecord {
  now: Date;
  key_compromised: boolean;
  license_status: StoredStatus | null;
  token_known: boolean;
}

/** Reads what the database knows of each line, in the same order. */
export function readOnRecord(tx: EntityManager, lines: readonly ProvenLine[]): Promise<OnRecord[]> {
  return tx.query(
    `SELECT date_trunc('milliseconds', clock_timestamp()) AS now, k.state = 'compromised' AS key_compromised,
            l.status AS license_status, t.sha256 IS NOT NULL AS token_known
     FROM unnest($1::uuid[], $2::bytea[], $3::text[]) WITH ORDINALITY AS asked (id, sha256, kid, position)
     LEFT JOIN signing_keys k ON k.kid = asked.kid
     LEFT JOIN licenses l ON l.id = asked.id
     LEFT JOIN license_tokens t ON t.sha256 = asked.sha256
     ORDER BY asked.position`,
    [
      lines.map(({ claims }) => claims.jti),
      lines.map(({ sha256 }) => sha256),
      lines.map(({ keyId }) => keyId),
    ],
  );
}

/** What is to be done with a line. */
export function outcomeOf(line: ProvenLine, onRecord: OnRecord | undefined): LineOutcome {
  if (!onRecord) throw new Error('the look-up must answer for each line');
  // A token that is on record is genuine, no matter what happened to its key since: it can still be revoked.
  if (onRecord.key_compromised && !onRecord.token_known)
    return new LineRefused('key_compromised', `The key ${line.keyId}, which signed, is compromised.`);
  if (line.revokedAt && line.revokedAt > onRecord.now)
    return new LineRefused('invalid_field', 'revoked_at is in the future.');
  if (onRecord.license_status === null)
    return line.claims.seats !== undefined && line.seats === null ? seatsMissing() : 'imported';
  if (!onRecord.token_known)
    return new LineRefused('conflict', 'The license is on record with another token, which is kept.');
  return line.status === 'revoked' && onRecord.license_status !== 'revoked' ? 'revoked' : 'unchanged';
}
